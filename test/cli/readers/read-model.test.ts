import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { readModel } from '../../../src/cli/readers/read-model.js';
import { UserError } from '../../../src/cli/user-error.js';
import { FileError } from '../../../src/formats/file-error.js';
import { useBackend } from '../../../tools/backends.js';
import { expectAllClose, expectClose } from '../../support/close.js';
import { randomTensor } from '../../support/random.js';
import { saveModel, someModel } from '../support/saved-model.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const folder = temporaryFolder();
let model: tf.LayersModel;
let copies = 0;
const SILENT = { onNote: () => {} };

beforeAll(async () => {
  await useBackend('cpu');
  model = someModel();
  await saveModel(model, folder.path('good'));
});

// biome-ignore lint/suspicious/noExplicitAny: whatever a hostile document holds
type Document = any;

/** A copy of the model with another document, and the path of its model.json. */
function changed(change: (document: Document) => unknown): string {
  const copy = folder.path(`copy-${copies++}`);
  cpSync(folder.path('good'), copy, { recursive: true });
  const path = `${copy}/model.json`;
  const document = JSON.parse(readFileSync(path, 'utf8'));
  writeFileSync(path, JSON.stringify(change(document) ?? document));
  return path;
}

async function expectRefusal(path: string, message: string | RegExp): Promise<void> {
  const reading = readModel(path, SILENT);
  await expect(reading).rejects.toThrow(message);
  const error = await reading.catch((thrown) => thrown);
  expect([UserError, FileError]).toContain(error.constructor);
  // The file that it names may be one of the weights.
  expect(error.message).toContain(path.replace(/model\.json$/, ''));
}

