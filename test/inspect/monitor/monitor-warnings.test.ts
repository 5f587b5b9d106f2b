import * as tf from '@tensorflow/tfjs';
import { GATE_NAMES } from '../../../src/index.js';
import { describeFindings, type MonitorWarning } from '../../../src/inspect/index.js';
import { NODE_BACKENDS, useBackend } from '../../../tools/backends.js';
import { EXPLICIT } from '../../support/factories.js';
import { randomTensor } from '../../support/random.js';
import { warningsOf } from '../../support/warnings.js';
import {
  BATCH,
  FEATURES,
  SAMPLES,
  silentMonitor,
  smallModel,
  someInputs,
  someLabels,
  TIMESTEPS,
  train,
  UNITS,
} from './support/training.js';

const kinds = (warnings: MonitorWarning[]) => warnings.map(({ kind, gate }) => `${kind}: ${gate}`);

function writeBias(model: tf.LayersModel, gate: (typeof GATE_NAMES)[number], value: number): void {
  const { cell } = model.getLayer('memory') as unknown as { cell: { bias: tf.LayerVariable } };
  cell.bias.write(tf.tensor1d(GATE_NAMES.flatMap((name) => Array(UNITS).fill(name === gate ? value : 0))));
}

/** Data in which the batch of the given index is multiplied by a factor. */
function withBatchTimes(data: tf.Tensor, batch: number, factor: number): tf.Tensor {
  return tf.tidy(() => {
    const factors = Array.from({ length: SAMPLES }, (_, n) => (Math.floor(n / BATCH) === batch ? factor : 1));
    return tf.mul(data, tf.reshape(tf.tensor1d(factors), [SAMPLES, ...data.shape.slice(1).map(() => 1)]));
  });
}

describe.each(NODE_BACKENDS)('On %s, a monitor', (backend) => {
  beforeAll(() => useBackend(backend));
  beforeEach(() => tf.engine().startScope());
  afterEach(() => tf.engine().endScope());

  test('tells the batch, the layer and the timestep at which NaN appears', async () => {
    const values = someInputs().arraySync() as number[][][];
    values[2 * BATCH]![1]![0] = Number.NaN;
    const monitor = silentMonitor({ everyBatches: 1, inputs: someInputs() });
    await train(smallModel(), [monitor], { x: tf.tensor3d(values) });
    expect(kinds(monitor.told.slice(0, 2))).toEqual(['non-finite loss: null', 'non-finite gradient: null']);
    for (const warning of monitor.told) {
      expect(warning).toMatchObject({ severity: 'error', epoch: 0, batch: 2, step: 2 });
    }
    expect(monitor.told[1]).toMatchObject({ layerName: 'memory', lastStep: 3, reports: 2 });
    // The step has spoilt the weights of every gate.
    expect(kinds(monitor.told.slice(2))).toEqual(GATE_NAMES.map((gate) => `non-finite weight: ${gate}`));
  });
});

