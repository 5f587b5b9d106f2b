import * as tf from '@tensorflow/tfjs';
import { type GateMonitorOptions, gateMonitor } from '../../../src/inspect/index.js';
import { useBackend } from '../../../tools/backends.js';
import { silentMonitor, smallModel, someInputs, someLabels, train } from './support/training.js';

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

  test('says so where it stands behind a plain object, of which tfjs takes the methods only', async () => {
    await expect(train(smallModel(), [{}, silentMonitor()])).rejects.toThrow(
      'gateMonitor: all callbacks must be instances of tf.CustomCallback where one of them is a monitor',
    );
  });

  test('serves one model', async () => {
    const monitor = silentMonitor();
    const model = smallModel();
    await train(model, [monitor]);
    await expect(train(smallModel(), [monitor])).rejects.toThrow(
      /^gateMonitor: a monitor serves one model, 'sequential_/,
    );
  });

  test('refuses a model without an LSTM, and inputs that do not fit, as training begins', async () => {
    const dense = tf.sequential({ layers: [tf.layers.dense({ units: 1, inputShape: [4, 3] })] });
    dense.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });
    await expect(train(dense, [silentMonitor()], { y: tf.zeros([12, 4, 1]) })).rejects.toThrow(
      'gateMonitor: model must have an LSTM',
    );
    await expect(train(smallModel(), [silentMonitor({ inputs: tf.zeros([5, 4, 2]) })])).rejects.toThrow(
      /^gateMonitor: input 'memory_input' must be /,
    );
  });

  const REFUSED: [string, unknown, string][] = [
    ['options that are none', 3, 'gateMonitor: options must be an object, got 3'],
    ['an interval of 0', { everyBatches: 0 }, 'everyBatches must be an integer of at least 1, got 0'],
    ['half an interval', { everyBatches: 1.5 }, 'everyBatches must be an integer of at least 1, got 1.5'],
    ['a history of one record', { maxRecords: 1 }, 'maxRecords must be an integer of at least 2, got 1'],
    ['a callback that is none', { onReport: 'x' }, "onReport must be a function, got 'x'"],
    ['a warning handler that is none', { onWarning: null }, 'onWarning must be a function, got null'],
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
