import * as tf from '@tensorflow/tfjs';
import { useBackend } from '../../../tools/backends.js';
import { SAMPLES, silentMonitor, smallModel, someInputs, someLabels, train } from './support/training.js';

describe('A monitor', () => {
  beforeAll(() => useBackend('cpu'));
  beforeEach(() => tf.engine().startScope());
  afterEach(() => tf.engine().endScope());

  test('reports at its interval, goes on in a second training, and gives each report to the caller', async () => {
    const reports: number[] = [];
    const monitor = silentMonitor({ everyBatches: 3, onReport: ({ step }) => reports.push(step) });
    const model = smallModel();
    await train(model, [monitor]);
    await train(model, [monitor]);
    expect(reports).toEqual([0, 3, 6]);
    expect(monitor.history.records.map(({ step }) => step)).toEqual(reports);
    expect(monitor.history.everyBatches).toBe(3);
  });

  test('reports every tenth batch unless told otherwise', async () => {
    const monitor = silentMonitor({ everyBatches: undefined as never });
    await train(smallModel(), [monitor], { epochs: 4 });
    expect(monitor.history.records.map(({ step }) => step)).toEqual([0, 10]);
  });

  test('waits for what the caller does with a report', async () => {
    let waited = 0;
    const onReport = async () => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      waited += 1;
    };
    const model = smallModel();
    const seen: number[] = [];
    await train(model, [
      silentMonitor({ onReport }),
      new tf.CustomCallback({ onBatchEnd: () => void seen.push(waited) }),
    ]);
    expect(seen).toEqual([1, 2, 3, 4]);
  });

  test('keeps the loss of each batch, and how long it took to look', async () => {
    const losses: number[] = [];
    const model = smallModel();
    const monitor = silentMonitor();
    const onBatchEnd = (_batch: number, logs?: tf.Logs) => void losses.push(logs?.loss as number);
    await train(model, [monitor, new tf.CustomCallback({ onBatchEnd })]);
    expect(monitor.history.records.map(({ loss }) => loss)).toEqual(losses);
    await train(model, [new tf.CustomCallback({ onBatchEnd }), monitor]);
    expect(monitor.history.records.map(({ loss }) => loss)).toEqual(losses);
    expect(monitor.history.records.every(({ milliseconds }) => milliseconds > 0)).toBe(true);
  });

  test('has a history that survives JSON', async () => {
    const monitor = silentMonitor({ inputs: someInputs() });
    const y = tf.fill([SAMPLES, 1], Number.NaN);
    await train(smallModel(), [monitor], { y });
    expect(monitor.history.warnings.length).toBeGreaterThan(0);
    expect(JSON.parse(JSON.stringify(monitor.history))).toEqual(monitor.history);
    const [record] = monitor.history.records;
    expect([record?.loss, record?.gradientNorm, record?.layers[0]?.gradientNorms?.kernel.i]).toEqual([
      null,
      null,
      null,
    ]);
  });

  test('leaves no tensor behind', async () => {
    const model = smallModel();
    const [x, y, inputs] = [someInputs(), someLabels(), someInputs()];
    await train(model, undefined, { x, y });
    const count = tf.memory().numTensors;
    await train(model, [silentMonitor({ inputs })], { x, y });
    expect(tf.memory().numTensors).toBe(count);
  });
});
