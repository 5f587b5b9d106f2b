import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { loadKeras, saveKeras } from '../../../src/convert/index.js';
import { readZip } from '../../../src/formats/zip.js';
import { KERAS_DEFAULTS, lstm, lstmCell } from '../../../src/index.js';
import { gruCell, peepholeCell } from '../../../src/variants/index.js';
import { modelFile, modelFixtures, tensorOf } from '../../support/model-fixtures.js';
import { randomizeWeights, randomTensor } from '../../support/random.js';
import { deviation } from './deviation.js';

// Of random biases too, in which swapped gates show.
const RANDOM = { recurrentInitializer: 'glorotNormal', biasInitializer: 'randomNormal' } as const;
const KERAS = { ...KERAS_DEFAULTS, ...RANDOM };

type Call = tf.SymbolicTensor;
const dense = (units: number) => tf.layers.dense({ units, biasInitializer: 'randomNormal' });
const functional = (inputs: Call | Call[], outputs: unknown, name?: string) =>
  tf.model({ inputs, outputs: outputs as Call, ...(name === undefined ? {} : { name }) });
const sequential = (...layers: unknown[]) => tf.sequential({ layers: layers as tf.layers.Layer[] });
const words = () => tf.input({ shape: [4], dtype: 'int32' });
const series = () => tf.input({ shape: [4, 2] });
const embedded = (input: Call) =>
  tf.layers.embedding({ inputDim: 6, outputDim: 3, maskZero: true }).apply(input) as Call;

function encoderDecoder(make: (input: Call) => Call, inputs: [Call, Call]): tf.LayersModel {
  const [, h, c] = lstm({ ...KERAS, units: 3, returnState: true }).apply(make(inputs[0])) as Call[];
  const y = tf.layers.lstm({ ...RANDOM, units: 3, returnSequences: true }).apply(make(inputs[1]), {
    initialState: [h, c],
  } as never);
  return functional(inputs, dense(2).apply(y as Call));
}

const MODELS: Record<string, () => tf.LayersModel> = {
  'explicit-and-built-in': () =>
    sequential(
      lstm({ ...KERAS, units: 3, inputShape: [4, 2], returnSequences: true }),
      tf.layers.lstm({ ...RANDOM, units: 2, goBackwards: true }),
      tf.layers.dense({ units: 2, activation: 'softmax', kernelRegularizer: 'l1l2' }),
    ),
  bidirectional: () =>
    sequential(
      tf.layers.bidirectional({
        layer: lstm({ ...KERAS, units: 3, returnSequences: true }) as tf.RNN,
        mergeMode: 'concat',
        inputShape: [4, 2],
      }),
      tf.layers.bidirectional({ layer: tf.layers.lstm({ ...RANDOM, units: 2 }) as tf.RNN, mergeMode: 'sum' }),
    ),
  'time-distributed': () =>
    sequential(
      lstm({ ...KERAS, units: 3, inputShape: [4, 2], returnSequences: true }),
      tf.layers.timeDistributed({ layer: dense(2) }),
      tf.layers.globalMaxPooling1d({} as never),
    ),
  'stacked-cells': () => {
    const cell = [lstmCell({ ...KERAS, units: 3 }), tf.layers.lstmCell({ ...RANDOM, units: 2 })] as never;
    return sequential(tf.layers.rnn({ cell, inputShape: [4, 2] }));
  },
  'one-cell': () => sequential(tf.layers.rnn({ cell: lstmCell({ ...RANDOM, units: 3 }) as never, inputShape: [4, 2] })),
  'encoder-decoder': () => encoderDecoder((input) => input, [series(), series()]),
  'masked-encoder-decoder': () => encoderDecoder(embedded, [words(), words()]),
  'nested-and-shared': () => {
    const input = series();
    const inner = sequential(lstm({ ...KERAS, units: 3, inputShape: [4, 2] }));
    const x = tf.input({ shape: [3] });
    const head = functional(x, dense(3).apply(x), 'head');
    const shared = dense(2);
    const y = inner.apply(input) as Call;
    const z = head.apply(y) as Call;
    return functional(input, [shared.apply(y), shared.apply(z), head.apply(z)]);
  },
  'other-recurrent': () =>
    sequential(
      tf.layers.gru({ ...RANDOM, units: 3, inputShape: [4, 2], returnSequences: true }),
      lstm({ cell: gruCell({ ...RANDOM, units: 3 }), returnSequences: true }),
      lstm({ cell: gruCell({ ...RANDOM, units: 3, resetAfter: false }), returnSequences: true }),
      tf.layers.simpleRNN({ ...RANDOM, units: 2 }),
    ),
  'masked-words': () =>
    sequential(
      tf.layers.embedding({ inputDim: 6, outputDim: 3, maskZero: true, inputLength: 4 }),
      lstm({ ...KERAS, units: 3 }),
      tf.layers.batchNormalization(),
      tf.layers.dropout({ rate: 0.2 }),
      tf.layers.dense({ units: 1, activation: 'hardSigmoid' }),
    ),
};

