import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { readTorch, writeTorch } from '../../../src/convert/index.js';
import { readSafetensors } from '../../../src/formats/safetensors.js';
import { type LSTMArgs, LSTMCell, lstm, lstmCell } from '../../../src/index.js';
import { basicLSTMCell, gruCell, janetCell, peepholeCell } from '../../../src/variants/index.js';
import { expectClose } from '../../support/close.js';
import { randomizeWeights } from '../../support/random.js';
import { torchFile, torchFixtures } from './torch-fixtures.js';

const SIGMOID = { recurrentActivation: 'sigmoid', returnSequences: true } as const;
const D = 3;

type Make = (n: number) => tf.layers.Layer;

/** Makes a stack of layers, built, with random weights. */
function stackOf(make: Make, depth = 1, features = D): tf.layers.Layer[] {
  let width = features;
  return Array.from({ length: depth }, (_, n) => {
    const layer = make(n);
    layer.build([null, null, width]);
    // tfjs's own RNN would be built once more.
    layer.built = true;
    randomizeWeights(layer, n + 1);
    width = (layer.computeOutputShape([2, 4, width]) as number[])[2] as number;
    return layer;
  });
}

const run = (layers: readonly tf.layers.Layer[], x: tf.Tensor) =>
  layers.reduce((input, layer) => layer.apply(input) as tf.Tensor, x);

const dispose = (layers: readonly tf.layers.Layer[]) => {
  for (const layer of layers) for (const weight of layer.weights) weight.dispose();
};

const bidirectional = (layer: tf.layers.RNN, mergeMode: 'concat' | 'sum' = 'concat') =>
  tf.layers.bidirectional({ layer, mergeMode });

/** Of each kind of layer that PyTorch has, whoever made it. */
const KINDS: [string, Make][] = [
  ['lstm', () => lstm({ units: 4, ...SIGMOID })],
  ['lstm without bias', () => lstm({ units: 4, ...SIGMOID, useBias: false })],
  ['lstm both ways', () => bidirectional(lstm({ units: 2, ...SIGMOID }))],
  ['the built-in', () => tf.layers.lstm({ units: 4, ...SIGMOID })],
  ['the built-in both ways', () => bidirectional(tf.layers.lstm({ units: 2, ...SIGMOID }) as tf.layers.RNN)],
  [
    'rnn over a cell',
    () => tf.layers.rnn({ cell: lstmCell({ units: 4, recurrentActivation: 'sigmoid' }), returnSequences: true }),
  ],
  ['a forget bias added when run', () => lstm({ cell: basicLSTMCell({ units: 4 }), returnSequences: true })],
  [
    'a forget bias and no other',
    () => lstm({ cell: basicLSTMCell({ units: 4, forgetBias: 0.5, useBias: false }), returnSequences: true }),
  ],
  [
    'a projection',
    () => lstm({ cell: peepholeCell({ units: 4, peepholes: false, projectionUnits: 2 }), returnSequences: true }),
  ],
  [
    'a projection, a forget bias, both ways',
    () =>
      bidirectional(
        lstm({
          cell: peepholeCell({ units: 4, peepholes: false, projectionUnits: 3, forgetBias: 2 }),
          returnSequences: true,
        }),
      ),
  ],
  ['a GRU', () => lstm({ cell: gruCell({ units: 4 }), returnSequences: true })],
  [
    'a GRU without bias, both ways',
    () => bidirectional(lstm({ cell: gruCell({ units: 4, useBias: false }), returnSequences: true })),
  ],
];

