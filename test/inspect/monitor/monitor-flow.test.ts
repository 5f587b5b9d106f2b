import * as tf from '@tensorflow/tfjs';
import { flowStatistics, gradientFlowModel, type LayerFlow } from '../../../src/inspect/index.js';
import { monitoredFlow } from '../../../src/inspect/monitor/report.js';
import { NODE_BACKENDS, useBackend } from '../../../tools/backends.js';
import { EXPLICIT, KINDS } from '../../support/factories.js';
import { randomTensor } from '../../support/random.js';
import { silentMonitor, smallModel, train } from './support/training.js';

const TIMESTEPS = 8;
/** Two batches. */
const SAMPLES = 6;
/** A model whose forget gates all start with one bias; its weights hardly move in a training. */
function modelWithForgetBias(bias: number, make = EXPLICIT, args: object = {}): tf.LayersModel {
  const model = smallModel(make, { inputShape: [TIMESTEPS, 3], ...args }, tf.train.sgd(1e-6));
  const { cell } = model.getLayer('memory') as unknown as { cell: { bias: tf.LayerVariable; units: number } };
  cell.bias.write(tf.tensor1d([0, bias, 0, 0].flatMap((value) => Array(cell.units).fill(value))));
  return model;
}

const data = () => ({ x: randomTensor([SAMPLES, TIMESTEPS, 3], 4), y: randomTensor([SAMPLES, 1], 5) });
const watched = () => ({ inputs: randomTensor<tf.Rank.R3>([5, TIMESTEPS, 3], 6), labels: randomTensor([5, 1], 7) });

describe.each(NODE_BACKENDS)('On %s, a monitor with labels', (backend) => {
  beforeAll(() => useBackend(backend));
  beforeEach(() => tf.engine().startScope());
  afterEach(() => tf.engine().endScope());

  test.each(KINDS)(
    'follows the gradient back through a layer of %s, and sees the gates as well',
    async (_kind, make) => {
      const model = modelWithForgetBias(1, make);
      const { inputs, labels } = watched();
      const [monitor, gatesOnly] = [silentMonitor({ inputs, labels }), silentMonitor({ inputs })];
      await train(model, [monitor, gatesOnly], data());
      const [{ flow }] = gradientFlowModel(model, inputs, labels) as [LayerFlow];
      const seen = monitor.history.records.at(-1)?.layers[0];
      expect(seen?.flow).toEqual(monitoredFlow(await flowStatistics(flow)));
      const gates = gatesOnly.history.records.at(-1)?.layers[0]?.gates;
      expect(seen?.gates?.f.mean).toBeCloseTo(gates?.f.mean as number, 6);
      expect(seen?.gates?.c.max).toBeCloseTo(gates?.c.max as number, 6);
      expect(gatesOnly.history.records[0]?.layers[0]?.flow).toBeNull();
    },
  );

  test('warns of a gradient that still vanishes after some reports, and tells where', async () => {
    const monitor = silentMonitor(watched());
    await train(modelWithForgetBias(-4), [monitor], { ...data(), epochs: 3 });
    const warning = monitor.told.find(({ kind }) => kind === 'vanishing gradient');
    expect(warning).toMatchObject({ severity: 'warning', layerName: 'memory', gate: 'f', step: 3, reports: 3 });
    expect(warning?.message).toMatch(/^Gradient halves every [\d.]+ steps/);
    expect(warning?.timestep).toBeGreaterThan(2);
    expect(warning?.timestep).toBeLessThan(TIMESTEPS);
    const healthy = silentMonitor(watched());
    await train(modelWithForgetBias(2), [healthy], data());
    expect(healthy.told.filter(({ kind }) => kind.includes('gradient'))).toEqual([]);
  });
});

describe('A monitor with labels', () => {
  beforeAll(() => useBackend('cpu'));
  beforeEach(() => tf.engine().startScope());
  afterEach(() => tf.engine().endScope());

  test('warns of a gradient that explodes', async () => {
    const model = modelWithForgetBias(3, EXPLICIT, { activation: 'linear' });
    const { cell } = model.getLayer('memory') as unknown as { cell: { recurrentKernel: tf.LayerVariable } };
    // The candidate sees h many times as large.
    const [none, large] = [tf.zeros([2, 4]), tf.mul(tf.eye(2), 8)];
    cell.recurrentKernel.write(tf.concat([none, large, tf.zeros([2, 2])], 1));
    const monitor = silentMonitor({ ...watched(), thresholds: { explodingGradient: 10 } });
    await train(model, [monitor], data());
    const warning = monitor.told.find(({ kind }) => kind === 'exploding gradient');
    expect(warning).toMatchObject({ severity: 'warning', layerName: 'memory', gate: null, step: 0 });
    expect(warning?.evidence['log-slope per step']).toBeGreaterThan(0);
    expect(warning?.timestep).toBeGreaterThanOrEqual(0);
  });

  test('tells a gradient that is not finite once, with its timestep', async () => {
    const { inputs, labels } = watched();
    const broken = silentMonitor({ inputs, labels: tf.fill(labels.shape, Number.NaN) });
    await train(modelWithForgetBias(1), [broken], { ...data(), y: tf.fill([SAMPLES, 1], Number.NaN) });
    const warnings = broken.told.filter(({ kind }) => kind === 'non-finite gradient');
    expect(warnings).toEqual([expect.objectContaining({ timestep: TIMESTEPS - 1, step: 0, reports: 2 })]);
  });

  test('changes nothing in the training and leaves no tensor behind', async () => {
    const [plain, seen] = [modelWithForgetBias(1), modelWithForgetBias(1)];
    const [{ x, y }, samples] = [data(), watched()];
    const expected = await train(plain, undefined, { x, y });
    await train(seen, undefined, { x, y: tf.zeros([SAMPLES, 1]) });
    seen.setWeights(modelWithForgetBias(1).getWeights());
    const count = tf.memory().numTensors;
    const history = await train(seen, [silentMonitor(samples)], { x, y });
    expect(tf.memory().numTensors).toBe(count);
    expect(history.history).toEqual(expected.history);
  });

  test('keeps at most 64 timesteps of a long sequence, the first and the last among them', () => {
    const norms = (length: number) => Array.from({ length }, (_, t) => t);
    const flowOf = (length: number) =>
      monitoredFlow({ timesteps: length, dh: norms(length), dc: norms(length), verdict: 'healthy' } as never);
    expect(flowOf(64).timesteps).toEqual(norms(64));
    expect(flowOf(1).timesteps).toEqual([0]);
    const { timesteps, dh, dc } = flowOf(1000);
    expect(timesteps).toHaveLength(64);
    expect([timesteps[0], timesteps.at(-1)]).toEqual([0, 999]);
    expect(new Set(timesteps).size).toBe(64);
    expect([dh, dc]).toEqual([timesteps, timesteps]);
    const gaps = timesteps.slice(1).map((t, n) => t - (timesteps[n] as number));
    expect(Math.max(...gaps) - Math.min(...gaps)).toBeLessThanOrEqual(1);
  });
});
