import * as tf from '@tensorflow/tfjs';
import { readOnnx, writeOnnx } from '../../../src/convert/index.js';
import { readOnnxModel } from '../../../src/formats/onnx/read-model.js';
import { lstm, lstmCell } from '../../../src/index.js';
import { basicLSTMCell, janetCell, layerNormCell, peepholeCell } from '../../../src/variants/index.js';
import { asList, expectClose } from '../../support/close.js';
import { randomizeWeights, randomTensor } from '../../support/random.js';
import { runOnnx } from './onnxruntime.js';

const [D, U] = [3, 4];
const sigmoid = { recurrentActivation: 'sigmoid' } as const;
const sequences = { returnSequences: true } as const;

/** A layer with random weights, used and so to be disposed. */
function ready<L extends tf.layers.Layer>(layer: L, seed = 1): L {
  tf.tidy(() => void layer.apply(tf.zeros([1, 2, D])));
  randomizeWeights(layer, seed);
  return layer;
}

const bidirectional = (mergeMode: 'concat' | 'sum' | 'mul' | 'ave' | null, args: object = {}) =>
  tf.layers.bidirectional({ layer: lstm({ units: U, ...sigmoid, ...sequences, ...args }), mergeMode } as never);

const LAYERS: [string, () => tf.layers.Layer][] = [
  ['the explicit LSTM', () => lstm({ units: U, ...sigmoid, ...sequences })],
  ['its last output', () => lstm({ units: U, ...sigmoid })],
  ['without bias', () => lstm({ units: U, useBias: false, ...sequences })],
  ['backwards', () => lstm({ units: U, ...sequences, goBackwards: true })],
  ['backwards, the last output', () => lstm({ units: U, goBackwards: true })],
  ['with states', () => lstm({ units: U, ...sequences, returnState: true })],
  ['with states, the last output', () => lstm({ units: U, returnState: true, goBackwards: true })],
  ['the built-in LSTM, hard sigmoid and all', () => tf.layers.lstm({ units: U, ...sequences })],
  ['the hard sigmoid of Keras 3', () => lstm({ units: U, recurrentActivation: 'hardSigmoidKeras3' })],
  ['relu', () => lstm({ units: U, ...sigmoid, activation: 'relu' })],
  ['softsign and softplus', () => lstm({ units: U, recurrentActivation: 'softsign', activation: 'softplus' })],
  ['elu', () => lstm({ units: U, ...sigmoid, activation: 'elu' })],
  ['linear', () => lstm({ units: U, ...sigmoid, activation: 'linear' })],
  ["tfjs's RNN over its cell", () => tf.layers.rnn({ cell: tf.layers.lstmCell({ units: U }), ...sequences })],
  ["tfjs's RNN over the explicit cell", () => tf.layers.rnn({ cell: lstmCell({ units: U }), ...sequences })],
  ['the basic cell', () => lstm({ cell: basicLSTMCell({ units: U, forgetBias: 0.7 }), ...sequences })],
  ['the basic cell by default', () => lstm({ cell: basicLSTMCell({ units: U, useBias: false }), ...sequences })],
  ['peepholes', () => lstm({ cell: peepholeCell({ units: U }), ...sequences })],
  ['coupled gates', () => lstm({ cell: peepholeCell({ units: U, coupled: true }), ...sequences })],
  [
    'coupled gates without peepholes',
    () => lstm({ cell: peepholeCell({ units: U, coupled: true, peepholes: false }), ...sequences }),
  ],
  ['a clip', () => lstm({ cell: peepholeCell({ units: U, gateClip: 0.4, forgetBias: 0.3 }), ...sequences })],
  ['bidirectional', () => bidirectional('concat')],
  ['bidirectional, the last outputs', () => bidirectional('concat', { returnSequences: false })],
  ['bidirectional with states', () => bidirectional('concat', { returnState: true })],
  [
    'bidirectional of the built-in',
    () => tf.layers.bidirectional({ layer: tf.layers.lstm({ units: U }) as tf.layers.RNN, mergeMode: 'sum' }),
  ],
  ['bidirectional, sum', () => bidirectional('sum')],
  ['bidirectional, product', () => bidirectional('mul')],
  ['bidirectional, average', () => bidirectional('ave', { returnSequences: false })],
  ['bidirectional, apart', () => bidirectional(null)],
  [
    'bidirectional with peepholes',
    () =>
      tf.layers.bidirectional({
        layer: lstm({ cell: peepholeCell({ units: U, gateClip: 0.5 }), ...sequences }),
        mergeMode: 'concat',
      }),
  ],
];

