import * as tf from '@tensorflow/tfjs';
import { KERAS_DEFAULTS, lstm, lstmCell } from '../../src/index.js';
import { NODE_BACKENDS, useBackend } from '../../tools/backends.js';
import { expectClose } from '../support/close.js';
import { BUILT_IN, EXPLICIT } from '../support/factories.js';
import { firstLoss } from '../support/models.js';
import { randomizeWeights, randomTensor } from '../support/random.js';
import { twins } from '../support/twins.js';

const UNITS = 4;
const FEATURES = 3;

function input(batch = 2, timesteps = 5): tf.Tensor {
  return randomTensor([batch, timesteps, FEATURES], 7);
}

describe.each(NODE_BACKENDS)('On %s, where tf.layers.lstm differs from Keras, the explicit LSTM', (backend) => {
  beforeAll(() => useBackend(backend));
  beforeEach(() => tf.engine().startScope());
  afterEach(() => tf.engine().endScope());

  test("starts with tfjs's defaults, and with Keras's where KERAS_DEFAULTS are spread", () => {
    const config = lstm({ units: UNITS }).getConfig();
    expect(config).toMatchObject({ recurrentActivation: 'hardSigmoid', unitForgetBias: undefined });
    expect(config.kernelInitializer).toMatchObject({ config: { distribution: 'normal', mode: 'fanAvg' } });
    const keras = lstm({ ...KERAS_DEFAULTS, units: UNITS }).getConfig();
    expect(keras).toMatchObject({ recurrentActivation: 'sigmoid', unitForgetBias: true });
    expect(keras.kernelInitializer).toMatchObject({ config: { distribution: 'uniform', mode: 'fanAvg' } });
  });

  test('initializes the forget bias to 0 by default, and to 1 with unitForgetBias', () => {
    const biasOf = (args: object) => {
      const layer = lstm({ units: 2, ...args });
      layer.build([null, 5, FEATURES]);
      return [...(layer.getWeights()[2] as tf.Tensor).dataSync()];
    };
    expect(biasOf({})).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
    expect(biasOf(KERAS_DEFAULTS)).toEqual([0, 0, 1, 1, 0, 0, 0, 0]);
    const biasInitializer = tf.initializers.constant({ value: 3 });
    expect(biasOf({ unitForgetBias: true, biasInitializer })).toEqual([3, 3, 1, 1, 3, 3, 3, 3]);
  });

  test("has Keras 3's hard sigmoid beside Keras 2's", () => {
    const x = tf.tensor2d([[-4, -3, -2.75, -1, 0, 1, 2.75, 3, 4]]);
    const hardSigmoid = (name: string) => {
      const activation = name as 'hardSigmoid';
      return lstmCell({ units: 1, recurrentActivation: activation }).recurrentActivation.apply(x);
    };
    expectClose(hardSigmoid('hardSigmoid'), [0, 0, 0, 0.3, 0.5, 0.7, 1, 1, 1]);
    expectClose(hardSigmoid('hardSigmoidKeras3'), [0, 0, 0.25 / 6, 2 / 6, 0.5, 4 / 6, 5.75 / 6, 1, 1]);
  });

  test('adds the regularizers of its weights to the loss', async () => {
    const regularized = {
      kernelRegularizer: tf.regularizers.l2({ l2: 0.5 }),
      recurrentRegularizer: tf.regularizers.l1({ l1: 0.25 }),
      biasRegularizer: tf.regularizers.l2({ l2: 2 }),
    };
    const [x, y] = [input(), randomTensor([2, UNITS], 8)];
    const plain = await firstLoss(BUILT_IN.lstm({ units: UNITS }), x, y);
    expect(await firstLoss(BUILT_IN.lstm({ units: UNITS, ...regularized }), x, y)).toBeCloseTo(plain, 5);

    const layer = lstm({ units: UNITS, ...regularized });
    const loss = await firstLoss(layer, x, y);
    const [kernel, recurrentKernel, bias] = layer.getWeights() as [tf.Tensor, tf.Tensor, tf.Tensor];
    const penalty = tf.addN([
      tf.mul(0.5, tf.sum(tf.square(kernel))),
      tf.mul(0.25, tf.sum(tf.abs(recurrentKernel))),
      tf.mul(2, tf.sum(tf.square(bias))),
    ]);
    expect(loss).toBeCloseTo(plain + (penalty.dataSync()[0] as number), 4);
  });

  test('adds the activity regularizer of its outputs to the loss, divided by the batch size', async () => {
    const activityRegularizer = tf.regularizers.l1l2({ l1: 0.5, l2: 0.25 });
    const [x, y] = [input(), randomTensor([2, 5, UNITS], 8)];
    const plain = await firstLoss(BUILT_IN.lstm({ units: UNITS, returnSequences: true }), x, y);
    const layer = lstm({ units: UNITS, returnSequences: true, activityRegularizer });
    const loss = await firstLoss(layer, x, y);
    const h = layer.apply(x) as tf.Tensor;
    const penalty = tf.add(tf.mul(0.5, tf.sum(tf.abs(h))), tf.mul(0.25, tf.sum(tf.square(h))));
    expect(loss).toBeCloseTo(plain + (penalty.dataSync()[0] as number) / 2, 4);
    expect(layer.activityRegularizer).toBeNull();
  });

  test('stays finite where masked steps hold NaN, and so do its gradients', () => {
    const { builtIn, explicit } = twins({ units: UNITS, returnSequences: true }, FEATURES);
    const mask = tf.tensor2d([
      [1, 1, 0, 1, 0],
      [0, 1, 1, 0, 1],
    ]);
    const clean = input();
    const poisoned = tf.where(tf.expandDims(tf.cast(mask, 'bool'), 2), clean, tf.fill(clean.shape, Number.NaN));
    expect((builtIn.apply(poisoned, { mask }) as tf.Tensor).dataSync().some(Number.isNaN)).toBe(true);
    expectClose(explicit.apply(poisoned, { mask }) as tf.Tensor, explicit.apply(clean, { mask }) as tf.Tensor, 0);

    const gradients = (x: tf.Tensor) => {
      const loss = () => tf.sum(tf.square(explicit.apply(x, { mask }) as tf.Tensor)) as tf.Scalar;
      return [tf.grad(() => loss())(x), ...Object.values(tf.variableGrads(loss).grads)];
    };
    const [dx, ...weightGradients] = gradients(poisoned) as [tf.Tensor, ...tf.Tensor[]];
    const [cleanDx, ...cleanWeightGradients] = gradients(clean) as [tf.Tensor, ...tf.Tensor[]];
    expectClose(dx, cleanDx, 0);
    for (const [n, gradient] of weightGradients.entries())
      expectClose(gradient, cleanWeightGradients[n] as tf.Tensor, 0);
  });

  test('has weights to train after trainable goes from false to true', () => {
    const counts = [BUILT_IN, EXPLICIT].map((make) => {
      const layer = make.lstm({ units: UNITS, trainable: false });
      layer.apply(input());
      const frozen = layer.trainableWeights.length;
      layer.trainable = true;
      const trained = layer.trainableWeights.length;
      layer.trainable = false;
      return [frozen, trained, layer.trainableWeights.length];
    });
    expect(counts).toEqual([
      [0, 0, 0],
      [0, 3, 0],
    ]);
  });

  test('refuses an initial state of another shape, once built too', () => {
    const { builtIn, explicit } = twins({ units: UNITS }, FEATURES);
    const initialState = [randomTensor([1, UNITS], 8), randomTensor([1, UNITS], 9)];
    expect(() => builtIn.apply(input(), { initialState })).not.toThrow();
    expect(() => explicit.apply(input(), { initialState })).toThrow(
      /^LSTM\.apply: initialState\[0\] \(h\) must be \[B, U\] = \[2, 4\], got \[1, 4\]/,
    );
  });

  test('refuses a concrete initial state for a symbolic input, instead of dropping it', () => {
    const initialState = [randomTensor([2, UNITS], 8), randomTensor([2, UNITS], 9)];
    const symbolic = tf.input({ batchShape: [2, 5, FEATURES] });
    expect(() => BUILT_IN.lstm({ units: UNITS }).apply(symbolic, { initialState })).not.toThrow();
    expect(() => lstm({ units: UNITS }).apply(symbolic, { initialState })).toThrow(
      /^LSTM\.apply: initialState\[0\] must be symbolic, like x.*got a Tensor of shape \[2, 4\]/,
    );
  });

  test('refuses a mask that the built-in would broadcast', () => {
    const { builtIn, explicit } = twins({ units: UNITS }, FEATURES);
    const mask = tf.ones([1, 5]);
    expect(() => builtIn.apply(input(), { mask })).not.toThrow();
    expect(() => explicit.apply(input(), { mask })).toThrow(
      /^LSTM\.apply: mask must be \[B, T\] = \[2, 5\], got \[1, 5\]/,
    );
  });

  test('refuses zero timesteps in clear words', () => {
    const { explicit } = twins({ units: UNITS }, FEATURES);
    expect(() => explicit.apply(tf.zeros([2, 0, FEATURES]))).toThrow(
      /^LSTM\.apply: x must be \[B, T, D\] with T at least 1, got \[2, 0, 3\]/,
    );
  });

  test('is trained in a stack on sequences of one timestep, where no gradient gets through the built-in', async () => {
    const train = (make: typeof EXPLICIT) => {
      const lower = make.lstm({ units: 3, returnSequences: true, inputShape: [1, FEATURES] });
      const model = tf.sequential({ layers: [lower, make.lstm({ units: UNITS })] });
      model.compile({ loss: 'meanSquaredError', optimizer: 'sgd' });
      return model.trainOnBatch(input(2, 1), randomTensor([2, UNITS], 8));
    };
    await expect(train(BUILT_IN)).rejects.toThrow();
    expect(await train(EXPLICIT)).toBeGreaterThan(0);
  });

  test('returns empty outputs for an empty batch, and zero gradients for its weights', () => {
    const layer = lstm({ units: UNITS, returnSequences: true, returnState: true });
    const outputs = layer.apply(tf.zeros([0, 5, FEATURES]), { mask: tf.ones([0, 5]) }) as tf.Tensor[];
    expect(outputs.map(({ shape }) => shape)).toEqual([
      [0, 5, UNITS],
      [0, UNITS],
      [0, UNITS],
    ]);
    const { grads } = tf.variableGrads(() => {
      const [sequence] = layer.apply(tf.zeros([0, 5, FEATURES])) as [tf.Tensor];
      return tf.sum(sequence) as tf.Scalar;
    });
    for (const gradient of Object.values(grads)) expectClose(gradient, tf.zeros(gradient.shape), 0);
    expect(Object.keys(grads)).toHaveLength(3);
  });

  test('starts from two states, not from one tensor twice, where there is one unit', () => {
    const [builtInH, builtInC] = tf.layers.lstm({ units: 1 }).getInitialState(input()) as [tf.Tensor, tf.Tensor];
    const [h, c] = lstm({ units: 1 }).getInitialState(input()) as [tf.Tensor, tf.Tensor];
    expect(builtInH).toBe(builtInC);
    expect(h).not.toBe(c);
    expectClose(h, tf.zeros([2, 1]), 0);
    expectClose(c, tf.zeros([2, 1]), 0);
  });

  test('outputs 0 at masked steps with zeroOutputForMask, and keeps its states', () => {
    const { explicit } = twins({ units: UNITS, returnSequences: true, returnState: true }, FEATURES);
    const zeroing = lstm({ units: UNITS, returnSequences: true, returnState: true, zeroOutputForMask: true });
    zeroing.apply(input());
    zeroing.setWeights(explicit.getWeights());
    const mask = tf.tensor2d([
      [1, 0, 1, 0, 0],
      [0, 1, 1, 1, 1],
    ]);
    const [carried, ...states] = explicit.apply(input(), { mask }) as [tf.Tensor, tf.Tensor, tf.Tensor];
    const [zeroed, ...zeroedStates] = zeroing.apply(input(), { mask }) as [tf.Tensor, tf.Tensor, tf.Tensor];
    expectClose(zeroed, tf.mul(carried, tf.expandDims(mask, 2)), 0);
    for (const [n, state] of zeroedStates.entries()) expectClose(state, states[n] as tf.Tensor, 0);
  });

  test('takes unroll and implementation without a word, as they change nothing', () => {
    const { explicit } = twins({ units: UNITS }, FEATURES);
    const warn = jest.spyOn(console, 'warn').mockImplementation();
    const other = lstm({ units: UNITS, unroll: true, implementation: 1 });
    other.apply(input());
    randomizeWeights(other, 1);
    expectClose(other.apply(input()) as tf.Tensor, explicit.apply(input()) as tf.Tensor, 0);
    expect(warn).not.toHaveBeenCalled();
    warn.mockRestore();
  });

  test('refuses constants, for which an LSTM has no use', () => {
    expect(() => lstm({ units: UNITS }).apply(input(), { constants: [tf.ones([2, 1])] })).toThrow(
      /^LSTM\.apply: constants must not be given, because an LSTM does not use them/,
    );
  });

  test('returns a backward sequence in the order of processing, as the built-in does', () => {
    const { explicit } = twins({ units: UNITS, returnSequences: true, goBackwards: true }, FEATURES);
    const forward = lstm({ units: UNITS, returnSequences: true });
    forward.apply(input());
    forward.setWeights(explicit.getWeights());
    expectClose(explicit.apply(input()) as tf.Tensor, forward.apply(tf.reverse(input(), 1)) as tf.Tensor);
  });
});
