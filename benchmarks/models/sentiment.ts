import * as tf from '@tensorflow/tfjs';
import { drawClasses, type ExampleModel, RECURRENT_INITIALIZER } from './example-model.js';

const BATCH = 32;
const LENGTH = 100;
const WORDS = 10000;
const UNITS = 32;

/** Tells good reviews from bad, reading them forwards and backwards, as the bidirectional model of `sentiment` of tfjs-examples. */
export const sentimentModel: ExampleModel = {
  name: 'sentiment',
  batch: BATCH,
  batchOnCpu: 0,
  build: (makeLSTM) => {
    const model = tf.sequential();
    model.add(tf.layers.embedding({ inputDim: WORDS, outputDim: UNITS, inputLength: LENGTH }));
    const layer = makeLSTM({ ...RECURRENT_INITIALIZER, units: UNITS });
    model.add(tf.layers.bidirectional({ layer, mergeMode: 'concat' }));
    model.add(tf.layers.dense({ units: 1, activation: 'sigmoid' }));
    return model;
  },
  compile: (model) => model.compile({ loss: 'binaryCrossentropy', optimizer: 'adam' }),
  data: () => ({ inputs: [drawClasses([BATCH, LENGTH], WORDS, 5)], labels: drawClasses([BATCH, 1], 2, 6) }),
};
