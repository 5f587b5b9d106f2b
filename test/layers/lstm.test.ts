import * as tf from '@tensorflow/tfjs';
import { GATE_NAMES, type LSTM, type LSTMArgs, lstm } from '../../src/index.js';
import { NODE_BACKENDS, useBackend } from '../../tools/backends.js';
import { expectAllClose, expectClose } from '../support/close.js';
import { randomizeWeights, randomTensor } from '../support/random.js';

const [BATCH, TIMESTEPS, FEATURES, UNITS] = [2, 5, 3, 4];

function builtLayer(args: Partial<LSTMArgs> = {}): LSTM {
  const layer = lstm({ units: UNITS, ...args });
  layer.apply(tf.input({ shape: [null as unknown as number, FEATURES] }));
  randomizeWeights(layer, 5);
  return layer;
}

const input = () => randomTensor<tf.Rank.R3>([BATCH, TIMESTEPS, FEATURES], 1);
const someMask = () =>
  tf.tensor2d([
    [1, 0, 1, 1, 0],
    [1, 1, 1, 1, 1],
  ]);

describe.each(NODE_BACKENDS)('On %s, an LSTM', (backend) => {
  beforeAll(() => useBackend(backend));
  beforeEach(() => tf.engine().startScope());
  afterEach(() => tf.engine().endScope());

  test('has the outputs of the classic example, for x of [4, 1, 3] and 2 units', () => {
    const x = randomTensor([4, 1, 3], 1);
    const shapesOf = (args: object) => {
      const output = lstm({ units: 2, ...args }).apply(x) as tf.Tensor | tf.Tensor[];
      return Array.isArray(output) ? output.map(({ shape }) => shape) : output.shape;
    };
    expect(shapesOf({})).toEqual([4, 2]);
    expect(shapesOf({ returnSequences: true })).toEqual([4, 1, 2]);
    expect(shapesOf({ returnState: true })).toEqual([
      [4, 2],
      [4, 2],
      [4, 2],
    ]);
    expect(shapesOf({ returnSequences: true, returnState: true })).toEqual([
      [4, 1, 2],
      [4, 2],
      [4, 2],
    ]);
  });

  test.each([
    [false, false],
    [false, true],
    [true, false],
    [true, true],
  ])(
    'with returnSequences %s and returnState %s, returns its gates after the usual outputs',
    (returnSequences, returnState) => {
      const args = { returnSequences, returnState, goBackwards: true };
      const layer = builtLayer({ ...args, returnGates: true });
      const plain = builtLayer(args);
      const outputs = layer.apply(input(), { mask: someMask() }) as tf.Tensor[];
      const usual = plain.apply(input(), { mask: someMask() }) as tf.Tensor | tf.Tensor[];
      const usualCount = returnState ? 3 : 1;
      expectAllClose(outputs.slice(0, usualCount), Array.isArray(usual) ? usual : [usual], 0);
      const trace = plain.trace(input(), { mask: someMask() });
      const inProcessingOrder = [...GATE_NAMES, 'c' as const].map((name) => tf.reverse(trace[name], 1));
      expectAllClose(outputs.slice(usualCount), inProcessingOrder, 0);

      const symbolic = layer.apply(tf.input({ shape: [TIMESTEPS, FEATURES] })) as tf.SymbolicTensor[];
      expect(symbolic.map(({ shape }) => shape.slice(1))).toEqual(outputs.map(({ shape }) => shape.slice(1)));
    },
  );

  test('lets a gate enter the loss of a functional model: its weights learn from it', async () => {
    const x = tf.input({ shape: [TIMESTEPS, FEATURES] });
    const layer = lstm({ units: UNITS, returnGates: true, recurrentActivation: 'sigmoid' });
    const [, , f] = layer.apply(x) as tf.SymbolicTensor[];
    const model = tf.model({ inputs: x, outputs: f as tf.SymbolicTensor });
    randomizeWeights(layer, 5);
    const before = layer.getWeights().map((weight) => weight.clone());
    model.compile({ loss: 'meanSquaredError', optimizer: tf.train.sgd(1) });
    await model.trainOnBatch(input(), tf.zeros([BATCH, TIMESTEPS, UNITS]));

    const after = layer.getWeights().map((weight) => weight.clone());
    const names = layer.trainableWeights.map((weight) => (weight.read() as tf.Variable).name);
    layer.setWeights(before);
    const { grads } = tf.variableGrads(() => tf.mean(tf.square(layer.trace(input()).f)) as tf.Scalar);
    const expected = before.map((weight, n) => tf.sub(weight, grads[names[n] as string] as tf.Tensor));
    expectAllClose(after, expected);
    expect(() => expectAllClose(after, before)).toThrow('apart');
  });

  test.each(['auto', false] as const)(
    'with useFused %s, runs in float32 whatever the dtype of its input',
    (useFused) => {
      const layer = builtLayer({ useFused });
      const integers = tf.tensor(
        [...Array(BATCH * TIMESTEPS * FEATURES).keys()],
        [BATCH, TIMESTEPS, FEATURES],
        'int32',
      );
      for (const input of [integers, tf.greater(integers, 7)]) {
        const floats = tf.tensor(Float32Array.from(input.dataSync()), input.shape);
        const expected = layer.apply(floats) as tf.Tensor;
        expectClose(layer.apply(input) as tf.Tensor, expected, 0);
        expectClose(layer.apply(tf.cast(input, 'float32')) as tf.Tensor, expected, 0);
      }
    },
  );

  test('reads a mask of any dtype: what is not 0 counts', () => {
    const layer = builtLayer();
    const asFloat = layer.apply(input(), { mask: tf.mul(someMask(), 0.5) }) as tf.Tensor;
    const asBool = layer.apply(input(), { mask: tf.cast(someMask(), 'bool') }) as tf.Tensor;
    const asInt = layer.apply(input(), { mask: [tf.cast(someMask(), 'int32')] }) as tf.Tensor;
    expectAllClose([asFloat, asInt], [asBool, asBool], 0);
  });

  test('repeats the state before, at masked steps, and starts from the given one', () => {
    const layer = builtLayer({ returnSequences: true, returnState: true });
    const initialState = [randomTensor([BATCH, UNITS], 2), randomTensor([BATCH, UNITS], 3)];
    const [sequence, h, c] = layer.apply(input(), { mask: tf.zeros([BATCH, TIMESTEPS]), initialState }) as tf.Tensor[];
    const [h0, c0] = initialState as [tf.Tensor, tf.Tensor];
    expectAllClose([h, c] as tf.Tensor[], [h0, c0], 0);
    expectClose(sequence as tf.Tensor, tf.tile(tf.expandDims(h0, 1), [1, TIMESTEPS, 1]), 0);
  });

  test('leaves only its results behind, in every combination of what it returns', () => {
    const [x, mask] = [input(), someMask()];
    for (const returnSequences of [false, true]) {
      for (const returnGates of [false, true]) {
        const layer = builtLayer({ returnSequences, returnState: true, returnGates, zeroOutputForMask: returnGates });
        const before = tf.memory().numTensors;
        const outputs = layer.apply(x, { mask, training: true }) as tf.Tensor[];
        expect(tf.memory().numTensors - before).toBe(outputs.length);
        tf.dispose(outputs);
        expect(tf.memory().numTensors).toBe(before);
        layer.dispose();
      }
    }
  });
});

