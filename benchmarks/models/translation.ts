import * as tf from '@tensorflow/tfjs';
import { drawOneHot, type ExampleModel, RECURRENT_INITIALIZER } from './example-model.js';

const BATCH = 64;
const LENGTH = 16;
const CHARACTERS = 90;
const UNITS = 256;

/**
 * Translates short sentences character by character: an encoder hands its states to a decoder, which skips its padding and looks
 * back at the encoder's outputs by attention, as in `translation` and `date-conversion-attention` of tfjs-examples.
 */
export const translationModel: ExampleModel = {
  name: 'translation',
  batch: BATCH,
  batchOnCpu: 8,
  build: (makeLSTM) => {
    const source = tf.input({ shape: [LENGTH, CHARACTERS] });
    const target = tf.input({ shape: [LENGTH, CHARACTERS] });
    const args = { ...RECURRENT_INITIALIZER, units: UNITS, returnSequences: true };
    const [encoded, ...states] = makeLSTM({ ...args, returnState: true }).apply(source) as Symbolic3;
    const unpadded = tf.layers.masking({ maskValue: 0 }).apply(target) as tf.SymbolicTensor;
    const decoded = makeLSTM(args).apply(unpadded, { initialState: states }) as tf.SymbolicTensor;
    const scores = tf.layers.dot({ axes: [2, 2] }).apply([decoded, encoded]) as tf.SymbolicTensor;
    const attention = tf.layers.activation({ activation: 'softmax' }).apply(scores) as tf.SymbolicTensor;
    const context = tf.layers.dot({ axes: [2, 1] }).apply([attention, encoded]) as tf.SymbolicTensor;
    // The other way round, tfjs would run the encoder after the decoder as well, with the decoder's initial states, and throw.
    const combined = tf.layers.concatenate().apply([decoded, context]) as tf.SymbolicTensor;
    const layer = tf.layers.dense({ units: CHARACTERS, activation: 'softmax' });
    const outputs = tf.layers.timeDistributed({ layer }).apply(combined) as tf.SymbolicTensor;
    return tf.model({ inputs: [source, target], outputs });
  },
  compile: (model) => model.compile({ loss: 'categoricalCrossentropy', optimizer: 'rmsprop' }),
  data: () => ({
    inputs: [drawOneHot([BATCH, LENGTH], CHARACTERS, 7), tf.tidy(padded)],
    labels: drawOneHot([BATCH, LENGTH], CHARACTERS, 9),
  }),
};

type Symbolic3 = [tf.SymbolicTensor, tf.SymbolicTensor, tf.SymbolicTensor];

/** Sentences that end anywhere in their second half, with zeros after their ends. */
function padded(): tf.Tensor {
  const ends = tf.randomUniform([BATCH, 1, 1], LENGTH / 2, LENGTH + 1, 'float32', 8);
  const isThere = tf.less(tf.reshape(tf.range(0, LENGTH), [1, LENGTH, 1]), tf.floor(ends));
  return tf.mul(drawOneHot([BATCH, LENGTH], CHARACTERS, 10), tf.cast(isThere, 'float32'));
}
