import { writeFile } from 'node:fs/promises';
import * as tf from '@tensorflow/tfjs';
import { type LSTM, lstm } from '../../../src/index.js';
import { gateStatistics, gradientFlow } from '../../../src/inspect/index.js';
import type { Fixture } from '../../../src/testing/index.js';
import { kerasFixture } from '../../support/keras-fixtures.js';
import { randomizeWeights, randomTensor } from '../../support/random.js';

const [B, T, D, U] = [3, 6, 4, 5];

export const FIXTURE = 'returns-sequences';
// Read at once, as the examples run in another folder.
const fixture = kerasFixture(FIXTURE);

/** A compiled model of three LSTMs side by side; `lstm_1` has the weights of the fixture. */
function exampleModel(): tf.LayersModel {
  const input = tf.input({ shape: [T, D] });
  const args = { units: U, recurrentActivation: 'sigmoid', returnSequences: true } as const;
  const read = ['lstm_1', 'lstm', 'encoder'].map(
    (name) => tf.layers.lstm({ ...args, name }).apply(input) as tf.SymbolicTensor,
  );
  const last = tf.layers.globalAveragePooling1d({}).apply(tf.layers.concatenate().apply(read));
  const answer = tf.layers.dense({ units: 2, activation: 'softmax' }).apply(last) as tf.SymbolicTensor;
  const model = tf.model({ inputs: input, outputs: answer });
  randomizeWeights(model, 1);
  const weights = fixture.weights.map(({ values, shape }) => tf.tensor(values, shape));
  model.getLayer('lstm_1').setWeights(weights);
  model.compile({ loss: 'categoricalCrossentropy', optimizer: 'adam' });
  return model;
}

function exampleLayer(): LSTM {
  const layer = lstm({ units: 20, inputShape: [T, D] });
  layer.apply(tf.zeros([B, T, D]));
  randomizeWeights(layer, 4);
  return layer;
}

const meanSquare = (h: tf.Tensor3D): tf.Scalar => tf.mean(tf.square(h));

const y = () => tf.oneHot(tf.tensor1d([0, 1, 0], 'int32'), 2);

const statistics = () => gateStatistics(exampleLayer().trace(x()));

const x = (): tf.Tensor3D => randomTensor<tf.Rank.R3>([B, T, D], 2);

/**
 * What the examples use without saying what it is, by name: made afresh for each. Whatever the package exports is
 * imported for them, and so is `tf`.
 */
export const EXAMPLE_CONTEXT = {
  batches: () => [x(), x()],
  expected: () => exampleModel().predict(x()) as tf.Tensor,
  fixture: (): Fixture => fixture,
  flow: () => gradientFlow(exampleLayer(), x(), meanSquare),
  layer: exampleLayer,
  model: exampleModel,
  loss: () => meanSquare,
  someX: x,
  someY: y,
  statistics,
  statistics1: statistics,
  statistics2: statistics,
  T: () => T,
  // As many characters as the sequences have timesteps.
  text: () => 'a text',
  trace: () => exampleLayer().trace(x()),
  trained: () => exampleLayer().trace(x()),
  untrained: () => exampleLayer().trace(x()),
  writeFile: () => writeFile,
  x,
  y,
};

/** Saves a model as `model.json`, for examples that load one; needs tfjs-node. */
export async function saveExampleModel(folder: string): Promise<void> {
  const model = exampleModel();
  await model.save(`file://${folder}`, { includeOptimizer: true });
  model.dispose();
}
