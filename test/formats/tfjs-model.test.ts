import { FileError } from '../../src/formats/file-error.js';
import { readTfjsModel, writeTfjsModel } from '../../src/formats/tfjs-model.js';
import { readWeightManifest } from '../../src/formats/weight-manifest.js';

const kernel = (change: object = {}) => ({ name: 'kernel', shape: [2, 3], dtype: 'float32', ...change });
const group = (...weights: unknown[]) => ({ paths: ['a.bin', 'b.bin'], weights });

describe('readWeightManifest', () => {
  test('tells of each group its files, its weights and what they take', () => {
    const bias = { name: 'bias', shape: [5], dtype: 'int32' };
    const mask = { name: 'mask', shape: [], dtype: 'bool' };
    expect(readWeightManifest([group(kernel(), bias), { paths: [], weights: [mask] }])).toEqual([
      { paths: ['a.bin', 'b.bin'], weights: [kernel(), bias], bytes: 4 * 6 + 4 * 5 },
      { paths: [], weights: [mask], bytes: 1 },
    ]);
    expect(readWeightManifest([])).toEqual([]);
  });

  test.each([
    [undefined, 24],
    [{ dtype: 'float16' }, 12],
    [{ dtype: 'uint16', scale: 2, min: -1 }, 12],
    [{ dtype: 'uint8', scale: 0.5, min: 0 }, 6],
  ])('counts the bytes of what is stored as %j', (quantization, bytes) => {
    expect(readWeightManifest([group(kernel({ quantization }))])[0]?.bytes).toBe(bytes);
  });

  test('takes shapes with no element', () => {
    expect(readWeightManifest([group(kernel({ shape: [0, 3] }))])[0]?.bytes).toBe(0);
  });

  const WEIGHT = 'weightsManifest[0].weights[0]';
  test.each<[unknown, string]>([
    [undefined, 'weightsManifest must be an array of groups of weights'],
    [{}, 'weightsManifest must be an array of groups of weights'],
    [[null], 'weightsManifest[0] must be an object'],
    [[[]], 'weightsManifest[0] must be an object'],
    [[group(), 7], 'weightsManifest[1] must be an object'],
    [[{ weights: [] }], 'weightsManifest[0].paths must be an array of file names'],
    [[{ paths: 'a', weights: [] }], 'weightsManifest[0].paths must be an array of file names'],
    [[{ paths: ['a', ''], weights: [] }], 'weightsManifest[0].paths must be an array of file names'],
    [[{ paths: ['a', 1], weights: [] }], 'weightsManifest[0].paths must be an array of file names'],
    [[{ paths: ['a'] }], 'weightsManifest[0].weights must be an array of weights'],
    [[group(null)], `${WEIGHT} must be an object`],
    [[group([])], `${WEIGHT} must be an object`],
    [[group(kernel({ name: 1 }))], `${WEIGHT}.name must be a string`],
    [[group(kernel({ shape: 6 }))], `${WEIGHT}.shape must be an array of sizes`],
    [[group(kernel({ shape: [2, -1] }))], `${WEIGHT}.shape must be an array of sizes`],
    [[group(kernel({ shape: [2, 0.5] }))], `${WEIGHT}.shape must be an array of sizes`],
    [[group(kernel({ shape: [2, '3'] }))], `${WEIGHT}.shape must be an array of sizes`],
    [[group(kernel({ shape: [2 ** 30, 2 ** 30] }))], `${WEIGHT}.shape must be of a size that a file can have`],
    [[group(kernel({ dtype: 'string' }))], `${WEIGHT}.dtype must be one of float32, int32, bool`],
    [[group(kernel({ dtype: 'toString' }))], `${WEIGHT}.dtype must be one of float32, int32, bool`],
    [[group(kernel({ quantization: 8 }))], `${WEIGHT}.quantization must be an object`],
    [[group(kernel({ quantization: {} }))], `${WEIGHT}.quantization.dtype must be one of float16, uint16, uint8`],
    [
      [group(kernel({ quantization: { dtype: 'uint8', min: 0 } }))],
      `${WEIGHT}.quantization.scale must be a finite number`,
    ],
    [
      [group(kernel({ quantization: { dtype: 'uint16', scale: 1, min: null } }))],
      `${WEIGHT}.quantization.min must be a finite number`,
    ],
    [
      [group(kernel(), kernel())],
      `weightsManifest[0].weights[1].name must be different from 'kernel', the name of ${WEIGHT}`,
    ],
    [
      [group(kernel()), group(kernel({ shape: [1] }))],
      `weightsManifest[1].weights[0].name must be different from 'kernel', the name of ${WEIGHT}`,
    ],
    [
      [group(kernel({ shape: [2 ** 50] }), kernel({ name: 'b', shape: [2 ** 50] }), kernel({ name: 'c', shape: [1] }))],
      'weightsManifest[0] must be of a size that files can have',
    ],
  ])('refuses %j', (manifest, message) => {
    expect(() => readWeightManifest(manifest)).toThrow(new Error(message));
    expect(() => readWeightManifest(manifest)).toThrow(FileError);
  });
});

