import * as tf from '@tensorflow/tfjs';
import { drawOneHot, type ExampleModel, RECURRENT_INITIALIZER } from './example-model.js';

const BATCH = 128;
const UNITS = 128;
/** Of a sum such as 535+61, of its result, and of the alphabet of both. */
const LENGTH = 7;
const RESULT_LENGTH = 4;
const CHARACTERS = 12;

/** Learns to add: one LSTM reads a sum, another writes its result, as in `addition-rnn` of tfjs-examples. */
export const additionModel: ExampleModel = {
  name: 'addition',
  batch: BATCH,
  build: (makeLSTM) => {
    const model = tf.sequential();
    model.add(makeLSTM({ ...RECURRENT_INITIALIZER, units: UNITS, inputShape: [LENGTH, CHARACTERS] }));
    model.add(tf.layers.repeatVector({ n: RESULT_LENGTH }));
    model.add(makeLSTM({ ...RECURRENT_INITIALIZER, units: UNITS, returnSequences: true }));
    model.add(tf.layers.timeDistributed({ layer: tf.layers.dense({ units: CHARACTERS }) }));
    model.add(tf.layers.activation({ activation: 'softmax' }));
    return model;
  },
  compile: (model) => model.compile({ loss: 'categoricalCrossentropy', optimizer: 'adam' }),
  data: () => ({
    inputs: [drawOneHot([BATCH, LENGTH], CHARACTERS, 1)],
    labels: drawOneHot([BATCH, RESULT_LENGTH], CHARACTERS, 2),
  }),
};