describe('readModel', () => {
  test.each(['', '/model.json'])('reads what tfjs saved, by the folder or the file: "%s"', async (file) => {
    const read = await readModel(folder.path('good') + file, SILENT);
    expectAllClose(read.getWeights(), model.getWeights(), 0);
    const x = randomTensor([3, 6, 4], 2);
    expectClose(read.predict(x) as tf.Tensor, model.predict(x) as tf.Tensor);
  });

  test('reads weights in several groups and files', async () => {
    const bytes = readFileSync(folder.path('good', 'weights.bin'));
    const path = changed(({ weightsManifest: [{ weights }] }: Document) => ({
      ...JSON.parse(readFileSync(folder.path('good', 'model.json'), 'utf8')),
      weightsManifest: [
        { paths: ['shards/1', 'shards/2'], weights: weights.slice(0, 2) },
        { paths: ['rest.bin'], weights: weights.slice(2) },
      ],
    }));
    const within = path.slice(0, -'model.json'.length);
    // The first two weights are [4, 20] and [5, 20].
    const first = 4 * (4 * 20 + 5 * 20);
    mkdirSync(`${within}shards`);
    writeFileSync(`${within}shards/1`, bytes.subarray(0, 101));
    writeFileSync(`${within}shards/2`, bytes.subarray(101, first));
    writeFileSync(`${within}rest.bin`, bytes.subarray(first));
    expectAllClose((await readModel(path, SILENT)).getWeights(), model.getWeights(), 0);
  });

  test('reads quantized weights', async () => {
    const bytes = Buffer.alloc(4 * 8);
    const dense = tf.sequential({ layers: [tf.layers.dense({ units: 2, inputShape: [3], useBias: false })] });
    await saveModel(dense, folder.path('quantized'));
    const path = folder.path('quantized', 'model.json');
    const document = JSON.parse(readFileSync(path, 'utf8'));
    document.weightsManifest[0].weights[0].quantization = { dtype: 'uint8', scale: 0.5, min: -1 };
    writeFileSync(path, JSON.stringify(document));
    bytes.set([0, 1, 2, 3, 4, 5]);
    writeFileSync(folder.path('quantized', 'weights.bin'), bytes.subarray(0, 6));
    const [kernel] = (await readModel(path, SILENT)).getWeights();
    expect(Array.from(kernel?.dataSync() ?? [])).toEqual([-1, -0.5, 0, 0.5, 1, 1.5]);
  });

  test.each(['../good/weights.bin', '/etc/hostname', 'a/../../good/weights.bin', '..'])(
    'refuses a weight file outside the folder: %s',
    async (name) => {
      const path = changed(({ weightsManifest }: Document) => {
        weightsManifest[0].paths = [name];
      });
      await expectRefusal(path, `the file '${name}' must be in the folder of `);
    },
  );

  test('refuses a weight file that is a link out of the folder', async () => {
    const path = changed(() => undefined);
    const file = path.replace('model.json', 'weights.bin');
    rmSync(file);
    symlinkSync(folder.path('good', 'weights.bin'), file);
    await expectRefusal(path, "the file './weights.bin' must not be a link that leads out of the folder");
  });

  test('refuses weight files that are missing, too short, too long, or a folder', async () => {
    const path = changed(() => undefined);
    const file = path.replace('model.json', 'weights.bin');
    const bytes = readFileSync(file);
    const take = `the weights in './weights.bin' must take ${bytes.length} bytes, but take`;
    for (const [wrong, found] of [
      [bytes.subarray(4), bytes.length - 4],
      [Buffer.concat([bytes, bytes.subarray(0, 4)]), 'more'],
    ] as const) {
      writeFileSync(file, wrong);
      await expectRefusal(path, `${take} ${found}`);
    }
    rmSync(file);
    await expectRefusal(path, "the file './weights.bin' is missing");
    mkdirSync(file);
    await expectRefusal(path, 'the path must be a file');
  });

  test.each<[string, (document: Document) => unknown, string | RegExp]>([
    [
      'a graph model',
      (document) => ({ ...document, format: 'graph-model' }),
      'is a graph model, which no longer has layers',
    ],
    ['a document without a topology', ({ weightsManifest }) => ({ weightsManifest }), 'it has no modelTopology'],
    ['a list', () => [1], 'it has no modelTopology'],
    ['null', () => 'null', 'it has no modelTopology'],
    [
      'a document without weights',
      ({ modelTopology }) => ({ modelTopology }),
      /model\.json: weightsManifest must be an array of groups/,
    ],
    [
      'an unknown layer',
      (document) => JSON.parse(JSON.stringify(document).replace('"Dense"', '"Denser"')),
      /cannot be built: Unknown layer: Denser/,
    ],
    [
      'weights of other shapes',
      (document) => JSON.parse(JSON.stringify(document).replace('"shape":[4,20]', '"shape":[20,4]')),
      'cannot be built: ',
    ],
    [
      'weights that are not named',
      ({ weightsManifest: [group] }) => void delete group.weights[0].name,
      'weights[0].name must be a string',
    ],
    [
      'a negative size',
      ({ weightsManifest: [group] }) => void Object.assign(group.weights[1], { shape: [-1, 3] }),
      'weights[1].shape must be an array of sizes',
    ],
    [
      'a size beyond all files',
      ({ weightsManifest: [group] }) => void Object.assign(group.weights[1], { shape: [1e9, 1e9] }),
      'weights[1].shape must be of a size',
    ],
    [
      'text among the weights',
      ({ weightsManifest: [group] }) => void Object.assign(group.weights[1], { dtype: 'string' }),
      'weights[1].dtype must be one of float32',
    ],
    [
      'an unknown quantization',
      ({ weightsManifest: [group] }) => void Object.assign(group.weights[1], { quantization: { dtype: 'int4' } }),
      'quantization.dtype must be one of float16',
    ],
    [
      'a quantization that is none',
      ({ weightsManifest: [group] }) => void Object.assign(group.weights[1], { quantization: 8 }),
      'quantization must be an object',
    ],
    [
      'two weights of one name',
      ({ weightsManifest: [group] }) => void Object.assign(group.weights[2], { name: group.weights[0].name }),
      /weightsManifest\[0\]\.weights\[2\]\.name must be different from '.*', the name of weightsManifest\[0\]\.weights\[0\]/,
    ],
    [
      'two weights of one name in two groups',
      ({ weightsManifest }) => void weightsManifest.push({ paths: ['x'], weights: [weightsManifest[0].weights[0]] }),
      'weightsManifest[1].weights[0].name must be different',
    ],
    [
      'a quantization without its scale',
      ({ weightsManifest: [group] }) =>
        void Object.assign(group.weights[1], { quantization: { dtype: 'uint8', min: 0 } }),
      'quantization.scale must be a finite number',
    ],
    [
      'a quantization whose offset is text',
      ({ weightsManifest: [group] }) =>
        void Object.assign(group.weights[1], { quantization: { dtype: 'uint16', min: '0', scale: 1 } }),
      'quantization.min must be a finite number',
    ],
    [
      'a training configuration that is none',
      (document) => ({ ...document, trainingConfig: 7 }),
      'trainingConfig must be',
    ],
    [
      'a circle of layers',
      ({ modelTopology }) => {
        const node = [['a', 0, 0, {}]];
        modelTopology.config = {
          name: 'm',
          layers: [{ class_name: 'Add', name: 'a', config: {}, inbound_nodes: [node] }],
        };
        modelTopology.class_name = 'Model';
      },
      "must be a graph without cycles: the input of 'a' is never computed",
    ],
    [
      'paths that are none',
      ({ weightsManifest: [group] }) => void Object.assign(group, { paths: [1] }),
      '[0].paths must be an array of file names',
    ],
    [
      'an empty path',
      ({ weightsManifest: [group] }) => void Object.assign(group, { paths: [''] }),
      '[0].paths must be an array of file names',
    ],
    [
      'groups that are none',
      (document) => void Object.assign(document, { weightsManifest: [7] }),
      '[0] must be an object',
    ],
    [
      'weights that are none',
      ({ weightsManifest: [group] }) => void Object.assign(group, { weights: {} }),
      '[0].weights must be an array of weights',
    ],
    [
      'a weight that is none',
      ({ weightsManifest: [group] }) => void group.weights.splice(2, 1, null),
      '[0].weights[2] must be an object',
    ],
  ])('refuses %s', async (_, change, message) => {
    await expectRefusal(changed(change), message);
  });

  test('refuses in bounded time what is nested too deep, or too large to be', async () => {
    const deep = changed(() => undefined);
    writeFileSync(deep, `{"modelTopology": ${'['.repeat(100_000)}`);
    await expectRefusal(deep, 'model.json: the document must not be nested deeper than 500');
    for (const units of [1e5, 1e7, 1e9, 1e15, -1, 0.5]) {
      await expectRefusal(
        changed((document) => JSON.parse(JSON.stringify(document).replaceAll('"units":5,', `"units":${units},`))),
        /cannot be built: /,
      );
    }
  });

  test('loads or refuses a changed model, and ends with nothing else', async () => {
    const text = readFileSync(folder.path('good', 'model.json'), 'utf8');
    const pieces = ['null', '-1', '1e9', '{}', '[]', '"__proto__"', '"', '}', 'true', '[[', '"lower"', '0'];
    const values = [...text.matchAll(/(?<=:)(?:"[^"]*"|[\w.-]+|\[[^[\]]*\])/g)];
    const change = fc.tuple(fc.nat(values.length - 1), fc.constantFrom(...pieces));
    const path = changed(() => undefined);
    const silent = jest.spyOn(console, 'warn').mockImplementation();
    await fc.assert(
      fc.asyncProperty(
        fc.array(change, { minLength: 1, maxLength: 2 }),
        fc.boolean(),
        fc.nat(text.length),
        async (changes, isCut, length) => {
          let document = text;
          for (const [at, piece] of changes.sort(([a], [b]) => b - a)) {
            const { 0: value, index } = values[at] as RegExpExecArray;
            document = document.slice(0, index) + piece + document.slice(index + value.length);
          }
          writeFileSync(path, isCut ? document.slice(0, length) : document);
          try {
            (await readModel(path, SILENT)).dispose();
          } catch (error) {
            expect([UserError, FileError]).toContain((error as Error).constructor);
          }
          expect(Object.keys(Object.prototype)).toEqual([]);
        },
      ),
      { numRuns: 150 },
    );
    silent.mockRestore();
  });

  test('refuses what is no model', async () => {
    await expectRefusal('README.md', "'README.md' is none of the formats that can be read: ");
    await expectRefusal(folder.path('none'), 'cannot be read: there is no such file');
    writeFileSync(folder.path('broken.json'), '{"a": ');
    await expectRefusal(folder.path('broken.json'), /broken\.json: the document must be JSON: /);
    writeFileSync(folder.path('bytes.json'), Buffer.from([0xff, 0xfe, 0xfd]));
    await expectRefusal(folder.path('bytes.json'), 'bytes.json: the document must be text in UTF-8');
  });
});
