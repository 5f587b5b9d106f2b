import * as tf from '@tensorflow/tfjs';
import { traceLayer } from '../../../src/inspect/index.js';
import { useBackend } from '../../../tools/backends.js';
import { FEATURES, layerOfKind, randomCall, UNITS } from '../../support/alike-layers.js';
import { LAYER_KIND_NAMES, LAYER_KINDS } from '../../support/layer-kinds.js';
import { MASK_BATCH, MASK_TIMESTEPS } from '../../support/masks.js';

const { lstm, lstmCell, gruCell, rnn, dense, bidirectional } = tf.layers;

const shapes = (...all: number[][]) => all.map((shape) => tf.zeros(shape));
const anyState = () => tf.input({ shape: [UNITS] }) as never;

/** What is refused of every kind of layer; the layer is named 'memory'. */
const REFUSED_CALLS: [title: string, x: () => unknown, options: () => object, rule: string][] = [
  ['no x', () => undefined, () => ({}), 'x must be a tensor [B, T, D], got undefined'],
  [
    'a symbolic x',
    () => tf.input({ shape: [MASK_TIMESTEPS, FEATURES] }),
    () => ({}),
    'x must be a concrete tensor, got a SymbolicTensor of shape [null, 6, 3]',
  ],
  ['an x of rank 2', () => tf.zeros([4, 3]), () => ({}), 'x must be a tensor [B, T, D], got [4, 3]'],
  [
    'an x without timesteps',
    () => tf.zeros([4, 0, 3]),
    () => ({}),
    'x must be [B, T, D] with T at least 1, got [4, 0, 3]',
  ],
  [
    'an x of other features',
    () => tf.zeros([4, 6, 2]),
    () => ({}),
    'x must be [B, T, D] with D = 3, as the layer was built, got [4, 6, 2]',
  ],
  ...(
    [
      ['a mask that is too long', () => tf.zeros([4, 7]), '[4, 7]'],
      ['a mask of one row', () => tf.zeros([1, 6]), '[1, 6]'],
      ['a mask of rank 3', () => tf.zeros([4, 6, 1]), '[4, 6, 1]'],
    ] as const
  ).map(([title, mask, received]): (typeof REFUSED_CALLS)[number] => [
    title,
    () => randomCall().x,
    () => ({ mask: mask() }),
    `mask must be [B, T] = [4, 6], got ${received}`,
  ]),
  ...(
    [
      ['one state', () => shapes([4, 5]), ' must be the two tensors h and c, got [a Tensor of shape [4, 5]]'],
      ['an h of other units', () => shapes([4, 6], [4, 5]), '[0] (h) must be [B, U] = [4, 5], got [4, 6]'],
      ['a c of another batch', () => shapes([4, 5], [1, 5]), '[1] (c) must be [B, U] = [4, 5], got [1, 5]'],
      [
        'symbolic states',
        () => [anyState(), anyState()],
        '[0] (h) must be a concrete tensor, like x, got a SymbolicTensor of shape [null, 5]',
      ],
    ] as const
  ).map(([title, initialState, rule]): (typeof REFUSED_CALLS)[number] => [
    title,
    () => randomCall().x,
    () => ({ initialState: initialState() }),
    `initialState${rule}`,
  ]),
];

/** What is no LSTM; each is built, and named 'memory'. */
const OTHER_LAYERS: [title: string, make: () => unknown, told: string][] = [
  ['a Dense layer', () => dense({ units: 2, name: 'memory' }), ", got the Dense 'memory'"],
  [
    'tf.layers.rnn over a GRU cell',
    () => rnn({ cell: gruCell({ units: 2 }), name: 'memory' }),
    ", got the RNN 'memory'",
  ],
  [
    'tf.layers.rnn over several cells',
    () => rnn({ cell: [lstmCell({ units: 2 }), lstmCell({ units: 2 })], name: 'memory' }),
    ", got the RNN 'memory'",
  ],
  [
    'a Bidirectional',
    () => bidirectional({ layer: lstm({ units: 2 }) as tf.RNN, mergeMode: 'concat', name: 'memory' }),
    "; for Bidirectional, pass its forwardLayer or backwardLayer, got the Bidirectional 'memory'",
  ],
];

beforeAll(() => useBackend('cpu'));

function refusal(run: () => unknown): Error {
  try {
    run();
  } catch (error) {
    return error as Error;
  }
  throw new Error('nothing was refused');
}

describe.each(LAYER_KIND_NAMES)('For %s, traceLayer', (kind) => {
  test.each(REFUSED_CALLS)('refuses %s, says why, and leaves nothing behind', (_, x, options, rule) => {
    const layer = layerOfKind(kind, { name: 'memory' });
    const [given, givenOptions] = [x() as tf.Tensor, options()];
    const { numTensors } = tf.memory();
    const error = refusal(() => traceLayer(layer, given, givenOptions));
    expect(error).toBeInstanceOf(RangeError);
    expect(error.message).toBe(`traceLayer: ${rule} (layer 'memory')`);
    expect(tf.memory().numTensors).toBe(numTensors);
    traceLayer(layer, randomCall().x).dispose();
  });

  test('refuses a layer that was never built', () => {
    const { numTensors } = tf.memory();
    const error = refusal(() => traceLayer(LAYER_KINDS[kind]({ units: UNITS, name: 'memory' }), tf.zeros([1, 1, 1])));
    expect(error.message).toBe(`traceLayer: the layer must be built first, by apply or build (layer 'memory')`);
    expect(tf.memory().numTensors).toBe(numTensors + 1);
  });

  test('refuses a batch of another size than a stateful layer has', () => {
    const layer = layerOfKind(kind, { stateful: true, name: 'memory' });
    const { message } = refusal(() => traceLayer(layer, tf.zeros([3, MASK_TIMESTEPS, FEATURES])));
    expect(message).toBe(
      `traceLayer: x must be [B, T, D] with B = ${MASK_BATCH}, the stateful layer's batch size, got [3, 6, 3] (layer 'memory')`,
    );
  });
});

test.each(OTHER_LAYERS)('traceLayer refuses %s by its name', (_, make, told) => {
  const layer = make() as tf.layers.Layer;
  const x = tf.zeros([4, 6, 3]);
  layer.apply(x);
  const { numTensors } = tf.memory();
  const error = refusal(() => traceLayer(layer, x));
  expect(error).toBeInstanceOf(RangeError);
  expect(error.message).toBe(`traceLayer: layer must be an LSTM, or tf.layers.rnn over one LSTM cell${told}`);
  expect(tf.memory().numTensors).toBe(numTensors);
});

test.each([[undefined], [null], [{}], ['lstm']])('traceLayer refuses %p, which is no layer', (layer) => {
  const { message } = refusal(() => traceLayer(layer as never, tf.zeros([4, 6, 3])));
  expect(message).toMatch(/^traceLayer: layer must be an LSTM, or tf\.layers\.rnn over one LSTM cell, got /);
});