describe('writeTorch', () => {
  test.each(KINDS)('writes what readTorch makes the same layers of: %s', async (_, make) => {
    const layers = stackOf(make, 2);
    const x = tf.randomNormal([2, 5, D], 0, 1, 'float32', 1);
    const { layers: read } = await readTorch(writeTorch(layers));
    expectClose(run(read, x), run(layers, x));
    dispose(read);
  });

  // Of the others PyTorch has both biases, or another precision.
  const same = torchFixtures().filter(({ name }) => /without-bias|^gru/.test(name));
  test.each(same)('writes the file again that PyTorch wrote: $name', async ({ name }) => {
    const { layers, tensors } = await readTorch(torchFile(name));
    const isCell = tensors.has('weight_ih');
    const written = writeTorch(isCell ? (layers[0] as tf.layers.RNN & { cell: LSTMCell }).cell : layers);
    const order = ([a]: [string, unknown], [b]: [string, unknown]) => (a < b ? -1 : 1);
    const expected = readSafetensors(readFileSync(torchFile(name))).tensors;
    expect([...readSafetensors(written).tensors].sort(order)).toEqual([...expected].sort(order));
    dispose(layers);
  });

  test('gives PyTorch one bias, and zeros for the other', () => {
    const [layer] = stackOf(KINDS[0]![1]) as [tf.layers.Layer];
    const { tensors, metadata } = readSafetensors(writeTorch(layer, { prefix: 'encoder.rnn.' }));
    expect([...tensors.keys()].sort()).toEqual(
      ['bias_hh_l0', 'bias_ih_l0', 'weight_hh_l0', 'weight_ih_l0'].map((name) => `encoder.rnn.${name}`),
    );
    expect(tensors.get('encoder.rnn.bias_ih_l0')?.data).toEqual(layer.getWeights()[2]?.dataSync());
    expect(tensors.get('encoder.rnn.bias_hh_l0')?.data).toEqual(new Float32Array(16));
    expect(metadata.get('format')).toBe('pt');
  });

  test('takes the last layer whether it returns sequences or not, and ignores what concerns training and masks', () => {
    const args = { dropout: 0.5, recurrentDropout: 0.5, zeroOutputForMask: true, stateful: false, seed: 3 };
    const [first] = stackOf(() => lstm({ units: 4, ...SIGMOID, ...args }));
    const [last] = stackOf(() => lstm({ units: 4, ...SIGMOID, returnSequences: false }), 1, 4);
    expect(readSafetensors(writeTorch([first!, last!])).tensors.size).toBe(8);
  });

  const cell = (args: object) => () =>
    lstm({ cell: peepholeCell({ units: 4, peepholes: false, ...args }), returnSequences: true });
  const plain = (args: Partial<LSTMArgs>) => () => lstm({ units: 4, ...SIGMOID, ...args });
  test.each<[string, () => tf.layers.Layer | tf.layers.Layer[], string]>([
    [
      'the hard sigmoid',
      plain({ recurrentActivation: 'hardSigmoid' }),
      "recurrentActivation must be 'sigmoid', as in PyTorch, got 'hardSigmoid' (layer",
    ],
    ['another activation', plain({ activation: 'relu' }), "activation must be 'tanh', as in PyTorch, got 'relu'"],
    ['zoneout', plain({ zoneout: 0.1 }), 'zoneout must be 0, as in PyTorch, got 0.1'],
    ['zoneout of the cell state', plain({ zoneoutCell: 0.1 }), 'zoneoutCell must be 0, as in PyTorch, got 0.1'],
    ['backward reading', plain({ goBackwards: true }), 'goBackwards must be false'],
    [
      'both ways the other way around',
      () => bidirectional(lstm({ units: 2, ...SIGMOID, goBackwards: true })),
      'goBackwards must be false',
    ],
    [
      'a sum of both ways',
      () => bidirectional(lstm({ units: 2, ...SIGMOID }), 'sum'),
      "mergeMode must be 'concat', got 'sum'",
    ],
    ['peepholes', cell({ peepholes: true }), 'peepholes must be false, as in PyTorch, got true'],
    ['coupled gates', cell({ coupled: true }), 'coupled must be false, as in PyTorch, got true'],
    ['a clipped cell state', cell({ cellClip: 1 }), 'cellClip must not be set, as in PyTorch, got 1'],
    ['clipped gates', cell({ gateClip: 1 }), 'gateClip must not be set, as in PyTorch, got 1'],
    [
      'a clipped projection',
      cell({ projectionUnits: 2, projectionClip: 1 }),
      'projectionClip must not be set, as in PyTorch, got 1',
    ],
    [
      'the GRU of the paper',
      () => lstm({ cell: gruCell({ units: 4, resetAfter: false }) }),
      'resetAfter must be true, as in PyTorch, got false',
    ],
    [
      'another variant',
      () => lstm({ cell: janetCell({ units: 4 }) }),
      'the cell must be an lstmCell, basicLSTMCell, peepholeCell or gruCell, as PyTorch has no other, got',
    ],
    ["a user's cell", () => lstm({ cell: new OwnCell({ units: 4 }) }), 'the cell must be an lstmCell, basicLSTMCell'],
    [
      "tfjs's GRU",
      () => tf.layers.gru({ units: 4 }),
      'each layer must be an LSTM, a bidirectional one, or a GRU of gruCell',
    ],
    ['stacked cells', () => tf.layers.rnn({ cell: [lstmCell({ units: 4 })] }), 'each layer must be an LSTM'],
    ['a dense layer', () => tf.layers.dense({ units: 4 }), 'each layer must be an LSTM'],
    ['no layer', () => [], 'the layers must be one or more'],
    ['a list of cells', () => [lstmCell({ units: 4 }), lstmCell({ units: 4 })], 'each layer must be an LSTM'],
  ])('refuses %s', (_, make, message) => {
    const made = make();
    for (const layer of [made].flat()) if (!layer.built) layer.build([null, 5, D]);
    const before = tf.memory().numTensors;
    expect(() => writeTorch(made)).toThrow(RangeError);
    expect(() => writeTorch(made)).toThrow(`writeTorch: ${message}`);
    expect(tf.memory().numTensors).toBe(before);
  });

  const make = (args: Partial<LSTMArgs>, features = D) =>
    stackOf(() => lstm({ units: 4, ...SIGMOID, ...args }), 1, features)[0]!;
  test.each<[string, () => tf.layers.Layer[], string]>([
    ['units', () => [make({}), make({ units: 3 }, 4)], 'layer 1 must have 4 units, as the first, got 3'],
    ['features', () => [make({}), make({}, 5)], 'layer 1 must take the 4 features that it is given, got 5'],
    [
      'biases',
      () => [make({}), make({ useBias: false }, 4)],
      'layer 1 must have useBias true, as the first, got false',
    ],
    [
      'directions',
      () => [make({}), ...stackOf(KINDS[2]![1], 1, 4)],
      'layer 1 must read in as many directions as the first, got 2',
    ],
    [
      'kinds',
      () => [make({}), ...stackOf(() => lstm({ cell: gruCell({ units: 4 }) }), 1, 4)],
      "layer 1 must be of nn.LSTM, as the first, got 'nn.GRU'",
    ],
    [
      'projections',
      () => [make({}), ...stackOf(cell({ projectionUnits: 2 }), 1, 4)],
      'layer 1 must have projectionUnits null, as the first, got 2',
    ],
    [
      'outputs',
      () => [make({ returnSequences: false }), make({}, 4)],
      'returnSequences must be true in each layer but the last, got false',
    ],
  ])('refuses layers of different %s', (_, layers, message) => {
    expect(() => writeTorch(layers())).toThrow(message);
  });

  test('refuses what is no layer, layers without weights, and wrong options', () => {
    expect(() => writeTorch(3 as unknown as tf.layers.Layer)).toThrow('each layer must be an LSTM');
    expect(() => writeTorch(lstm({ units: 4, ...SIGMOID, name: 'unbuilt' }))).toThrow(/must be built first.*'.*'/);
    const disposed = make({});
    dispose([disposed]);
    expect(() => writeTorch(disposed)).toThrow('must not be disposed');
    expect(() => writeTorch(make({}), { prefix: 3 } as object)).toThrow('writeTorch: prefix must be a string, got 3');
  });

  test('leaves no tensors behind, and the layers as they were', () => {
    const layers = stackOf(KINDS[9]![1], 2);
    const weights = layers.map((layer) => layer.getWeights().map((weight) => weight.dataSync().slice()));
    const before = tf.memory().numTensors;
    writeTorch(layers);
    expect(tf.memory().numTensors).toBe(before);
    expect(layers.map((layer) => layer.getWeights().map((weight) => weight.dataSync()))).toEqual(weights);
  });

  test('survives the way there and back, whatever the sizes', async () => {
    const sizes = fc.record({
      units: fc.integer({ min: 1, max: 4 }),
      features: fc.integer({ min: 1, max: 4 }),
      depth: fc.integer({ min: 1, max: 3 }),
      isBothWays: fc.boolean(),
      useBias: fc.boolean(),
      projectionUnits: fc.option(fc.integer({ min: 1, max: 3 })),
    });
    await fc.assert(
      fc.asyncProperty(sizes, async ({ units, features, depth, isBothWays, useBias, projectionUnits }) => {
        const layers = stackOf(
          () => {
            const layer =
              projectionUnits === null
                ? lstm({ units, useBias, ...SIGMOID })
                : lstm({
                    cell: peepholeCell({ units, useBias, peepholes: false, projectionUnits }),
                    returnSequences: true,
                  });
            return isBothWays ? bidirectional(layer) : layer;
          },
          depth,
          features,
        );
        const first = writeTorch(layers, { prefix: 'a.' });
        const { layers: read } = await readTorch(first);
        expect(writeTorch(read, { prefix: 'a.' })).toEqual(first);
        dispose([...layers, ...read]);
      }),
      { numRuns: 15 },
    );
  });
});

/** Whose step nobody knows. */
class OwnCell extends LSTMCell {
  static override readonly className = 'OwnCell';
}
