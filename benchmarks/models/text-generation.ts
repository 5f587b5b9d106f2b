import * as tf from '@tensorflow/tfjs';
import { drawOneHot, type ExampleModel, RECURRENT_INITIALIZER } from './example-model.js';

const BATCH = 128;
const LENGTH = 40;
const CHARACTERS = 71;
const UNITS = 128;

/** Predicts the next character of a text, as `lstm-text-generation` of tfjs-examples. */
export const textGenerationModel: ExampleModel = {
  name: 'text generation',
  batch: BATCH,
  batchOnCpu: 16,
  build: (makeLSTM) => {
    const model = tf.sequential();
    model.add(makeLSTM({ ...RECURRENT_INITIALIZER, units: UNITS, inputShape: [LENGTH, CHARACTERS] }));
    model.add(tf.layers.dense({ units: CHARACTERS, activation: 'softmax' }));
    return model;
  },
  compile: (model) => model.compile({ loss: 'categoricalCrossentropy', optimizer: tf.train.rmsprop(0.01) }),
  data: () => ({
    inputs: [drawOneHot([BATCH, LENGTH], CHARACTERS, 3)],
    labels: drawOneHot([BATCH], CHARACTERS, 4),
  }),
};
