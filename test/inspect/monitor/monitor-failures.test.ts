import * as tf from '@tensorflow/tfjs';
import { type GateMonitorOptions, gateMonitor } from '../../../src/inspect/index.js';
import { useBackend } from '../../../tools/backends.js';
import { warningsOf } from '../../support/warnings.js';
import { SAMPLES, silentMonitor, smallModel, someInputs, someLabels, train } from './support/training.js';

const HOOKED = ['minimize', 'applyGradients'] as const;
const ownHooks = (optimizer: tf.Optimizer) => HOOKED.filter((name) => Object.hasOwn(optimizer, name));

describe('A monitor', () => {
  beforeAll(() => useBackend('cpu'));
  beforeEach(() => tf.engine().startScope());
  afterEach(() => tf.engine().endScope());

  /** A loss that throws at its n-th call. */
  const failingLoss = (calls: number) => {
    let called = 0;
    return (truth: tf.Tensor, answer: tf.Tensor) => {
      called += 1;
      if (called === calls) throw new Error('no loss');
      return tf.losses.meanSquaredError(truth, answer);
    };
  };

  test.each([1, 3])('leaves the optimizer as it was when step %d throws, and can go on', async (calls) => {
    const model = smallModel();
    const optimizer = tf.train.adam(0.1);
    model.compile({ optimizer, loss: failingLoss(calls) as never });
    const monitor = silentMonitor({ inputs: someInputs() });
    await expect(train(model, [monitor])).rejects.toThrow('no loss');
    expect(ownHooks(optimizer)).toEqual([]);
    expect(monitor.history.records).toHaveLength(calls - 1);
    await train(model, [monitor]);
    expect(monitor.history.records).toHaveLength(calls - 1 + 4);
    expect(monitor.history.records.every(({ gradientNorm }) => gradientNorm !== null)).toBe(true);
  });

  test('leaves the optimizer as it was when the step itself throws', async () => {
    const optimizer = tf.train.sgd(0.1);
    const step = () => {
      throw new Error('no step');
    };
    Object.assign(optimizer, { applyGradients: step });
    const model = smallModel(undefined, {}, optimizer);
    await expect(train(model, [silentMonitor()])).rejects.toThrow('no step');
    expect(ownHooks(optimizer)).toEqual(['applyGradients']);
    expect(optimizer.applyGradients).toBe(step);
  });

  test('lets a step of the user pass after another callback has failed before the training step', async () => {
    const model = smallModel();
    const failing = new tf.CustomCallback({
      onBatchBegin: () => {
        throw new Error('no batch');
      },
    });
    const monitor = silentMonitor();
    await expect(train(model, [monitor, failing])).rejects.toThrow('no batch');
    expect(ownHooks(model.optimizer)).toEqual(['minimize']);
    const [weight] = [tf.variable(tf.scalar(3))];
    model.optimizer.minimize(() => tf.square(weight) as tf.Scalar, false, [weight]);
    expect(weight.dataSync()[0]).toBeCloseTo(3 - 0.1 * 6, 5);
    expect(ownHooks(model.optimizer)).toEqual([]);
    await train(model, [monitor]);
    expect(monitor.history.records).toHaveLength(4);
    const expected = silentMonitor();
    await train(smallModel(), [expected]);
    expect(monitor.history.records[0]?.gradientNorm).toBe(expected.history.records[0]?.gradientNorm);
  });

  test('leaves no tensor behind after a training that throws', async () => {
    const model = smallModel();
    const [x, y, inputs] = [someInputs(), someLabels(), someInputs()];
    const onReport = () => {
      throw new Error('no report');
    };
    // tfjs leaves some of its own, the loss among them.
    const throwing = Object.assign(new tf.CustomCallback({}), { onBatchEnd: async () => onReport() });
    const counted = async (callbacks: unknown) => {
      const before = tf.memory().numTensors;
      await expect(train(model, callbacks, { x, y })).rejects.toThrow('no report');
      return tf.memory().numTensors - before;
    };
    const own = await counted([throwing]);
    expect(await counted([silentMonitor({ inputs, onReport })])).toBe(own);
  });

  /** Trains with a monitor that cannot do its work, and without any; returns what the monitor told. */
  async function standsAside(make: () => tf.LayersModel, options: GateMonitorOptions, y: tf.Tensor = someLabels()) {
    const [plain, watched] = [make(), make()];
    const expected = await train(plain, undefined, { y, epochs: 2 });
    const monitor = silentMonitor(options);
    const history = await train(watched, [monitor], { y, epochs: 2 });
    expect(history.history).toEqual(expected.history);
    expect(ownHooks(watched.optimizer)).toEqual([]);
    expect(monitor.history.warnings).toEqual(monitor.told);
    return monitor.told;
  }

  const failed = (message: RegExp) => [
    expect.objectContaining({
      kind: 'monitor failed',
      severity: 'warning',
      layerName: null,
      epoch: 0,
      step: 0,
      reports: 1,
      message: expect.stringMatching(message),
    }),
  ];

  test('stands aside, and says so once, for inputs that do not fit the model', async () => {
    const told = await standsAside(smallModel, { inputs: tf.zeros([5, 4, 2]) });
    expect(told).toEqual(failed(/^The monitor has stopped, .*gateMonitor: input 'memory_input' must be /));
  });

  test('stands aside for labels that do not fit the model', async () => {
    const told = await standsAside(smallModel, { inputs: someInputs(), labels: tf.zeros([SAMPLES, 7]) });
    expect(told).toEqual(failed(/gateMonitor: label/));
  });

  test('stands aside for a model without an LSTM', async () => {
    const dense = () => {
      const layer = tf.layers.dense({ units: 1, inputShape: [4, 3], kernelInitializer: 'ones' });
      const model = tf.sequential({ layers: [layer] });
      model.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });
      return model;
    };
    const told = await standsAside(dense, {}, tf.zeros([SAMPLES, 4, 1]));
    expect(told).toEqual(failed(/gateMonitor: model must have an LSTM/));
  });

  test('stands aside for another model than before', async () => {
    const monitor = silentMonitor();
    await train(smallModel(), [monitor]);
    const { records } = monitor.history;
    const history = await train(smallModel(), [monitor]);
    expect(history.history.loss).toHaveLength(1);
    expect(monitor.told).toEqual([expect.objectContaining({ kind: 'monitor failed' })]);
    expect(monitor.told[0]?.message).toMatch(/gateMonitor: a monitor watches one model, 'sequential_/);
    expect(monitor.history.records).toEqual(records);
  });

  test('stands aside where its inputs are disposed in the course of the training', async () => {
    const inputs = someInputs();
    const monitor = silentMonitor({ inputs, onReport: ({ step }) => (step === 1 ? inputs.dispose() : null) });
    await train(smallModel(), [monitor]);
    expect(monitor.told.map(({ kind, step }) => [kind, step])).toEqual([['monitor failed', 2]]);
    expect(monitor.history.records).toHaveLength(2);
  });

  test('says so where it stands behind a plain object, of which tfjs takes the methods only', async () => {
    const monitor = silentMonitor();
    await train(smallModel(), [{}, monitor]);
    expect(monitor.told).toHaveLength(1);
    expect(monitor.told[0]?.message).toContain(
      'gateMonitor: all callbacks must be instances of tf.CustomCallback if one of them is a monitor',
    );
  });

  test('takes each of its options without a word, and null for one that is not given', async () => {
    const options: Record<keyof GateMonitorOptions, unknown> = {
      everyBatches: 2,
      inputs: someInputs(),
      labels: someLabels(),
      maxRecords: 3,
      thresholds: { spike: 5 },
      onReport: () => {},
      onWarning: () => {},
    };
    const nothing = Object.fromEntries(Object.keys(options).map((name) => [name, null]));
    const warnings = await warningsOf(() => {
      for (const given of [options, nothing]) gateMonitor(given as GateMonitorOptions);
    });
    expect(warnings).toEqual([]);
  });

  const REFUSED: [string, unknown, string][] = [
    ['options that are none', 3, 'gateMonitor: options must be an object, got 3'],
    ['an interval of 0', { everyBatches: 0 }, 'everyBatches must be an integer of at least 1, got 0'],
    ['an interval in words', { everyBatches: '10' }, "everyBatches must be an integer of at least 1, got '10'"],
    ['half an interval', { everyBatches: 1.5 }, 'everyBatches must be an integer of at least 1, got 1.5'],
    ['a history of one record', { maxRecords: 1 }, 'maxRecords must be an integer of at least 2, got 1'],
    ['a callback that is none', { onReport: 'x' }, "onReport must be a function, got 'x'"],
    ['a warning handler that is none', { onWarning: 'x' }, "onWarning must be a function, got 'x'"],
    ['labels without inputs', { labels: tf.scalar(1) }, 'labels must come with inputs, got null'],
    ['labels that are no tensors', { inputs: tf.scalar(1), labels: [1] }, 'labels[0] must be a tensor, got 1'],
    ['unknown thresholds', { thresholds: { spikes: 1 } }, 'gateMonitor: thresholds must be among low, high, '],
    ['thresholds below 0', { thresholds: { spike: -1 } }, 'thresholds.spike must be a number of at least 0, got -1'],
    [
      'thresholds out of order',
      { thresholds: { low: 1 } },
      'gateMonitor: thresholds.low must be below high = 0.9, got 1',
    ],
    ["Python's spelling", { every_batches: 1 }, "the option must be spelt 'everyBatches', got 'every_batches'"],
  ];
  test.each(REFUSED)('refuses %s', (_title, options, message) => {
    const make = () => gateMonitor(options as GateMonitorOptions);
    expect(make).toThrow(RangeError);
    expect(make).toThrow(message);
  });
});
