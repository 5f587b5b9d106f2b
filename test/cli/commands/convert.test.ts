import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { readModel } from '../../../src/cli/readers/read-model.js';
import { readTorch } from '../../../src/convert/index.js';
import { lstm } from '../../../src/index.js';
import { useBackend } from '../../../tools/backends.js';
import { decode } from '../../convert/tf1/tf1-fixtures.js';
import { expectAllClose, expectClose } from '../../support/close.js';
import { modelFile, modelPath } from '../../support/model-fixtures.js';
import { randomizeWeights, randomTensor } from '../../support/random.js';
import { runMain } from '../support/run-main.js';
import { saveModel } from '../support/saved-model.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const folder = temporaryFolder();
const SILENT = { onNote: () => {} };
let stack: tf.Sequential;

beforeAll(async () => {
  await useBackend('cpu');
  // That of Jest makes arrays of another realm, which tfjs does not take for arrays when it saves a model.
  jest.spyOn(globalThis, 'structuredClone').mockImplementation((value) => JSON.parse(JSON.stringify(value)));
  stack = tf.sequential({
    name: 'stack',
    layers: [
      lstm({ units: 4, inputShape: [5, 3], returnSequences: true, recurrentActivation: 'sigmoid', name: 'lower' }),
      tf.layers.dropout({ rate: 0.5 }),
      lstm({ units: 4, recurrentActivation: 'sigmoid', name: 'upper' }),
      tf.layers.dense({ units: 2, name: 'answer' }),
    ],
  });
  randomizeWeights(stack, 7);
  await saveModel(stack, folder.path('uncompiled'));
  stack.compile({ loss: 'meanSquaredError', optimizer: 'adam' });
  await saveModel(stack, folder.path('stack'));
  writeFileSync(folder.path('both.h5'), modelFile('keras/keras-2.15.0', 'bidirectional.h5'));
  writeFileSync(folder.path('weights.h5'), modelFile('keras/keras-2.15.0', 'bidirectional.weights.h5'));
});

const TORCH = modelPath('torch', 'model.safetensors');
const convert = (from: string, to: string, out: string, ...args: string[]) =>
  runMain(['convert', from, folder.path(out), '--to', to, '--backend', 'cpu', ...args]);

async function expectSamePredictions(path: string, model: tf.LayersModel, x: tf.Tensor): Promise<void> {
  const read = await readModel(folder.path(path), SILENT);
  expectClose(read.predict(x) as tf.Tensor, model.predict(x) as tf.Tensor);
}

