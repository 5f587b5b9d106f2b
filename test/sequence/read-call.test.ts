import * as tf from '@tensorflow/tfjs';
import { type LSTM, lstm } from '../../src/index.js';
import { readCallOf, requireStates, requireUnits } from '../../src/sequence/read-call.js';
import { NODE_BACKENDS, useBackend } from '../../tools/backends.js';
import { expectAllClose } from '../support/close.js';
import { randomizeWeights, randomTensor } from '../support/random.js';

const [BATCH, TIMESTEPS, FEATURES, UNITS] = [2, 5, 3, 4];

function inputs() {
  return {
    layer: lstm({ units: UNITS, name: 'memory' }),
    x: randomTensor([BATCH, TIMESTEPS, FEATURES], 1),
    h: randomTensor([BATCH, UNITS], 2),
    c: randomTensor([BATCH, UNITS], 3),
    wrong: randomTensor([BATCH, UNITS + 1], 4),
  };
}
type Inputs = ReturnType<typeof inputs>;

function disposed(shape: number[]): tf.Tensor {
  const tensor = tf.ones(shape);
  tensor.dispose();
  return tensor;
}

const REFUSED: [string, (given: Inputs) => unknown, RegExp][] = [
  [
    'an input of rank 2',
    ({ layer, h }) => layer.apply(h),
    /^LSTM\.apply: x must be a tensor \[B, T, D\], got \[2, 4\]/,
  ],
  [
    'an array for a tensor',
    ({ layer }) => layer.apply([[1, 2]] as never),
    /^LSTM\.apply: x must be a tensor \[B, T, D\], got \[1, 2\]/,
  ],
  [
    'no input',
    ({ layer }) => layer.apply(undefined as never),
    /^LSTM\.apply: x must be a tensor \[B, T, D\], got undefined/,
  ],
  [
    'another feature count',
    ({ layer }) => layer.apply(tf.ones([2, 5, 4])),
    /x must be \[B, T, D\] with D = 3, as the layer was built, got \[2, 5, 4\]/,
  ],
  [
    'another feature count, symbolic',
    ({ layer }) => layer.apply(tf.input({ shape: [5, 4] })),
    /with D = 3, as the layer was built, got \[null, 5, 4\]/,
  ],
  [
    'zero timesteps',
    ({ layer }) => layer.apply(tf.ones([2, 0, 3])),
    /x must be \[B, T, D\] with T at least 1, got \[2, 0, 3\]/,
  ],
  [
    'a mask of rank 1',
    ({ layer, x }) => layer.apply(x, { mask: tf.ones([5]) }),
    /mask must be \[B, T\] = \[2, 5\], got \[5\]/,
  ],
  [
    'a mask of rank 3',
    ({ layer, x }) => layer.apply(x, { mask: tf.ones([2, 5, 1]) }),
    /mask must be \[B, T\] = \[2, 5\], got \[2, 5, 1\]/,
  ],
  [
    'a mask of another length',
    ({ layer, x }) => layer.apply(x, { mask: tf.ones([2, 4]) }),
    /mask must be \[B, T\] = \[2, 5\], got \[2, 4\]/,
  ],
  [
    'a mask that is no tensor',
    ({ layer, x }) => layer.apply(x, { mask: true }),
    /mask must be \[B, T\] = \[2, 5\], got true/,
  ],
  [
    'one state',
    ({ layer, x, h }) => layer.apply(x, { initialState: [h] }),
    /initialState must be the two tensors h and c, got \[a Tensor of shape \[2, 4\]\]/,
  ],
  [
    'three states',
    ({ layer, x, h, c }) => layer.apply([x, h, c, c]),
    /initialState must be the two tensors h and c, got \[a Tensor/,
  ],
  [
    'a state for the states',
    ({ layer, x, h }) => layer.apply(x, { initialState: h }),
    /initialState must be the two tensors h and c, got a Tensor of shape \[2, 4\]/,
  ],
  [
    'a cell state of other units',
    ({ layer, x, h, wrong }) => layer.apply([x, h, wrong]),
    /initialState\[1\] \(c\) must be \[B, U\] = \[2, 4\], got \[2, 5\]/,
  ],
  [
    'a state of rank 3',
    ({ layer, x, c }) => layer.apply(x, { initialState: [x, c] }),
    /initialState\[0\] \(h\) must be \[B, U\] = \[2, 4\], got \[2, 5, 3\]/,
  ],
  [
    'a state that is no tensor',
    ({ layer, x, h }) => layer.apply(x, { initialState: [h, 0] }),
    /initialState\[1\] \(c\) must be \[B, U\] = \[2, 4\], got 0/,
  ],
  [
    'states given twice',
    ({ layer, x, h, c }) => layer.apply([x, h, c], { initialState: [h, c] }),
    /initialState must not be given both by name and after x/,
  ],
  [
    'symbolic states of other units',
    ({ layer }) =>
      layer.apply(tf.input({ shape: [5, 3] }), {
        initialState: [tf.input({ shape: [4] }), tf.input({ shape: [9] })] as never,
      }),
    /initialState\[1\] \(c\) must be \[B, U\] = \[B, 4\], got \[null, 9\]/,
  ],
  [
    'a disposed input',
    ({ layer }) => layer.apply(disposed([2, 5, 3])),
    /^LSTM\.apply: x must not be disposed, got a Tensor of shape \[2, 5, 3\] \(layer 'memory'\)/,
  ],
  [
    'a disposed state',
    ({ layer, x, h }) => layer.apply([x, h, disposed([2, 4])]),
    /^LSTM\.apply: initialState\[1\] \(c\) must not be disposed/,
  ],
  [
    'a disposed mask',
    ({ layer, x }) => layer.trace(x, { mask: disposed([2, 5]) }),
    /^LSTM\.trace: mask must not be disposed/,
  ],
  [
    'disposed weights',
    ({ layer }) => layer.setWeights([disposed([3, 16]), disposed([4, 16]), disposed([16])]),
    /^LSTM\.setWeights: weights\[0\] \(memory\/kernel\) must not be disposed/,
  ],
  [
    'an input of text',
    ({ layer }) => layer.apply(tf.tensor(new Array(30).fill('x'), [2, 5, 3])),
    /^LSTM\.apply: x must hold real numbers, got 'string'/,
  ],
  [
    'a disposed input of one step',
    ({ layer, h, c }) => layer.cell.step(disposed([2, 3]) as tf.Tensor2D, [h, c] as never),
    /^LSTMCell\.step: x must not be disposed/,
  ],
  [
    'constants',
    ({ layer, x, h }) => layer.apply(x, { constants: [h] }),
    /constants must not be given, because an LSTM does not use them/,
  ],
  [
    'weights of another count',
    ({ layer, h }) => layer.setWeights([h]),
    /^LSTM\.setWeights: weights must be 3 tensors of shapes \[\[3, 16\], \[4, 16\], \[16\]\], got \[a Tensor of shape \[2, 4\]\]/,
  ],
  [
    'weights that are none',
    ({ layer }) => layer.setWeights(undefined as never),
    /^LSTM\.setWeights: weights must be 3 tensors .* got undefined/,
  ],
  [
    'weights of another shape',
    ({ layer }) => layer.setWeights([tf.ones([3, 16]), tf.ones([16, 4]), tf.ones([16])]),
    /^LSTM\.setWeights: weights\[1\] \(memory\/recurrent_kernel\) must be \[4, 16\], got \[16, 4\]/,
  ],
  [
    'a weight that is no tensor',
    ({ layer }) => layer.setWeights([tf.ones([3, 16]), tf.ones([4, 16]), 5] as never),
    /weights\[2\] \(memory\/bias\) must be \[16\], got 5/,
  ],
  [
    'a call before it is built',
    ({ x }) => lstm({ units: 2 }).call(x),
    /^LSTM\.call: the layer must be built first, by apply or build \(layer '/,
  ],
  [
    'a call by name with wrong inputs',
    ({ layer, h }) => layer.call(h, {}),
    /^LSTM\.call: x must be a tensor \[B, T, D\], got \[2, 4\]/,
  ],
  [
    'an unknown feature count',
    () => lstm({ units: 2 }).apply(tf.input({ batchShape: [null, 5, null as unknown as number] })),
    /^LSTM\.build: D of \[B, T, D\] must be a positive integer, got \[null, 5, null\] \(layer 'explicit_lstm_ExplicitLSTM\d+'\)/,
  ],
];

describe.each(NODE_BACKENDS)('On %s, a built layer refuses', (backend) => {
  beforeAll(() => useBackend(backend));

  test.each(REFUSED)('%s, computes nothing and is as good as before', (_title, run, message) => {
    const given = inputs();
    const { layer, x, h, c } = given;
    layer.apply(x);
    randomizeWeights(layer, 5);
    const expected = layer.apply([x, h, c]) as tf.Tensor;
    const kernels: string[] = [];
    const outside = tf.memory().numTensors;
    tf.engine().startScope();
    const profile = jest.spyOn(tf.engine(), 'runKernel').mockImplementation((name: string) => {
      kernels.push(name);
      throw new Error(`the kernel ${name} ran`);
    });
    try {
      expect(() => run(given)).toThrow(message);
    } finally {
      profile.mockRestore();
      tf.engine().endScope();
    }
    expect(kernels).toEqual([]);
    expect(tf.memory().numTensors).toBe(outside);
    expectAllClose([layer.apply([x, h, c]) as tf.Tensor], [expected], 0);
    tf.disposeVariables();
  });
});

test('A layer that is refused its first input is built by the next one', async () => {
  await useBackend('cpu');
  const layer: LSTM = lstm({ units: UNITS });
  expect(() => layer.apply(tf.ones([2, 3]))).toThrow();
  expect(layer.built).toBe(false);
  expect((layer.apply(tf.ones([2, 5, 7])) as tf.Tensor).shape).toEqual([2, UNITS]);
});

describe('Of a cell with states of its own', () => {
  /** A cell of 4 units whose other states have the given widths. */
  const layerOf = (widths: Record<string, number>) => {
    const cell = {
      gateNames: ['f'],
      stateNames: Object.keys(widths),
      units: UNITS,
      widthOf: (name: string) => widths[name] ?? UNITS,
    };
    return { name: 'memory', cell };
  };

  beforeAll(() => useBackend('cpu'));
  beforeEach(() => tf.engine().startScope());
  afterEach(() => tf.engine().endScope());

  test.each([
    [{ h: 4 }, 'a list of one tensor, h'],
    [{ h: 4, c: 4 }, 'the two tensors h and c'],
    [{ h: 4, c: 4, n: 4 }, 'the 3 tensors h, c and n'],
    [{ h: 4, c: 4, n: 4, m: 4 }, 'the 4 tensors h, c, n and m'],
  ])('whose widths are %p, the states are %s', (widths, expected) => {
    const layer = layerOf(widths);
    for (const wrong of [null, [], tf.zeros([BATCH, 4]), new Array(5).fill(tf.zeros([BATCH, 4]))]) {
      expect(() => requireStates('test', layer, wrong, BATCH)).toThrow(`test: initialState must be ${expected}, got`);
    }
    const states = Object.values(widths).map((width) => tf.zeros([BATCH, width]));
    requireStates('test', layer, states, BATCH);
    requireStates('test', layer, states, null);
    expect(() => requireStates('test', layer, states, BATCH + 1, 'states')).toThrow(
      "test: states[0] (h) must be [B, U] = [3, 4], got [2, 4] (layer 'memory')",
    );
  });

  test('each state has its own width, and the error tells it', () => {
    const layer = layerOf({ h: 4, C: 16 });
    requireStates('test', layer, [tf.zeros([BATCH, 4]), tf.zeros([BATCH, 16])], BATCH);
    expect(() => requireStates('test', layer, [tf.zeros([BATCH, 4]), tf.zeros([BATCH, 4])], BATCH)).toThrow(
      'test: initialState[1] (C) must be [B, N] = [2, 16], got [2, 4]',
    );
    expect(() => requireStates('test', layer, [tf.zeros([BATCH, 3]), tf.zeros([BATCH, 16])], null)).toThrow(
      'test: initialState[0] (h) must be [B, U] = [B, 4], got [2, 3]',
    );
  });

  test('units are chosen by different indices below U, and at least one', () => {
    const layer = layerOf({ h: 4, c: 4 });
    for (const units of [[0], [3], [2, 0, 3, 1]]) requireUnits('test', layer, units);
    for (const wrong of [[], [4], [-1], [0.5], [1, 1], ['0'], 2, null]) {
      expect(() => requireUnits('test', layer, wrong)).toThrow(
        /^test: units must be one or more different whole numbers from 0 to 3, got .* \(layer 'memory'\)$/,
      );
    }
  });

  test('units cannot be chosen where something is not as wide as them, all of which is named', () => {
    expect(() => requireUnits('test', layerOf({ h: 4, C: 16 }), [0])).toThrow("where a cell's C are not [B, U]");
    expect(() => requireUnits('test', layerOf({ h: 2, c: 4, C: 16 }), [0])).toThrow(
      "test: units must be left out where a cell's C, h are not [B, U], got [0]",
    );
  });
});

test("A call starts from the states given, else from a stateful layer's own, and holds its batch size to them", async () => {
  await useBackend('cpu');
  tf.tidy(() => {
    const layer = lstm({ units: UNITS, stateful: true });
    const batchShape = [BATCH, TIMESTEPS, FEATURES];
    const x = randomTensor(batchShape, 1);
    layer.apply(x);
    const states = [randomTensor<tf.Rank.R2>([BATCH, UNITS], 2), randomTensor<tf.Rank.R2>([BATCH, UNITS], 3)];
    const { name, cell } = layer;
    const toRun = (own: tf.Tensor2D[] | null) => ({ name, cell, goBackwards: false, states: own });
    const others = states.map((state) => tf.neg(state));
    expect(readCallOf('test', toRun(states), x, {}).states).toBe(states);
    expect(readCallOf('test', toRun(states), x, { initialState: others }).states).toBe(others);
    expect(readCallOf('test', toRun(null), x, {})).toMatchObject({ x, states: null, mask: null });
    const more = tf.ones([BATCH + 1, TIMESTEPS, FEATURES]);
    expect(() => readCallOf('test', toRun(states), more, {})).toThrow(
      "test: x must be [B, T, D] with B = 2, the stateful layer's batch size, got [3, 5, 3]",
    );
    expect(readCallOf('test', toRun(null), more, {}).x).toBe(more);
    expect(() => readCallOf('test', toRun(null), tf.ones([BATCH, TIMESTEPS, FEATURES + 1]), {})).toThrow('D = 3');
  });
});
