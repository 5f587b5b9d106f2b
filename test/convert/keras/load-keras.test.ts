import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { FileError, loadKeras } from '../../../src/convert/index.js';
import { lstm } from '../../../src/index.js';
import { modelFile, modelFixtures, modelPath } from '../../support/model-fixtures.js';
import { randomTensor } from '../../support/random.js';
import { deviation } from './deviation.js';

const FIXTURES = modelFixtures('keras');
const FILES = FIXTURES.flatMap((fixture) => fixture.files.map((file) => ({ ...fixture, file })));
const isStored = (folder: string) => folder.includes('tensorflowjs');

function source(folder: string, file: string): string | Uint8Array {
  return isStored(folder) ? modelPath(folder, file) : modelFile(folder, file);
}

const quiet = { onNote: () => {} };

test.each(FILES)('$folder/$file computes what it computed in Keras', async ({ file, ...fixture }) => {
  const model = await loadKeras(source(fixture.folder, file), quiet);
  expect(deviation(model, fixture)).toBeLessThan(fixture.tolerance ?? 1e-5);
  model.dispose();
});

/** What `model.save` hands to a handler. */
async function saved(model: tf.LayersModel): Promise<tf.io.ModelArtifacts> {
  let artifacts: tf.io.ModelArtifacts = {};
  await model.save(
    tf.io.withSaveHandler(async (given) => {
      artifacts = given;
      return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } };
    }),
  );
  return artifacts;
}

// tfjs holds the weights that it loads to their constraints, which those of 'regularizers' break. And its own Bidirectional
// hands on the states that it is given, from which loadKeras keeps the layers that it makes of 'states-both-ways'.
const NOT_SAVED = ['regularizers', 'states-both-ways'];
const SAVED = FILES.filter(
  ({ folder, file, name }) => folder.endsWith('keras-3.15.1') && file.endsWith('.keras') && !NOT_SAVED.includes(name),
);

test.each(SAVED)('$file, once loaded, is saved and loaded by tfjs as any other model', async ({ file, ...fixture }) => {
  const model = await loadKeras(modelFile(fixture.folder, file), quiet);
  const artifacts = await saved(model);
  const again = await tf.loadLayersModel(tf.io.fromMemory(artifacts));
  expect(deviation(again, fixture)).toBeLessThan(fixture.tolerance ?? 1e-5);
  for (const disposed of [model, again]) disposed.dispose();
});

test('a model that tfjs saved is opened with explicit LSTMs', async () => {
  const original = tf.sequential({
    layers: [tf.layers.lstm({ units: 3, inputShape: [4, 2] }), tf.layers.dense({ units: 2 })],
  });
  const artifacts = await saved(original);
  const folder = mkdtempSync(join(tmpdir(), 'load-keras-'));
  const weightsManifest = [{ paths: ['weights.bin'], weights: artifacts.weightSpecs }];
  writeFileSync(
    join(folder, 'model.json'),
    JSON.stringify({ modelTopology: artifacts.modelTopology, weightsManifest }),
  );
  writeFileSync(join(folder, 'weights.bin'), new Uint8Array(artifacts.weightData as ArrayBuffer));
  const model = await loadKeras(join(folder, 'model.json'), quiet);
  rmSync(folder, { recursive: true });
  expect(model.layers[0]?.getClassName()).toBe(lstm({ units: 1 }).getClassName());
  const x = randomTensor([2, 4, 2], 1);
  const [expected, computed] = [original, model].map((each) => [...(each.predict(x) as tf.Tensor).dataSync()]);
  for (const [n, value] of (expected as number[]).entries()) expect((computed as number[])[n]).toBeCloseTo(value, 5);
  for (const disposed of [original, model, x]) disposed.dispose();
});

test('a name that tfjs does not allow is changed, and a note says so', async () => {
  const notes: string[] = [];
  const model = await loadKeras(modelFile('keras/keras-3.15.1', 'names.keras'), { onNote: (note) => notes.push(note) });
  expect(notes.join('\n')).toMatch(/layer 'my lstm' \(LSTM\) is called 'my_lstm_1' here/);
  expect(model.getLayer('my_lstm_1').getClassName()).toBe('ExplicitLSTM');
  model.dispose();
});

interface Refused {
  models: { file: string; words: string[] }[];
}
const REFUSED: Refused = JSON.parse(readFileSync(modelPath('keras/refused', 'refused.json'), 'utf8'));

test.each(REFUSED.models)('$file is refused by name, and nothing is left of it', async ({ file, words }) => {
  const before = tf.memory().numTensors;
  const error = await loadKeras(modelFile('keras/refused', file), quiet).catch((thrown) => thrown);
  expect(error).toBeInstanceOf(FileError);
  for (const word of words) expect(error.message).toContain(word);
  expect(error.advice).toBeTruthy();
  expect(tf.memory().numTensors).toBe(before);
});

test('options that break their rule are refused', async () => {
  await expect(loadKeras(new Uint8Array(4), { maxBytes: -1 })).rejects.toThrow(RangeError);
  await expect(loadKeras(new Uint8Array(4), { hardSigmoid: 'keras4' as 'keras3' })).rejects.toThrow(RangeError);
  await expect(loadKeras(7 as never)).rejects.toThrow(RangeError);
});

test('what is of none of the formats, and what is too long, is refused', async () => {
  await expect(loadKeras(new Uint8Array([1, 2, 3, 4]))).rejects.toThrow(FileError);
  await expect(loadKeras(modelFile('keras/keras-3.15.1', 'gru.keras'), { maxBytes: 1000 })).rejects.toThrow(/maxBytes/);
});
