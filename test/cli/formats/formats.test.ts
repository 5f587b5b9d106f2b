import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { fileInfo } from '../../../src/cli/commands/info.js';
import { openFile } from '../../../src/cli/formats/formats.js';
import { UserError } from '../../../src/cli/user-error.js';
import { FileError } from '../../../src/formats/file-error.js';
import { useBackend } from '../../../tools/backends.js';
import { modelFile, modelPath } from '../../support/model-fixtures.js';
import { saveModel, someModel } from '../support/saved-model.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const folder = temporaryFolder();

/** One file of each format, as its framework wrote it. */
const FILES: Record<string, () => Uint8Array> = {
  'keras 3.keras': () => modelFile('keras/keras-3.15.1', 'sequential.keras'),
  'keras 2.keras': () => modelFile('keras/keras-2.13.1', 'sequential.keras'),
  'whole.h5': () => modelFile('keras/keras-2.2.4', 'sequential.h5'),
  'new.weights.h5': () => modelFile('keras/keras-3.15.1', 'bidirectional.weights.h5'),
  'old.weights.h5': () => modelFile('keras/keras-2.15.0', 'bidirectional.legacy.h5'),
  'torch.safetensors': () => readFileSync(modelPath('torch', 'model.safetensors')),
  'torch.onnx': () => readFileSync(modelPath('onnx', 'torch.onnx')),
  'helper.onnx': () => readFileSync(modelPath('onnx', 'branches.onnx')),
};

beforeAll(async () => {
  await useBackend('cpu');
  for (const [name, read] of Object.entries(FILES)) writeFileSync(folder.path(name), read());
  await saveModel(someModel(), folder.path('tfjs'));
  for (const ending of ['index', 'data-00000-of-00001']) {
    copyFileSync(modelPath('tf1', `multi.${ending}`), folder.path(`model.ckpt.${ending}`));
  }
});

