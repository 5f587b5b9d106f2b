import * as tf from '@tensorflow/tfjs';
import { loadKeras, loadKerasWeights, saveKeras, toBuiltIn } from '../../../src/convert/index.js';
import { FileError } from '../../../src/formats/file-error.js';
import { assignUnconstrained } from '../../../src/host/constrained-weight.js';
import { KERAS_DEFAULTS, lstm } from '../../../src/index.js';
import { type ModelFixture, modelFile, modelFixtures, tensorOf } from '../../support/model-fixtures.js';
import { randomizeWeights, randomTensor } from '../../support/random.js';

const silent = { onNote: () => {} };
const TOLERANCE = 1e-5;

/** A file of weights, and one of the whole model. */
const FILES = modelFixtures('keras')
  // What was an RNN over a cell is an LSTM here, which has its weights elsewhere.
  .filter(({ name, files }) => files.length > 0 && /^(sequential|bidirectional|nested-and-shared)$/.test(name))
  .flatMap((fixture) => fixture.weights.map((weights) => [`${fixture.folder} ${weights}`, fixture, weights] as const));

function zeroed(model: tf.LayersModel): tf.LayersModel {
  for (const weight of model.weights) {
    const variable = weight.read() as tf.Variable;
    variable.assign(tf.zeros(variable.shape, variable.dtype));
  }
  return model;
}

function largestDifference(model: tf.LayersModel, { calls }: ModelFixture): number {
  const [{ inputs, outputs }] = calls as [ModelFixture['calls'][number]];
  const tensors = inputs.map(tensorOf);
  const found = [model.predict(tensors.length === 1 ? (tensors[0] as tf.Tensor) : tensors)].flat();
  return Math.max(
    ...found.map((y, n) => tf.max(tf.abs(tf.sub(y, tensorOf(outputs[n] as never)))).dataSync()[0] as number),
  );
}