describe('convert', () => {
  test('writes a model for TensorFlow.js, compiled as it was, and says what it needs', async () => {
    const { code, out, error } = await convert(folder.path('stack'), 'tfjs', 'copy');
    expect([code, error]).toEqual([0, '']);
    expect(out).toBe(
      `${folder.path('copy')}: 5 kB; import explicit-lstm before loading it, or convert it with --built-in\n`,
    );
    expect(readdirSync(folder.path('copy')).sort()).toEqual(['model.json', 'weights.bin']);
    const copy = await readModel(folder.path('copy'), SILENT);
    expectAllClose(copy.getWeights(), stack.getWeights(), 0);
    expect(copy.loss).toBe('meanSquaredError');
  });

  test('writes built-in layers for who has TensorFlow.js alone', async () => {
    const { code, out } = await convert(folder.path('stack'), 'tfjs', 'plain', '--built-in');
    expect([code, out]).toEqual([0, `${folder.path('plain')}: 5 kB\n`]);
    const plain = await readModel(folder.path('plain'), SILENT);
    expect(plain.getLayer('lower').getClassName()).toBe('LSTM');
    await expectSamePredictions('plain', stack, randomTensor([2, 5, 3], 1));
  });

  test.each([
    ['variants', modelPath('tf1', 'plain'), [], 'explicit-lstm and explicit-lstm/variants before loading it'],
    ['layers', 'masked-average', [], 'explicit-lstm and explicit-lstm/convert before loading it'],
    ['built-in', 'masked-average', ['--built-in'], 'explicit-lstm/convert before loading it'],
  ])('says what else must be imported: %s', async (name, from, args, said) => {
    const keras = folder.path(`${name}.keras`);
    if (from === 'masked-average') writeFileSync(keras, modelFile('keras/keras-3.15.1', 'masked-average.keras'));
    const { code, out } = await convert(from === 'masked-average' ? keras : from, 'tfjs', name, ...args);
    expect(code).toBe(0);
    expect(out).toMatch(new RegExp(`; import ${said}\n$`));
  });

  test('takes over what Keras saved', async () => {
    expect((await convert(folder.path('both.h5'), 'tfjs', 'from-keras')).code).toBe(0);
    const original = await readModel(folder.path('both.h5'), SILENT);
    const copy = await readModel(folder.path('from-keras'), SILENT);
    expectAllClose(copy.getWeights(), original.getWeights(), 0);
  });

  test('takes over what the converter makes of Keras 3, which tfjs itself refuses', async () => {
    const from = modelPath('keras/tensorflowjs-4.22.0', 'bidirectional');
    expect((await convert(from, 'tfjs', 'from-converter')).code).toBe(0);
    const [original, copy] = [await readModel(from, SILENT), await readModel(folder.path('from-converter'), SILENT)];
    expectAllClose(copy.getWeights(), original.getWeights(), 0);
  });

  test('writes a model for Keras, which computes the same when it is read again', async () => {
    const { code, out, error } = await convert(folder.path('stack'), 'keras', 'stack.keras');
    expect([code, error]).toEqual([0, '']);
    expect(out).toMatch(/stack\.keras: \d+ kB, for Keras 3\n$/);
    await expectSamePredictions('stack.keras', stack, randomTensor([2, 5, 3], 4));
  });

  test('says what is not as it was in the file of Keras', async () => {
    const built = tf.layers.lstm({ units: 2, inputShape: [5, 3], name: 'hard' });
    await saveModel(tf.sequential({ layers: [built] }), folder.path('hard'));
    const { code, error } = await convert(folder.path('hard'), 'keras', 'hard.keras');
    expect(code).toBe(0);
    expect(error).toMatch(/^note: (?!saveKeras).*hard/);
  });

  test('writes a chain of layers to ONNX, which computes the same', async () => {
    const { code, out, error } = await convert(folder.path('stack'), 'onnx', 'stack.onnx');
    expect([code, error]).toEqual([0, '']);
    expect(out).toMatch(/stack\.onnx: \d kB, layers lower, dropout_\w+, upper, answer\n$/);
    const x = randomTensor([2, 5, 3], 2);
    const session = await InferenceSession.create(folder.path('stack.onnx'));
    const { y } = await session.run({ x: new Tensor('float32', x.dataSync() as Float32Array, [2, 5, 3]) });
    expectClose(tf.tensor(y?.data as Float32Array, y?.dims as number[]), stack.predict(x) as tf.Tensor);
  });

  test('writes the LSTMs alone where ONNX lacks the other layers, and says so', async () => {
    const model = tf.sequential({
      layers: [
        lstm({ units: 2, inputShape: [5, 3], name: 'only', recurrentActivation: 'sigmoid' }),
        tf.layers.batchNormalization(),
      ],
    });
    await saveModel(model, folder.path('norm'));
    const { code, out, error } = await convert(folder.path('norm'), 'onnx', 'norm.onnx');
    expect(code).toBe(0);
    expect(error).toMatch(/^note: the file has the LSTMs only: .*BatchNormalization/);
    expect(out).toMatch(/, layer only\n$/);
  });

  test('does not take for a chain what also reads initial states, or also puts out what is between', async () => {
    const [x, h, c] = [[5, 3], [2], [2]].map((shape) => tf.input({ shape })) as [
      tf.SymbolicTensor,
      tf.SymbolicTensor,
      tf.SymbolicTensor,
    ];
    for (const [name, inputs] of [
      ['from-states', [x, h, c]],
      ['two-outputs', [x]],
    ] as const) {
      const layer = lstm({ units: 2, name: 'only', recurrentActivation: 'sigmoid' });
      const between = layer.apply([...inputs]) as tf.SymbolicTensor;
      const last = tf.layers.dense({ units: 1 }).apply(between) as tf.SymbolicTensor;
      const model = tf.model({ inputs: [...inputs], outputs: name === 'two-outputs' ? [between, last] : last });
      await saveModel(model, folder.path(name));
      const { code, out, error } = await convert(folder.path(name), 'onnx', `${name}.onnx`);
      expect(code).toBe(0);
      expect(error).toMatch(/^note: the file has the LSTMs only: the model is no chain/);
      expect(out).toMatch(/, layer only\n$/);
    }
  });

  test('writes a stack of LSTMs as one module of PyTorch, past dropout', async () => {
    const { code, out } = await convert(folder.path('stack'), 'safetensors', 'stack.safetensors');
    expect(code).toBe(0);
    expect(out).toMatch(/, layers lower, upper\n$/);
    const { layers } = await readTorch(folder.path('stack.safetensors'));
    expectAllClose(
      layers.flatMap((layer) => layer.getWeights()),
      stack.getWeights().slice(0, 6),
    );
  });

  test('writes the layers that are named', async () => {
    const { out } = await convert(folder.path('stack'), 'safetensors', 'one.safetensors', '--layer', 'upper');
    expect(out).toMatch(/, layer upper\n$/);
    const both = ['--layer', 'lower', '--layer', 'upper'];
    expect((await convert(folder.path('stack'), 'onnx', 'two.onnx', ...both)).out).toMatch(/, layers lower, upper\n$/);
  });

  test('makes a model of an LSTM of PyTorch', async () => {
    expect((await convert(TORCH, 'tfjs', 'decoder', '--prefix', 'decoder.rnn.')).code).toBe(0);
    const { layers } = await readTorch(TORCH, { prefix: 'decoder.rnn.' });
    const x = randomTensor([2, 5, 3], 3);
    await expectSamePredictions(
      'decoder',
      tf.sequential({ layers: [tf.layers.inputLayer({ inputShape: [null, 3] }), ...layers] }),
      x,
    );
  });

  test('makes a model of a node of ONNX, by its path, its name or the beginning of its path', async () => {
    const file = modelPath('onnx', 'branches.onnx');
    for (const [n, node] of ['outer_if.else_branch > last/lstm', 'last/lstm', 'outer_if.else'].entries()) {
      expect((await convert(file, 'tfjs', `node-${n}`, '--node', node)).code).toBe(0);
    }
    const [first, ...others] = [0, 1, 2].map((n) => readFileSync(folder.path(`node-${n}`, 'weights.bin')));
    for (const other of others) expect(other).toEqual(first);
  });

  test('makes a model of a cell of TensorFlow 1, and says what it takes for granted', async () => {
    const { x, output } = JSON.parse(readFileSync(modelPath('tf1', 'plain.json'), 'utf8'));
    const { code, error } = await convert(modelPath('tf1', 'plain'), 'tfjs', 'tf1');
    expect([code, error]).toEqual([
      0,
      "note: a checkpoint does not say the forget bias, the clips and the activation: TensorFlow's defaults are assumed\n",
    ]);
    const model = await readModel(folder.path('tf1'), SILENT);
    expectClose(model.predict(decode(x)) as tf.Tensor, decode(output));
  });

  test('keeps what is there, unless it is told to replace it', async () => {
    const path = folder.path('kept.onnx');
    writeFileSync(path, 'mine');
    const refused = await convert(folder.path('stack'), 'onnx', 'kept.onnx');
    expect([refused.code, refused.error]).toEqual([
      2,
      `error: the file '${path}' cannot be written: it is there already; --force replaces it\n`,
    ]);
    expect(readFileSync(path, 'utf8')).toBe('mine');
    expect((await convert(folder.path('stack'), 'onnx', 'kept.onnx', '--force')).code).toBe(0);
    expect(readFileSync(path).length).toBeGreaterThan(1000);
    expect((await convert(folder.path('stack'), 'tfjs', 'stack')).error).toContain('--force replaces it');
  });

  test('leaves nothing where it cannot convert', async () => {
    const { code, error } = await convert(folder.path('both.h5'), 'safetensors', 'no.safetensors');
    expect(code).toBe(2);
    expect(error).toMatch(/^error: .*\n$/);
    expect(existsSync(folder.path('no.safetensors'))).toBe(false);
    expect(readdirSync(folder.path()).filter((name) => name.endsWith('.part'))).toEqual([]);
  });

  test.each<[string, () => string, string[], string]>([
    [
      'a file with several LSTMs',
      () => TORCH,
      [],
      "has 2 LSTMs; choose one by --prefix: 'decoder.rnn.', 'encoder.rnn.'",
    ],
    ['a prefix that is not there', () => TORCH, ['--prefix', 'x'], "has no LSTM 'x'; there are 'decoder.rnn.'"],
    ['an option of another format', () => TORCH, ['--node', 'x'], 'is for other formats than'],
    ['a choice in a whole model', () => folder.path('stack'), ['--scope', 'x'], '--scope is for files of weights'],
    ['weights alone', () => folder.path('weights.h5'), [], 'holds weights only, and does not say what is computed'],
    ['a layer that is not there', () => folder.path('stack'), ['--layer', 'x'], "the model has no layer 'x'; it has "],
    ['a layer that is no LSTM', () => folder.path('stack'), ['--layer', 'answer'], 'each layer must be an LSTM'],
    ['an option without meaning', () => folder.path('stack'), ['--built-in'], '--built-in is for tfjs'],
  ])('refuses %s', async (_, from, args, message) => {
    const { code, out, error } = await convert(from(), 'safetensors', 'refused.safetensors', ...args);
    expect([code, out]).toEqual([2, '']);
    expect(error).toContain(message);
    expect(existsSync(folder.path('refused.safetensors'))).toBe(false);
  });

  test('refuses LSTMs that are no stack, and models without one', async () => {
    const input = tf.input({ shape: [5, 3] });
    const read = (name: string) => lstm({ units: 2, name }).apply(input) as tf.SymbolicTensor;
    const forked = tf.model({ inputs: input, outputs: [read('left'), read('right')] });
    await saveModel(forked, folder.path('forked'));
    expect((await convert(folder.path('forked'), 'onnx', 'f.onnx')).error).toContain(
      "has 2 LSTMs that are no stack; choose by --layer: 'left', 'right'",
    );
    await saveModel(tf.sequential({ layers: [tf.layers.dense({ units: 1, inputShape: [2] })] }), folder.path('dense'));
    expect((await convert(folder.path('dense'), 'safetensors', 'd.safetensors')).error).toContain('has no LSTM');
  });

  test('leaves no tensor behind', async () => {
    const before = tf.memory().numTensors;
    // What tfjs makes of a saved optimizer is nobody's, and is never disposed.
    await convert(folder.path('uncompiled'), 'tfjs', 'leak', '--built-in');
    await convert(TORCH, 'onnx', 'leak.onnx', '--prefix', 'encoder.rnn.');
    await convert(folder.path('uncompiled'), 'safetensors', 'leak.safetensors', '--layer', 'answer');
    expect(tf.memory().numTensors).toBe(before);
  });
});