describe('openFile', () => {
  test.each([
    ['keras 3.keras', 'model', 'Keras archive', 'Keras 3.15.1'],
    ['keras 2.keras', 'model', 'Keras archive', 'Keras 2.13.1'],
    ['whole.h5', 'model', 'HDF5 file', 'Keras 2.2.4'],
    ['new.weights.h5', 'weights', 'HDF5 file of weights', null],
    ['old.weights.h5', 'weights', 'HDF5 file of weights', 'Keras 2.15.0'],
    ['torch.safetensors', 'weights', 'safetensors file', null],
    ['torch.onnx', 'weights', 'ONNX file (opset 17)', 'pytorch 2.9.1'],
    ['helper.onnx', 'weights', 'ONNX file (opset 14)', 'onnx.helper'],
    ['tfjs', 'model', 'TensorFlow.js model', 'a test'],
    ['model.ckpt', 'weights', 'checkpoint', 'TensorFlow'],
    ['model.ckpt.index', 'weights', 'checkpoint', 'TensorFlow'],
    ['model.ckpt.data-00000-of-00001', 'weights', 'checkpoint', 'TensorFlow'],
  ])('tells what %s is, and who wrote it', async (name, kind, format, writtenBy) => {
    expect(await openFile(folder.path(name))).toMatchObject({ kind, format, writtenBy });
  });

  test.each(Object.keys(FILES))('goes by the bytes of %s, whatever the file is called', async (name) => {
    const { format } = await openFile(folder.path(name));
    copyFileSync(folder.path(name), folder.path('misnamed.json'));
    expect(await openFile(folder.path('misnamed.json'))).toMatchObject({ format });
  });

  test('tells what converted a model, and who wrote a safetensors file that says so', async () => {
    const model = await openFile(modelPath('keras/tensorflowjs-4.22.0/sequential', ''));
    expect(model.writtenBy).toBe('keras v3.15.1, converted by TensorFlow.js Converter v4.22.0');
    const header = '{"__metadata__":{"format":"pt"}}';
    const bytes = Buffer.concat([Buffer.from([header.length, 0, 0, 0, 0, 0, 0, 0]), Buffer.from(header)]);
    writeFileSync(folder.path('empty.safetensors'), bytes);
    expect(await openFile(folder.path('empty.safetensors'))).toMatchObject({ writtenBy: 'PyTorch', modules: [] });
  });

  test.each<[string, string, number[], RegExp]>([
    ['a pickle', 'model.pt', [0x80, 2, 0x8a], /is a pickle of Python, .*safetensors\.torch\.save_file/],
    [
      'another archive',
      'x.keras',
      [0x50, 0x4b, 3, 4, 0, 0],
      /x\.keras: the file is a zip archive that has been cut off/,
    ],
    ['TensorFlow Lite', 'x.tflite', [0x1c, 0, 0, 0, 0x54, 0x46, 0x4c, 0x33], /a model of TensorFlow Lite/],
    ['something else', 'x.bin', [1, 2, 3], /x\.bin' is none of the formats that can be read: Keras \(\.keras\), /],
    ['nothing', 'x.onnx', [], /x\.onnx: /],
    ['nothing', 'x.h5', [], /x\.h5: the file is not an HDF5 file/],
    ['nothing', 'x.safetensors', [], /x\.safetensors: the file must begin with 8 bytes/],
  ])('refuses %s in words: %s', async (_, name, bytes, message) => {
    writeFileSync(folder.path(name), Uint8Array.from(bytes));
    await expect(openFile(folder.path(name))).rejects.toThrow(message);
  });

  test('refuses the folder of a SavedModel and its graph in words, and takes a model beside it', async () => {
    mkdirSync(folder.path('saved'));
    writeFileSync(folder.path('saved/saved_model.pb'), Uint8Array.of(8, 1, 18, 0));
    for (const name of ['saved', 'saved/saved_model.pb']) {
      const message = /saved_model\.pb: the file is a SavedModel of TensorFlow, .*model\.save\('model\.keras'\)/;
      await expect(openFile(folder.path(name))).rejects.toThrow(message);
    }
    await saveModel(someModel(), folder.path('saved'));
    expect(await openFile(folder.path('saved'))).toMatchObject({ format: 'TensorFlow.js model' });
  });

  test('goes by the name where the bytes do not tell', async () => {
    writeFileSync(folder.path('short.index'), 'x');
    await expect(openFile(folder.path('short.index'))).rejects.toThrow(/short\.index: /);
    await expect(openFile(folder.path('short.index'))).rejects.toThrow(FileError);
  });

  test('refuses a folder without a model, and a file that is not there', async () => {
    mkdirSync(folder.path('nothing'));
    await expect(openFile(folder.path('nothing'))).rejects.toThrow(/nothing\/model\.json' cannot be read: there is no/);
    await expect(openFile(folder.path('no.keras'))).rejects.toThrow(UserError);
  });

  test.each(Object.keys(FILES))(
    'tells of damaged copies of %s, or refuses them, and leaves nothing behind',
    async (name) => {
      const bytes = readFileSync(folder.path(name));
      const path = folder.path(`damaged ${name}`);
      const flips = fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(7)), { maxLength: 4 });
      const length = fc.oneof(fc.constant(bytes.length), fc.nat(bytes.length));
      const silent = jest.spyOn(console, 'warn').mockImplementation();
      const before = tf.memory().numTensors;
      await fc.assert(
        fc.asyncProperty(flips, length, async (changes, end) => {
          const damaged = Buffer.from(bytes.subarray(0, end));
          for (const [at, bit] of changes) if (at < end) damaged[at] = (damaged[at] as number) ^ (1 << bit);
          writeFileSync(path, damaged);
          try {
            await fileInfo(path, () => {});
          } catch (error) {
            expect([UserError, FileError]).toContain((error as Error).constructor);
            expect((error as Error).message).toContain(path);
          }
        }),
        { numRuns: 40 },
      );
      expect(tf.memory().numTensors).toBe(before);
      silent.mockRestore();
    },
  );
});
