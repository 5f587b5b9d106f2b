import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { FileError, readTorch, type TorchModule } from '../../../src/convert/index.js';
import { readSafetensors, writeSafetensors } from '../../../src/formats/safetensors.js';
import type { StoredArray } from '../../../src/formats/stored-array.js';
import { expectClose } from '../../support/close.js';
import { decode, torchFile, torchFixtures } from './torch-fixtures.js';

/** Runs a module's layers one after the other. */
function run({ layers }: TorchModule, x: tf.Tensor, mask?: tf.Tensor): tf.Tensor {
  return layers.reduce((input, layer) => {
    return layer.apply(input, mask === undefined ? {} : { mask }) as tf.Tensor;
  }, x);
}

/** tfjs itself disposes no layer that was built, but never part of a model. */
function dispose({ layers }: Pick<TorchModule, 'layers'>): void {
  for (const layer of layers) for (const weight of layer.weights) weight.dispose();
}

const ofModel = () => new Map(readSafetensors(readFileSync(torchFile('model'))).tensors);
const zeros = (shape: number[]): StoredArray => ({
  dtype: 'float32',
  shape,
  data: new Float32Array(shape.reduce((a, b) => a * b, 1)),
});

/** A file of tensors of zeros. */
function fileOf(shapes: Record<string, number[]>): Uint8Array {
  return writeSafetensors(new Map(Object.entries(shapes).map(([name, shape]) => [name, zeros(shape)])));
}

const LSTM = {
  weight_ih_l0: [8, 3],
  weight_hh_l0: [8, 2],
  bias_ih_l0: [8],
  bias_hh_l0: [8],
};