describe('readTfjsModel', () => {
  const document = (change: object = {}) => ({
    format: 'layers-model',
    modelTopology: { class_name: 'Sequential', config: {} },
    weightsManifest: [group(kernel())],
    ...change,
  });
  const read = (change?: object) => readTfjsModel(JSON.stringify(document(change)));

  test('gives the topology, how it was compiled, and where the weights are', () => {
    expect(read()).toEqual({
      generatedBy: null,
      convertedBy: null,
      modelTopology: { class_name: 'Sequential', config: {} },
      trainingConfig: null,
      weightGroups: [{ paths: ['a.bin', 'b.bin'], weights: [kernel()], bytes: 24 }],
    });
    expect(read({ trainingConfig: { loss: 'hinge' } }).trainingConfig).toEqual({ loss: 'hinge' });
    expect(read({ trainingConfig: null }).trainingConfig).toBeNull();
    expect(read({ generatedBy: 'keras', convertedBy: 7 })).toMatchObject({ generatedBy: 'keras', convertedBy: null });
  });

  test.each<[string, string]>([
    ['', 'the document must be JSON: Unexpected end of JSON input'],
    ['null', 'the document is not a model of TensorFlow.js: it has no modelTopology'],
    ['[]', 'the document is not a model of TensorFlow.js: it has no modelTopology'],
    ['7', 'the document is not a model of TensorFlow.js: it has no modelTopology'],
    [
      JSON.stringify(document({ modelTopology: 'm' })),
      'the document is not a model of TensorFlow.js: it has no modelTopology',
    ],
    [
      JSON.stringify(document({ modelTopology: null })),
      'the document is not a model of TensorFlow.js: it has no modelTopology',
    ],
    [
      JSON.stringify(document({ format: 'graph-model' })),
      'the model is a graph model, which no longer has layers; convert the original with --output_format=tfjs_layers_model',
    ],
    [JSON.stringify(document({ trainingConfig: 'sgd' })), 'trainingConfig must be an object'],
    [JSON.stringify(document({ weightsManifest: undefined })), 'weightsManifest must be an array of groups of weights'],
    [
      JSON.stringify(document({ modelTopology: { layers: [{ name: 'a', inbound_nodes: [[['a', 0]]] }] } })),
      "modelTopology.layers must be a graph without cycles: the input of 'a' is never computed",
    ],
  ])('refuses %s', (text, message) => {
    expect(() => readTfjsModel(text)).toThrow(new Error(message));
    expect(() => readTfjsModel(text)).toThrow(FileError);
  });
});

describe('writeTfjsModel', () => {
  test('writes what is read again', () => {
    const modelTopology = { class_name: 'Sequential', config: { name: 'm' } };
    const weightSpecs = [kernel(), kernel({ name: 'bias', shape: [3] })];
    const weightData = Uint8Array.from({ length: 36 }, (_, n) => n);
    const files = writeTfjsModel({ generatedBy: 'a test', modelTopology, weightSpecs, weightData });
    expect(readTfjsModel(files['model.json'])).toEqual({
      generatedBy: 'a test',
      convertedBy: null,
      modelTopology,
      trainingConfig: null,
      weightGroups: [{ paths: ['weights.bin'], weights: weightSpecs, bytes: 36 }],
    });
    expect(files['weights.bin']).toEqual(weightData);
  });
});