describe('loadKerasWeights', () => {
  test('is tried with both layouts', () => {
    expect(FILES.filter(([name]) => name.includes('legacy')).length).toBeGreaterThan(3);
    expect(FILES.filter(([name]) => !name.includes('legacy')).length).toBeGreaterThan(3);
  });

  test.each(FILES)('gives a model the weights of %s', async (_, fixture, weights) => {
    const model = zeroed(await loadKeras(modelFile(fixture.folder, fixture.files[0] as string), silent));
    expect(largestDifference(model, fixture)).toBeGreaterThan(TOLERANCE);
    const before = tf.memory().numTensors;
    await loadKerasWeights(model, modelFile(fixture.folder, weights));
    expect(tf.memory().numTensors).toBe(before);
    expect(largestDifference(model, fixture)).toBeLessThan(TOLERANCE);
  });

  const make = () =>
    tf.sequential({
      layers: [
        lstm({ ...KERAS_DEFAULTS, units: 3, inputShape: [4, 2], returnSequences: true }),
        lstm({ ...KERAS_DEFAULTS, units: 2, biasInitializer: 'randomNormal' }),
        tf.layers.dense({ units: 2, kernelConstraint: tf.constraints.maxNorm({ maxValue: 0.01 }) }),
      ] as tf.layers.Layer[],
    });

  test('gives built-in LSTMs, and weights that a constraint would change, what the file has', async () => {
    const model = make();
    for (const [n, weight] of model.layers.flatMap(({ weights }) => weights).entries()) {
      assignUnconstrained(weight, randomTensor(weight.shape as number[], n + 1));
    }
    const other = toBuiltIn(make());
    await loadKerasWeights(other, await saveKeras(model, silent));
    const x = randomTensor([2, 4, 2], 20);
    const [a, b] = [model, other].map((one) => (one.predict(x) as tf.Tensor).dataSync());
    for (const [n, value] of (b as Float32Array).entries()) expect(value).toBeCloseTo(a?.[n] as number, 6);
    expect(Math.max(...(a as Float32Array).map(Math.abs))).toBeGreaterThan(0.1);
  });

  test.each(['keras2', 'keras3'] as const)(
    "scales the weights where its hard sigmoid is not %s's",
    async (hardSigmoid) => {
      const of = { keras2: 'hardSigmoid', keras3: 'hardSigmoidKeras3' } as const;
      const layer = (name: 'keras2' | 'keras3') =>
        tf.sequential({
          layers: [
            lstm({ units: 3, biasInitializer: 'randomNormal', recurrentActivation: of[name], inputShape: [4, 2] }),
            tf.layers.dense({ units: 2, activation: of[name] as never, biasInitializer: 'randomNormal' }),
          ] as tf.layers.Layer[],
        });
      const trained = layer(hardSigmoid);
      randomizeWeights(trained, 1);
      // A file has weights only, which a model of Keras 3's function saves as they are.
      const carrier = layer('keras3');
      carrier.setWeights(trained.getWeights());
      const file = await saveKeras(carrier, silent);
      const x = randomTensor([5, 4, 2], 2);
      const expected = Array.from((trained.predict(x) as tf.Tensor).dataSync());
      for (const name of ['keras2', 'keras3'] as const) {
        const model = layer(name);
        await loadKerasWeights(model, file, { hardSigmoid });
        for (const [n, value] of (model.predict(x) as tf.Tensor).dataSync().entries()) {
          expect(value).toBeCloseTo(expected[n] as number, 5);
        }
      }
    },
  );

  test('changes nothing where one weight is not the same', async () => {
    const file = await saveKeras(make(), silent);
    const model = tf.sequential({
      layers: [
        lstm({ units: 3, inputShape: [4, 2], returnSequences: true }),
        lstm({ units: 2 }),
        tf.layers.dense({ units: 3 }),
      ] as tf.layers.Layer[],
    });
    const before = model.getWeights().map((weight) => Array.from(weight.dataSync()));
    const attempt = loadKerasWeights(model, file);
    await expect(attempt).rejects.toThrow(FileError);
    await expect(attempt).rejects.toThrow(
      'must be of the shape [2, 3] in the file, as the model has it, but is [2, 2]',
    );
    expect(model.getWeights().map((weight) => Array.from(weight.dataSync()))).toEqual(before);
  });

  test('computes what the CuDNN layers computed', async () => {
    const fixture = modelFixtures('keras').find(({ name, folder }) => name === 'cudnn' && folder.includes('2.3.1'));
    const { folder, weights } = fixture as ModelFixture;
    const layers = [
      tf.layers.bidirectional({
        layer: lstm({ ...KERAS_DEFAULTS, units: 3, returnSequences: true }) as tf.RNN,
        mergeMode: 'concat',
        inputShape: [4, 3],
      }),
      tf.layers.lstm({ units: 2, recurrentActivation: 'sigmoid', returnSequences: true }),
    ];
    const model = tf.sequential({ layers });
    // The file has a GRU as well, whose weights no layer of tfjs takes.
    await expect(loadKerasWeights(model, modelFile(folder, weights[0] as string))).rejects.toThrow(
      'has weights of 3 layers, but the model has 2 with weights',
    );
  });

  test.each<[unknown, string]>([
    [undefined, 'model must be a tf.LayersModel'],
    [tf.sequential(), 'model must be built'],
  ])('refuses what is no model, or not built', async (model, message) => {
    await expect(loadKerasWeights(model as never, new Uint8Array(3))).rejects.toThrow(`loadKerasWeights: ${message}`);
  });

  test('refuses files that are none, and options that break their rule', async () => {
    await expect(loadKerasWeights(make(), new Uint8Array(30))).rejects.toThrow(
      'the bytes: the file is not an HDF5 file',
    );
    const attempt = loadKerasWeights(make(), new Uint8Array(30), { hardSigmoid: 'keras1' } as never);
    await expect(attempt).rejects.toThrow("hardSigmoid must be 'keras2' or 'keras3'");
  });
});