function inputsOf(model: tf.LayersModel): tf.Tensor[] {
  return model.inputs.map(({ dtype, shape }, index) => {
    if (dtype === 'int32') return tf.tensor2d([1, 2, 0, 0, 3, 4, 1 + index, 0], [2, 4], 'int32');
    const isWords = model.layers.some((layer) => layer.getClassName() === 'Embedding');
    return isWords
      ? tf.tensor2d([1, 2, 0, 0, 3, 4, 1, 0], [2, 4])
      : randomTensor([2, ...(shape.slice(1) as number[])], 30 + index);
  });
}

function predict(model: tf.LayersModel, inputs: tf.Tensor[]): tf.Tensor[] {
  return [model.predict(inputs.length === 1 ? (inputs[0] as tf.Tensor) : inputs)].flat();
}

const plain = (tensors: tf.Tensor[]) =>
  tensors.map((tensor) => ({ shape: tensor.shape, dtype: tensor.dtype, values: Array.from(tensor.dataSync()) }));

/** For real Keras: fixtures/models/keras/check_saved.py. */
function keepForKeras(name: string, bytes: Uint8Array, inputs: tf.Tensor[], outputs: tf.Tensor[]): void {
  const folder = process.env.KERAS_FOLDER;
  if (folder === undefined) return;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${name}.keras`), bytes);
  writeFileSync(join(folder, `${name}.json`), JSON.stringify({ inputs: plain(inputs), outputs: plain(outputs) }));
}

const quiet = { onNote: () => {} };

/** All but a leaky activation within a layer and padding, which are one layer for several of Keras's here. */
const LOADED = modelFixtures('keras').filter(
  ({ folder, name }) => folder.endsWith('keras-3.15.1') && !['activation-layers', 'shapes'].includes(name),
);

/** Rounding, of weights that are multiplied and of sums in another order. */
const TOLERANCE = 2e-6;

describe('saveKeras', () => {
  test.each(Object.keys(MODELS))('writes a model that loadKeras reads and that predicts the same: %s', async (name) => {
    const model = (MODELS[name] as () => tf.LayersModel)();
    // Not the variances of a normalization, which are positive.
    randomizeWeights({ weights: model.trainableWeights }, 1);
    const inputs = inputsOf(model);
    const outputs = predict(model, inputs);
    const before = tf.memory().numTensors;
    const bytes = await saveKeras(model, quiet);
    expect(tf.memory().numTensors).toBe(before);
    const again = await loadKeras(bytes, quiet);
    const differences = predict(again, inputs).map(
      (y, n) => tf.max(tf.abs(tf.sub(y, outputs[n] as tf.Tensor))).dataSync()[0],
    );
    expect(Math.max(...(differences as number[]))).toBeLessThan(TOLERANCE);
    expect(differences).toHaveLength(outputs.length);
    keepForKeras(name, bytes, inputs, outputs);
  });

  test.each(LOADED)('writes what it was given by loadKeras: $name', async (fixture) => {
    const model = await loadKeras(modelFile(fixture.folder, `${fixture.name}.keras`), quiet);
    const before = tf.memory().numTensors;
    const bytes = await saveKeras(model, quiet);
    expect(tf.memory().numTensors).toBe(before);
    expect(deviation(await loadKeras(bytes, quiet), fixture)).toBeLessThan(fixture.tolerance ?? 1e-5);
    const inputs = (fixture.calls[0]?.inputs ?? []).map(tensorOf);
    model.resetStates();
    keepForKeras(`loaded-${fixture.name}`, bytes, inputs, predict(model, inputs));
  });

  test('writes the three entries that Keras reads', async () => {
    const archive = readZip(await saveKeras(sequential(lstm({ ...KERAS, units: 2, inputShape: [3, 1] }))));
    expect(archive.names).toEqual(['metadata.json', 'config.json', 'model.weights.h5']);
    const document = JSON.parse(new TextDecoder().decode(archive.read('config.json')));
    expect(document).toMatchObject({ module: 'keras', class_name: 'Sequential' });
    expect(document.config.layers.map((layer: { class_name: string }) => layer.class_name)).toEqual([
      'InputLayer',
      'LSTM',
    ]);
  });

  test("tells of tfjs's hard sigmoid, and of nothing else", async () => {
    const notes: string[] = [];
    const onNote = (note: string) => notes.push(note);
    await saveKeras(sequential(lstm({ ...KERAS, units: 2, inputShape: [3, 1] })), { onNote });
    expect(notes).toEqual([]);
    await saveKeras(sequential(tf.layers.lstm({ units: 2, inputShape: [3, 1], name: 'old' })), { onNote });
    expect(notes).toHaveLength(1);
    expect(notes[0]).toMatch(/^saveKeras: the hard sigmoid of 'old' is tfjs's 0\.2x \+ 0\.5, which Keras 3 lacks/);
  });

  test.each<[string, () => unknown, string]>([
    [
      'a cell of the variants',
      () => lstm({ cell: peepholeCell({ units: 2 }), inputShape: [3, 1] }),
      'every layer must be one that Keras has',
    ],
    [
      'zoneout',
      () => lstm({ units: 2, zoneout: 0.1, inputShape: [3, 1] }),
      'zoneout must be one that Keras has, got 0.1',
    ],
    [
      'a hard sigmoid where no weights are before it',
      () => lstm({ units: 2, activation: 'hardSigmoid', inputShape: [3, 1] }),
      'activation must be one that Keras 3 has, which 0.2x + 0.5 is not',
    ],
  ])('refuses %s by name', async (_, make, message) => {
    const model = sequential(make());
    await expect(saveKeras(model)).rejects.toThrow(message);
    await expect(saveKeras(model)).rejects.toThrow(RangeError);
    await expect(saveKeras(model)).rejects.toThrow((model.layers[0] as tf.layers.Layer).name);
  });

  test('refuses a call that tfjs gives the mask of an earlier layer', async () => {
    const model = sequential(
      tf.layers.embedding({ inputDim: 6, outputDim: 3, maskZero: true, inputLength: 4 }),
      tf.layers.conv1d({ filters: 2, kernelSize: 1 }),
      lstm({ ...KERAS, units: 3 }),
    );
    await expect(saveKeras(model)).rejects.toThrow('tfjs gives it that of an earlier layer');
  });

  test('refuses two directions that repeat outputs at the masked steps of sequences of any length', async () => {
    const model = sequential(
      tf.layers.embedding({ inputDim: 6, outputDim: 3, maskZero: true, batchInputShape: [null, null] }),
      tf.layers.bidirectional({ layer: lstm({ ...KERAS, units: 3, returnSequences: true }) as tf.RNN }),
    );
    await expect(saveKeras(model)).rejects.toThrow('give the LSTM within zeroOutputForMask, or the input a length');
  });

  test.each([[undefined], [{}], [tf.layers.dense({ units: 1 })]])('refuses what is no model: %p', async (model) => {
    await expect(saveKeras(model as never)).rejects.toThrow('saveKeras: model must be a tf.LayersModel');
  });

  test('refuses a model that has no input yet, and misspelt options', async () => {
    await expect(saveKeras(tf.sequential())).rejects.toThrow('model must be built: give its first layer an inputShape');
    await expect(saveKeras(MODELS['one-cell']?.() as tf.LayersModel, { onNotes: 1 } as never)).rejects.toThrow(
      "spelt 'onNote'",
    );
  });
});