describe('A stateful LSTM', () => {
  test('takes its states with it when it is disposed', async () => {
    await useBackend('cpu');
    const before = tf.memory().numTensors;
    const layer = lstm({ units: 2, stateful: true });
    const x = tf.ones([1, 3, 2]);
    tf.dispose(layer.apply(x) as tf.Tensor);
    layer.dispose();
    x.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('An LSTM', () => {
  beforeAll(() => useBackend('cpu'));
  beforeEach(() => tf.engine().startScope());
  afterEach(() => tf.engine().endScope());

  test("is a layer of tfjs under this package's own class name", () => {
    const layer = builtLayer();
    expect(layer).toBeInstanceOf(tf.layers.RNN);
    expect([layer.getClassName(), layer.cell.getClassName()]).toEqual(['ExplicitLSTM', 'ExplicitLSTMCell']);
    expect(layer.supportsMasking).toBe(true);
  });

  test('tells what its last call ran on, and why not on a fused kernel', () => {
    const layer = builtLayer({ useFused: false });
    expect(layer.lastImplementation).toBeNull();
    layer.apply(input());
    expect(layer.lastImplementation).toEqual({ name: 'reference', reason: 'useFused is false' });
    const other = builtLayer();
    other.apply(input());
    expect(other.lastImplementation).toEqual({ name: expect.stringMatching(/^wasm-(relaxed-)?simd$/) });
    const softmax = builtLayer({ activation: 'softmax' });
    softmax.apply(input());
    const reason = "no fused kernel supports the activation 'softmax'";
    expect(softmax.lastImplementation).toEqual({ name: 'reference', reason });
    softmax.trace(input());
    expect(softmax.lastImplementation).toEqual({ name: 'reference', reason });
  });

  test('refuses to run where a fused kernel is demanded and none applies, before it builds anything', () => {
    const layer = lstm({ units: UNITS, useFused: true, activation: 'softmax' });
    const before = tf.memory().numTensors;
    const x = input();
    expect(() => layer.apply(x)).toThrow(
      /^LSTM\.apply: useFused must be 'auto' or false where no fused kernel applies \(no fused kernel supports the activation 'softmax'\), got true/,
    );
    expect(layer.built).toBe(false);
    expect(tf.memory().numTensors).toBe(before + 1);
  });

  test('collects losses that are added to it, beside its own', () => {
    const layer = builtLayer({ kernelRegularizer: 'l1l2' });
    expect(layer.losses).toHaveLength(1);
    const [first, second] = [() => tf.scalar(3), () => tf.scalar(4)];
    layer.addLoss(first);
    layer.addLoss([second]);
    expect(layer.losses.slice(1)).toEqual([first, second]);
    expect(
      layer
        .calculateLosses()
        .slice(1)
        .map((loss) => loss.dataSync()[0]),
    ).toEqual([3, 4]);
  });

  test('penalizes the activity of training calls alone, and each call once', () => {
    const layer = builtLayer({ activityRegularizer: tf.regularizers.l1({ l1: 1 }), returnState: true });
    const penalty = () => tf.tidy(() => (layer.calculateLosses()[0] as tf.Tensor).dataSync()[0] as number);
    layer.apply(input());
    expect(penalty()).toBe(0);
    const outputs = layer.apply(input(), { training: true }) as tf.Tensor[];
    const sum = tf.addN(outputs.map((output) => tf.sum(tf.abs(output)))).dataSync()[0] as number;
    expect(penalty()).toBeCloseTo(sum / BATCH, 5);
    expect(penalty()).toBe(0);
    tf.dispose(layer.apply(input(), { training: true }) as tf.Tensor[]);
    expect(penalty()).toBe(0);
  });

  test('tells what it was not given as the default', () => {
    const { returnGates, zeroOutputForMask, useFused, lastImplementation } = lstm({ units: UNITS });
    expect({ returnGates, zeroOutputForMask, useFused, lastImplementation }).toEqual({
      returnGates: false,
      zeroOutputForMask: false,
      useFused: 'auto',
      lastImplementation: null,
    });
  });

  test('can be put together where it could not run', () => {
    const layer = lstm({ units: UNITS, useFused: true, activation: 'softmax' });
    const initialState = [tf.input({ shape: [UNITS] }), tf.input({ shape: [UNITS] })] as unknown as tf.Tensor[];
    for (const kwargs of [{}, { initialState }]) {
      const output = layer.apply(tf.input({ shape: [TIMESTEPS, FEATURES] }), kwargs) as tf.SymbolicTensor;
      expect(output.shape).toEqual([null, UNITS]);
    }
    expect(() => layer.call(input())).toThrow(/^LSTM\.call: useFused must be .*, got true \(layer '/);
  });

  test('can be called without keyword arguments, once it is built', () => {
    const layer = builtLayer();
    expectClose(layer.call(input()) as tf.Tensor, layer.apply(input()) as tf.Tensor, 0);
    expect(() => lstm({ units: UNITS, name: 'new' }).call(input())).toThrow(
      /^LSTM\.call: the layer must be built first, by apply or build \(layer 'new'\)/,
    );
  });

  test('traces units that it has, each once, and no others', () => {
    const layer = builtLayer({ name: 'memory' });
    for (const units of [[0, UNITS], [-1], [1, 1], [0.5], []]) {
      expect(() => layer.trace(input(), { units })).toThrow(
        /^LSTM\.trace: units must be .*, got .* \(layer 'memory'\)/,
      );
    }
    expect(layer.trace(input(), { units: null }).f.shape).toEqual([BATCH, TIMESTEPS, UNITS]);
  });
});
