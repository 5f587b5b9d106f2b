import * as tf from '@tensorflow/tfjs';
import { FileError, loadKeras } from '../../../src/convert/index.js';
import { readZip, writeZip } from '../../../src/formats/zip.js';
import { modelFile } from '../../support/model-fixtures.js';

type Json = Record<string, unknown>;

const NAMES = ['config.json', 'metadata.json', 'model.weights.h5'];

/** A model of Keras's with another config. */
function changed(name: string, change: (config: Json) => unknown): Uint8Array {
  const archive = readZip(modelFile('keras/keras-3.15.1', `${name}.keras`));
  const config = JSON.parse(new TextDecoder().decode(archive.read('config.json')));
  const text = change(config) ?? JSON.stringify(config);
  const entries = NAMES.map((entry): [string, Uint8Array] => [
    entry,
    entry === 'config.json' ? new TextEncoder().encode(String(text)) : archive.read(entry),
  ]);
  return writeZip(entries);
}

const layersOf = (config: Json) => (config.config as Json).layers as Json[];

/** The error of a file that is refused; nothing of it may be left. */
async function refusal(bytes: Uint8Array): Promise<FileError> {
  const before = tf.memory().numTensors;
  const error = await loadKeras(bytes, { onNote: () => {} }).catch((thrown) => thrown);
  expect(error).toBeInstanceOf(FileError);
  expect(tf.memory().numTensors).toBe(before);
  return error as FileError;
}

/** A number in [0, 1) after the other, the same in every run. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

describe('a config that asks for more memory than the file has weights', () => {
  test.each([
    ['sequential', 'LSTM', 'units', 20_000_000],
    ['masked-embedding', 'Embedding', 'input_dim', 30_000_000],
    ['sequential', 'Dense', 'units', 2 ** 40],
  ])('%s: %s of %s %d is refused before it is made', async (name, className, key, value) => {
    const bytes = changed(name, (config) => {
      const layer = layersOf(config).find(({ class_name }) => class_name === className) as Json;
      (layer.config as Json)[key] = value;
    });
    const before = process.memoryUsage().arrayBuffers;
    expect((await refusal(bytes)).message).toMatch(/must have the shape/);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 24);
  });
});

describe('a graph that is none', () => {
  test('a layer that is called on what comes out of it is refused', async () => {
    const bytes = changed('encoder-decoder', (config) => {
      const words = JSON.stringify(config).replaceAll('["source_words",0,0]', '["decoder",0,0]');
      return words.replaceAll('["target_words",0,0]', '["words",0,0]');
    });
    expect((await refusal(bytes)).message).toMatch(/cycle/);
  });

  test('a layer that is not there is named', async () => {
    const bytes = changed('encoder-decoder', (config) =>
      JSON.stringify(config).replaceAll('["encoder",0,1]', '["__proto__",0,1]'),
    );
    expect((await refusal(bytes)).message).toMatch(/'__proto__'/);
  });

  test('a layer within a masked Bidirectional that is not there is named', async () => {
    const bytes = changed('bidirectional', (config) => {
      for (const layer of layersOf(config)) delete ((layer.config ?? {}) as Json).layer;
    });
    expect((await refusal(bytes)).message).toMatch(/\(Bidirectional\): layer must be an object, got undefined/);
  });

  test('two layers of one name are refused', async () => {
    const bytes = changed('encoder-decoder', (config) => {
      (layersOf(config)[1] as Json).name = layersOf(config)[0]?.name;
    });
    expect((await refusal(bytes)).message).toMatch(/name of another layer/);
  });

  test('models within models without end are refused', async () => {
    const bytes = changed('sequential', () => {
      const open = '{"class_name":"Sequential","config":{"layers":[';
      return open.repeat(5000) + ']}}'.repeat(5000);
    });
    await refusal(bytes);
  });
});

test('a key that is the prototype of objects does nothing', async () => {
  const bytes = changed('sequential', (config) =>
    JSON.stringify(config).replace('"units"', '"__proto__": {"units": 7}, "units"'),
  );
  const error = await loadKeras(bytes, { onNote: () => {} }).catch((thrown) => thrown);
  expect(error).toBeInstanceOf(FileError);
  expect(({} as Json).units).toBeUndefined();
});

const VALUES: unknown[] = [
  null,
  -1,
  0,
  1,
  2 ** 31,
  1e300,
  0.5,
  '',
  'x',
  '__proto__',
  'constructor',
  true,
  [],
  {},
  [[]],
  [null],
];

/** All places in a document, with what holds them. */
function placesIn(value: unknown, found: { holder: Json; key: string }[] = []): { holder: Json; key: string }[] {
  if (typeof value !== 'object' || value === null) return found;
  for (const key of Object.keys(value)) {
    found.push({ holder: value as Json, key });
    placesIn((value as Json)[key], found);
  }
  return found;
}

test.each([
  'sequential',
  'encoder-decoder',
  'bidirectional',
  'nested-and-shared',
  'cells',
  'gru',
  'slices',
  'merged-masks',
])('whatever is changed in the config of %s, it loads or it is refused', async (name) => {
  const next = random(name.length * 7919);
  const pick = <Item>(items: Item[]): Item => items[Math.floor(next() * items.length)] as Item;
  for (let run = 0; run < 60; run++) {
    const bytes = changed(name, (config) => {
      for (let count = 0; count <= next() * 2; count++) {
        const places = placesIn(config);
        const { holder, key } = pick(places);
        const other = pick(places);
        const kind = next();
        if (kind < 0.5) holder[key] = pick(VALUES);
        else if (kind < 0.8) holder[key] = structuredClone(other.holder[other.key]);
        else if (Array.isArray(holder)) holder.splice(Number(key), 1);
        else delete holder[key];
      }
    });
    const known = new Set(Object.values(tf.engine().registeredVariables));
    const error = await loadKeras(bytes, { onNote: () => {} }).then(
      () => null,
      (thrown) => thrown,
    );
    if (error !== null && !(error instanceof FileError)) throw error;
    const left = Object.values(tf.engine().registeredVariables).filter((variable) => !known.has(variable));
    if (error !== null) expect(left).toHaveLength(0);
    for (const variable of left) variable.dispose();
  }
});