const OUTPUTS = [['y'], ['y', 'h', 'c'], ['y', 'forward_h', 'forward_c', 'backward_h', 'backward_c']];

describe('writeOnnx', () => {
  it.each(LAYERS)('writes what ONNX Runtime computes alike, of any batch and length: %s', async (_, make) => {
    const before = tf.memory().numTensors;
    const layer = ready(make());
    const bytes = writeOnnx(layer);
    for (const [batch, time] of [
      [1, 1],
      [3, 5],
    ] as const) {
      const x = randomTensor([batch, time, D], batch);
      const outputs = await runOnnx(bytes, { x });
      const expected = asList(layer.apply(x) as tf.Tensor);
      const names = Object.keys(outputs);
      expect([...OUTPUTS, ['forward_y', 'backward_y']]).toContainEqual(names);
      expect(names).toHaveLength(expected.length);
      for (const [n, name] of names.entries()) expectClose(outputs[name]!, expected[n]!);
      tf.dispose([x, expected, outputs]);
    }
    layer.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it('takes initial states where it is told to', async () => {
    const layer = ready(lstm({ units: U, ...sigmoid, ...sequences, returnState: true }));
    const [x, h0, c0] = [randomTensor([2, 4, D], 1), randomTensor([2, U], 2), randomTensor([2, U], 3)];
    const { y, h, c } = await runOnnx(writeOnnx(layer, { initialState: true }), { x, h0, c0 });
    const expected = layer.apply(x, { initialState: [h0, c0] }) as tf.Tensor[];
    for (const [n, output] of [y, h, c].entries()) expectClose(output!, expected[n]!);
  });

  it('takes those of either direction, and of each layer', async () => {
    const make = (name: string) =>
      tf.layers.bidirectional({ layer: lstm({ units: U, ...sequences }), mergeMode: 'concat', name });
    const first = ready(make('first'));
    const second = make('second');
    tf.tidy(() => void second.apply(tf.zeros([1, 2, 2 * U])));
    randomizeWeights(second, 2);
    const x = randomTensor([2, 4, D], 1);
    const states = Array.from({ length: 8 }, (_, n) => randomTensor([2, U], n + 2));
    const names = ['first', 'second'].flatMap((layer) =>
      ['forward_h0', 'forward_c0', 'backward_h0', 'backward_c0'].map((state) => `${layer}/${state}`),
    );
    const feeds: Record<string, tf.Tensor> = { x };
    for (const [n, name] of names.entries()) feeds[name] = states[n]!;
    const { y } = await runOnnx(writeOnnx([first, second], { initialState: true }), feeds);
    const between = first.apply([x, ...states.slice(0, 4)]) as tf.Tensor;
    expectClose(y!, second.apply([between, ...states.slice(4)]) as tf.Tensor);
  });

  it('chains the layers of a sequential model', async () => {
    const model = tf.sequential({
      layers: [
        tf.layers.timeDistributed({
          layer: tf.layers.dense({ units: 5, activation: 'relu' }),
          inputShape: [null, D],
        } as never),
        lstm({ units: U, ...sigmoid, ...sequences, name: 'lower' }),
        tf.layers.dropout({ rate: 0.5 }),
        tf.layers.bidirectional({ layer: lstm({ units: 3, ...sigmoid }), mergeMode: 'concat' }),
        tf.layers.dense({ units: 6, useBias: false }),
        tf.layers.activation({ activation: 'tanh' }),
        tf.layers.dense({ units: 2, activation: 'softmax' }),
      ],
    });
    randomizeWeights(model, 3);
    const x = randomTensor([3, 4, D], 4);
    const { y } = await runOnnx(writeOnnx(model), { x });
    expectClose(y!, model.predict(x) as tf.Tensor);
    expectClose((await runOnnx(writeOnnx(model.layers), { x })).y!, y!);
  });

  it.each(
    LAYERS.filter(([name]) =>
      /explicit LSTM|^without|^peep|^coupled|^a clip|^bidirectional( with peepholes)?$|linear/.test(name),
    ),
  )('writes what readOnnx reads again: %s', async (_, make) => {
    const layer = ready(make());
    const [node] = await readOnnx(writeOnnx(layer));
    const x = randomTensor([2, 4, D], 7);
    expect(node!.name).toBe(layer.name);
    const { returnSequences } = layer as tf.layers.RNN;
    expectClose(node!.toLayer({ returnSequences }).apply(x) as tf.Tensor, layer.apply(x) as tf.Tensor);
  });

  it.each<[string, () => unknown, RegExp]>([
    [
      'another layer',
      () => ready(tf.layers.dense({ units: 2 })),
      /the layers must be LSTMs, or have one among them, got the Dense/,
    ],
    ['nothing', () => [], /the layers must be LSTMs, or have one among them/],
    ['no layer', () => ({}), /the layers must be layers, got/],
    [
      'a layer between that it does not know',
      () => [ready(lstm({ units: U, ...sequences })), tf.layers.layerNormalization()],
      /must be LSTMs, Bidirectional of these, Dense, .* got the LayerNormalization/,
    ],
    [
      'a cell clip',
      () => ready(lstm({ cell: peepholeCell({ units: U, cellClip: 1 }) })),
      /cellClip must not be set, .* got 1 \(layer/,
    ],
    [
      'a projection',
      () => ready(lstm({ cell: peepholeCell({ units: U, projectionUnits: 2 }) })),
      /projectionUnits must not be set, because ONNX's LSTM has no projection/,
    ],
    [
      'another cell',
      () => ready(lstm({ cell: janetCell({ units: U }) })),
      /the cell must compute what .* got 'ExplicitJanetCell'/,
    ],
    [
      'layer normalization',
      () => ready(lstm({ cell: layerNormCell({ units: U, convention: 'ba' }) })),
      /the cell must compute what .* got 'ExplicitLayerNormCell'/,
    ],
    [
      'zoneout',
      () => ready(lstm({ units: U, zoneoutCell: 0.1 })),
      /zoneoutCell must be 0, because ONNX's LSTM has none, got 0.1/,
    ],
    ['gates', () => ready(lstm({ units: U, returnGates: true })), /returnGates must be false/],
    [
      'mish',
      () => ready(lstm({ units: U, activation: 'mish' })),
      /activation must be one that ONNX has: .*, got 'mish'/,
    ],
    [
      'relu6',
      () => ready(lstm({ units: U, recurrentActivation: 'relu6' })),
      /recurrentActivation must be one .* got 'relu6'/,
    ],
    [
      'states that are kept',
      () => {
        const layer = lstm({ units: U, stateful: true, batchInputShape: [1, 2, D] });
        layer.apply(tf.zeros([1, 2, D]));
        return layer;
      },
      /must not be stateful/,
    ],
    [
      'two last outputs',
      () => [ready(lstm({ units: U })), ready(lstm({ units: U }))],
      /the layer before it must return sequences/,
    ],
    [
      'states between layers',
      () => [ready(lstm({ units: D, ...sequences, returnState: true })), ready(lstm({ units: U }))],
      /returnState must be false, but for the last layer/,
    ],
  ])('refuses what ONNX cannot say, by name: %s', (_, make, message) => {
    const layers = make() as tf.layers.Layer;
    const before = tf.memory().numTensors;
    expect(() => writeOnnx(layers)).toThrow(message);
    expect(() => writeOnnx(layers)).toThrow(/^writeOnnx: /);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('refuses a layer that is not built, and misspelt options', () => {
    expect(() => writeOnnx(lstm({ units: U }))).toThrow(/^writeOnnx: the layer must be built first/);
    expect(() => writeOnnx(ready(lstm({ units: U })), { initial_state: true } as never)).toThrow(/'initialState'/);
  });

  it('names what it writes after the layers, and nothing twice', () => {
    const dense = (name: string, activation: 'softmax' | 'relu') => {
      const layer = tf.layers.dense({ units: 3, activation, name });
      layer.build([null, U]);
      return layer;
    };
    const heads = [dense('first', 'relu'), tf.layers.dense({ units: 2, name: 'second' })];
    (heads[1] as tf.layers.Layer).build([null, 3]);
    const { graph } = readOnnxModel(writeOnnx([ready(lstm({ units: U, name: 'memory' })), ...heads]));
    const names = graph.nodes.map(({ name }) => name);
    const values = [
      ...graph.nodes.flatMap(({ outputs }) => outputs),
      ...graph.initializers.map(({ name }) => name),
    ].filter(Boolean);
    expect(new Set(names).size).toBe(names.length);
    expect(new Set(values).size).toBe(values.length);
    for (const name of ['product/MatMul', 'sum/Add']) {
      expect(names.filter((one) => one.endsWith(name))).toEqual([`first/${name}`, `second/${name}`]);
    }
    for (const name of ['kernel', 'bias']) {
      expect(values).toContain(`first/${name}`);
      expect(values).toContain(`second/${name}`);
    }
  });
});