describe('A monitor', () => {
  beforeAll(() => useBackend('cpu'));
  beforeEach(() => tf.engine().startScope());
  afterEach(() => tf.engine().endScope());

  test('warns of a gate that is dead, once, with how long it was', async () => {
    const model = smallModel(EXPLICIT, {}, tf.train.sgd(1e-4));
    writeBias(model, 'o', -12);
    const monitor = silentMonitor({ inputs: someInputs() });
    await train(model, [monitor]);
    const warning = monitor.told.find(({ kind }) => kind === 'gate closed');
    expect(warning).toMatchObject({ gate: 'o', layerName: 'memory', units: [0, 1], step: 0, lastStep: 3, reports: 4 });
    expect(warning?.timestep).toBeNull();
    expect(monitor.history.warnings).toEqual(monitor.told);
    expect(describeFindings(monitor.history.warnings)).toContain('memory, gate closed');
  });

  test('warns when a gate dies in the course of the training', async () => {
    const model = smallModel();
    const monitor = silentMonitor({
      inputs: someInputs(),
      onReport: ({ step }) => {
        if (step === 1) writeBias(model, 'f', -12);
      },
    });
    await train(model, [monitor]);
    expect(monitor.told.find(({ kind, gate }) => kind === 'gate closed' && gate === 'f')).toMatchObject({
      step: 2,
      batch: 2,
    });
  });

  test('tells at which timestep values are not finite', async () => {
    const inputs = someInputs().arraySync() as number[][][];
    inputs[4]![2]![1] = Number.NaN;
    const monitor = silentMonitor({ inputs: tf.tensor3d(inputs) });
    await train(smallModel(), [monitor]);
    expect(monitor.told).toEqual([
      expect.objectContaining({ kind: 'non-finite value', gate: 'i', timestep: 2, step: 0, reports: 4 }),
    ]);
  });

  test('finds the batch of a NaN loss between reports, also after the last of them', async () => {
    const y = withBatchTimes(someLabels(), 2, Number.POSITIVE_INFINITY);
    const monitor = silentMonitor({ everyBatches: 100 });
    await train(smallModel(), [monitor], { y });
    expect(kinds(monitor.told)).toEqual(['non-finite loss: null']);
    expect(monitor.told[0]).toMatchObject({ epoch: 0, batch: 2, step: 2, layerName: null });
    const next = silentMonitor({ everyBatches: 3 });
    const told: number[] = [];
    const model = smallModel();
    await train(model, [next, new tf.CustomCallback({ onBatchEnd: () => void told.push(next.told.length) })], { y });
    expect(next.told[0]).toMatchObject({ kind: 'non-finite loss', batch: 2 });
    expect(told.slice(0, 3)).toEqual([0, 0, 0]);
    expect(told[3]).toBeGreaterThan(0);
  });

  test('warns of a gradient that is far larger than before, not of the first ones', async () => {
    const y = withBatchTimes(someLabels(), 3, 1e4);
    const monitor = silentMonitor();
    await train(smallModel(EXPLICIT, {}, tf.train.sgd(1e-6)), [monitor], { y });
    expect(kinds(monitor.told)).toEqual(['gradient spike: null']);
    expect(monitor.told[0]).toMatchObject({ step: 3, severity: 'warning', layerName: 'memory' });
    const { evidence } = monitor.told[0] as MonitorWarning;
    expect(evidence['gradient norm']).toBeGreaterThan(100 * (evidence['median before'] as number));
    const tolerant = silentMonitor({ thresholds: { spike: 1e9 } });
    await train(smallModel(EXPLICIT, {}, tf.train.sgd(1e-6)), [tolerant], { y });
    expect(tolerant.told).toEqual([]);
    const early = silentMonitor();
    await train(smallModel(EXPLICIT, {}, tf.train.sgd(1e-6)), [early], { y: withBatchTimes(someLabels(), 2, 1e4) });
    expect(early.told).toEqual([]);
  });

  test('compares a gradient with the last twenty, not with all before', async () => {
    const batches = { large: 20, small: 12 };
    const sizes = [...Array(batches.large).fill(1e4), ...Array(batches.small).fill(1), 1e4];
    const labels = sizes.flatMap((size) => Array(BATCH).fill(size));
    const monitor = silentMonitor();
    await train(smallModel(EXPLICIT, {}, tf.train.sgd(1e-12)), [monitor], {
      x: randomTensor([labels.length, TIMESTEPS, FEATURES], 4),
      y: tf.tensor2d(labels, [labels.length, 1]),
    });
    expect(monitor.told.map(({ kind, step }) => [kind, step])).toEqual([
      ['gradient spike', batches.large + batches.small],
    ]);
  });

  test('warns of a layer that no gradient reaches', async () => {
    const model = smallModel();
    const [kernel] = (model.layers[1] as tf.layers.Layer).weights as [tf.LayerVariable];
    kernel.write(tf.zeros([UNITS, 1]));
    model.compile({ optimizer: tf.train.sgd(0), loss: 'meanSquaredError' });
    const monitor = silentMonitor();
    await train(model, [monitor]);
    expect(kinds(monitor.told)).toEqual(['no weight gradient: null']);
    expect(monitor.told[0]?.message).toBe('Hardly any gradient reaches the weights of all gates: they do not learn.');
  });

  test('names the gate where it is only one that no gradient reaches', async () => {
    const model = smallModel(EXPLICIT, { recurrentActivation: 'hardSigmoid' }, tf.train.sgd(0.1));
    writeBias(model, 'o', 30);
    const monitor = silentMonitor();
    await train(model, [monitor]);
    expect(kinds(monitor.told)).toEqual(['no weight gradient: o']);
  });

  test('does not warn of what befalls few units', async () => {
    const model = smallModel(EXPLICIT, { units: 8 }, tf.train.sgd(1e-4));
    const { cell } = model.getLayer('memory') as unknown as { cell: { bias: tf.LayerVariable } };
    cell.bias.write(tf.tensor1d(Array.from({ length: 32 }, (_, n) => (n === 24 ? -15 : n >= 8 && n < 16 ? 2 : 0))));
    const monitor = silentMonitor({ inputs: someInputs() });
    await train(model, [monitor]);
    expect(monitor.told).toEqual([]);
    const strict = silentMonitor({ inputs: someInputs(), thresholds: { manyUnits: 0.1 } });
    await train(model, [strict]);
    expect(kinds(strict.told)).toContain('gate closed: o');
  });

  test('writes warnings to the console unless the caller takes them', async () => {
    const y = tf.fill([SAMPLES, 1], Number.NaN);
    const written = await warningsOf(() =>
      train(smallModel(), [silentMonitor({ onWarning: undefined as never })], { y }),
    );
    expect(written[0]).toMatch(
      /^gateMonitor, epoch 0, batch 0: non-finite loss\. The loss is NaN or Infinity .* Try: /,
    );
    expect(written[1]).toMatch(/^gateMonitor, epoch 0, batch 0: memory, non-finite gradient\. /);
    const taken = await warningsOf(() => train(smallModel(), [silentMonitor()], { y }));
    expect(taken).toEqual([]);
  });

  test('hands the new warnings over with the report', async () => {
    const counts: number[] = [];
    const monitor = silentMonitor({ onReport: (_record, fresh) => counts.push(fresh.length) });
    await train(smallModel(), [monitor], { y: withBatchTimes(someLabels(), 1, Number.NaN) });
    expect(counts).toEqual([0, 2, 0, 0]);
  });
});