describe('readTorch', () => {
  const cases = torchFixtures().flatMap(({ outputs, ...fixture }) =>
    outputs.map((output) => ({ ...fixture, ...output })),
  );
  test.each(cases)('computes what PyTorch did: $name $prefix', async ({ name, prefix, x, mask, output }) => {
    const options = { zeroOutputForMask: mask !== undefined, ...(prefix === '' ? {} : { prefix }) };
    const module = await readTorch(torchFile(name), options);
    tf.tidy(() => expectClose(run(module, decode(x), mask && decode(mask)), decode(output)));
    dispose(module);
  });

  test('returns one layer for each of the module, that can be stacked in a model and saved', async () => {
    const module = await readTorch(torchFile('three-layers-both-ways'));
    expect(module.layers.map((layer) => layer.getClassName())).toEqual(Array(3).fill('Bidirectional'));
    const x = tf.randomNormal([2, 4, 3], 0, 1, 'float32', 1);
    const expected = run(module, x);
    const model = tf.sequential({ layers: [tf.layers.inputLayer({ inputShape: [null, 3] }), ...module.layers] });
    expectClose(model.predict(x) as tf.Tensor, expected);
    let saved: tf.io.ModelArtifacts | undefined;
    await model.save(
      tf.io.withSaveHandler(async (artifacts) => {
        saved = artifacts;
        return { modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: 'JSON' } };
      }),
    );
    const loaded = await tf.loadLayersModel(tf.io.fromMemory(saved as tf.io.ModelArtifacts));
    expectClose(loaded.predict(x) as tf.Tensor, expected);
    const before = tf.memory().numTensors;
    model.dispose();
    expect(before - tf.memory().numTensors).toBe(3 * 2 * 3);
  });

  test('returns every tensor of the file by its name', async () => {
    const { tensors, layers } = await readTorch(torchFile('model'), { prefix: 'encoder.rnn.' });
    expect(tensors.get('head.weight')?.shape).toEqual([2, 4]);
    expect([...tensors.keys()].sort()).toEqual([...ofModel().keys()].sort());
    dispose({ layers });
  });

  test.each(['encoder.rnn.', 'encoder.rnn', 'encoder.', 'enc'])('takes %s for the prefix', async (prefix) => {
    const module = await readTorch(torchFile('model'), { prefix });
    expect(module.layers[0]?.getWeights()[0]?.shape).toEqual([3, 16]);
    dispose(module);
  });

  test('prefers the prefix that is whole to one that begins so', async () => {
    const inner = Object.entries(LSTM).map(([name, shape]): [string, number[]] => [`a.b.${name}`, shape]);
    const outer = { 'a.weight_ih_l0': [4, 5], 'a.weight_hh_l0': [4, 1] };
    for (const prefix of ['a.', 'a']) {
      const module = await readTorch(fileOf({ ...Object.fromEntries(inner), ...outer }), { prefix });
      expect(module.layers[0]?.getWeights()[0]?.shape).toEqual([5, 4]);
      dispose(module);
    }
  });

  test('asks for a prefix where there is a choice, and lists them', async () => {
    await expect(readTorch(torchFile('model'))).rejects.toThrow(
      /model\.safetensors: the file must name one recurrent module, not 2; choose by the option prefix: 'decoder\.rnn\.', 'encoder\.rnn\.'$/,
    );
    await expect(readTorch(torchFile('model'), { prefix: 'rnn.' })).rejects.toThrow(
      "the prefix 'rnn.' must be that of a recurrent module: the file has 'decoder.rnn.', 'encoder.rnn.'",
    );
  });

  test('finds an LSTM beside an LSTMCell without its help', async () => {
    const cell = { 'cell.weight_ih': [4, 2], 'cell.weight_hh': [4, 1] };
    await expect(readTorch(fileOf({ ...LSTM, ...cell }))).rejects.toThrow("choose by the option prefix: '', 'cell.'");
    const module = await readTorch(fileOf({ ...LSTM, ...cell }), { prefix: '' });
    expect(module.layers[0]?.getWeights()[0]?.shape).toEqual([3, 8]);
    dispose(module);
  });

  test('builds large layers without running their initializers', async () => {
    // Orthogonal would take a minute or more for these.
    const U = 400;
    const module = await readTorch(fileOf({ weight_ih_l0: [4 * U, 1], weight_hh_l0: [4 * U, U] }));
    expect(module.layers[0]?.getWeights()[1]?.shape).toEqual([U, 4 * U]);
    dispose(module);
  });

  test.each<[string, Record<string, number[]>, string]>([
    ['no LSTM', { 'head.weight': [2, 3] }, 'the file must hold an LSTM or a GRU: weights named weight_ih_l0'],
    [
      'an RNN',
      { weight_ih_l0: [2, 3], weight_hh_l0: [2, 2] },
      "the module '' is an nn.RNN, and neither an LSTM nor a GRU",
    ],
    [
      'seven gates',
      { weight_ih_l0: [14, 3], weight_hh_l0: [14, 2] },
      "tensor 'weight_hh_l0' must have 4U rows for U = 2",
    ],
    ['a matrix without columns', { weight_ih_l0: [8, 3], weight_hh_l0: [8, 0] }, 'must have 4U rows for U = 0 units'],
    [
      'a GRU with a projection',
      { weight_ih_l0: [6, 3], weight_hh_l0: [6, 1], weight_hr_l0: [1, 2] },
      "tensor 'weight_hh_l0' must have 4U rows",
    ],
    ['a scalar', { weight_ih_l0: [8, 3], weight_hh_l0: [] }, 'must have 4U rows for U = 0 units'],
    [
      'no input features',
      { ...LSTM, weight_ih_l0: [8, 0] },
      "tensor 'weight_ih_l0' must have the shape [4U, D], but has [8, 0]",
    ],
    ['rows that differ', { ...LSTM, weight_ih_l0: [12, 3] }, "tensor 'weight_ih_l0' must have the shape [8, 3]"],
    ['a vector for a matrix', { ...LSTM, weight_ih_l0: [8] }, "tensor 'weight_ih_l0' must have the shape"],
    [
      'a matrix of three axes',
      { ...LSTM, weight_hh_l0: [8, 2, 1] },
      "'weight_hh_l0' must have the shape [8, 2], but has [8, 2, 1]",
    ],
    [
      'a bias of a wrong length',
      { ...LSTM, bias_hh_l0: [4] },
      "tensor 'bias_hh_l0' must have the shape [8], but has [4]",
    ],
    [
      'one bias of the two',
      { weight_ih_l0: [8, 3], weight_hh_l0: [8, 2], bias_ih_l0: [8] },
      "tensor 'bias_hh_l0' is missing",
    ],
    [
      'a projection of other units',
      { ...LSTM, weight_hh_l0: [8, 1], weight_hr_l0: [1, 3] },
      "'weight_hh_l0' must have 4U rows",
    ],
    [
      'a projection of another width',
      { ...LSTM, weight_hh_l0: [8, 1], weight_hr_l0: [3, 2] },
      "'weight_hr_l0' must have the shape [1, 2]",
    ],
    [
      'a second layer that does not fit',
      { ...LSTM, ...second([8, 3]) },
      "tensor 'weight_ih_l1' must have the shape [8, 2]",
    ],
    [
      'a second layer of other units',
      { ...LSTM, ...second([4, 2], [4, 1], [4]) },
      "tensor 'weight_ih_l1' must have the shape [8, 2]",
    ],
    [
      'a second layer without bias',
      { ...LSTM, weight_ih_l1: [8, 2], weight_hh_l1: [8, 2] },
      "tensor 'bias_ih_l1' is missing, while the module has others",
    ],
    [
      'a layer that is missing',
      { ...LSTM, weight_ih_l2: [8, 2], weight_hh_l2: [8, 2] },
      "tensor 'weight_ih_l1' is missing",
    ],
    [
      'a layer of a high number',
      { ...LSTM, weight_ih_l9999: [8, 2] },
      "the module '' must have weights of each layer from 0 on",
    ],
    ['half a backward layer', { ...LSTM, weight_ih_l0_reverse: [8, 3] }, "tensor 'weight_hh_l0_reverse' is missing"],
    [
      'weight_norm',
      { weight_ih_l0: [8, 3], weight_hh_l0_g: [8, 1], weight_hh_l0_v: [8, 2] },
      "tensor 'weight_hh_l0' is missing",
    ],
  ])('refuses %s', async (_, shapes, message) => {
    const before = tf.memory().numTensors;
    const found = readTorch(fileOf(shapes));
    await expect(found).rejects.toThrow(FileError);
    await expect(found).rejects.toThrow(message);
    expect(tf.memory().numTensors).toBe(before);
  });

  function second(weight_ih_l1: number[], weight_hh_l1 = [8, 2], bias = [8]): Record<string, number[]> {
    return { weight_ih_l1, weight_hh_l1, bias_ih_l1: bias, bias_hh_l1: bias };
  }

  test('refuses weights that are integers', async () => {
    const tensors = ofModel();
    tensors.set('encoder.rnn.bias_hh_l0', { dtype: 'int8', shape: [16], data: new Int8Array(16) });
    await expect(readTorch(writeSafetensors(tensors), { prefix: 'encoder' })).rejects.toThrow(
      "the bytes: tensor 'encoder.rnn.bias_hh_l0' must hold floating-point numbers, but holds int8",
    );
  });

  test('refuses options that break their rules, before it looks for the file', async () => {
    await expect(readTorch('nowhere', { batchFirst: false })).rejects.toThrow(
      /^readTorch: batchFirst must be true or left out.*tf\.transpose\(x, \[1, 0, 2\]\), got false/,
    );
    await expect(readTorch('nowhere', { prefix: 3 } as object)).rejects.toThrow('readTorch: prefix must be a string');
    await expect(readTorch('nowhere', { batch_first: true } as object)).rejects.toThrow("must be spelt 'batchFirst'");
    await expect(readTorch(torchFile('cell'), { maxBytes: 9 })).rejects.toThrow('must have 9 bytes at most');
    await expect(readTorch('nowhere')).rejects.toThrow('nowhere: the file cannot be read');
  });

  test('leaves no tensor behind but the weights', async () => {
    const before = tf.memory().numTensors;
    const module = await readTorch(torchFile('projection-both-ways-without-bias'));
    expect(tf.memory().numTensors - before).toBe(2 * 2 * 3);
    dispose(module);
    expect(tf.memory().numTensors).toBe(before);
  });

  test('takes or refuses any tensors, and leaves nothing behind', async () => {
    const word = fc.constantFrom('weight_ih', 'weight_hh', 'bias_ih', 'bias_hh', 'weight_hr');
    const suffix = fc.constantFrom('', '_l0', '_l0', '_l0_reverse', '_l1');
    const shape = fc.oneof(
      fc.constantFrom<number[]>([4, 1], [8, 2], [4], [1, 1]),
      fc.array(fc.nat(8), { maxLength: 3 }),
    );
    const shapes = fc.array(fc.tuple(word, suffix, shape), { maxLength: 8 });
    const before = tf.memory().numTensors;
    await fc.assert(
      fc.asyncProperty(shapes, async (list) => {
        const entries = list.map(([name, end, size]): [string, number[]] => [name + end, size]);
        try {
          dispose(await readTorch(fileOf(Object.fromEntries(entries))));
        } catch (error) {
          expect(error).toBeInstanceOf(FileError);
        }
        expect(tf.memory().numTensors).toBe(before);
      }),
      { numRuns: 200 },
    );
  });
});
