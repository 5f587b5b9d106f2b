import * as tf from '@tensorflow/tfjs';
import { KERAS_DEFAULTS } from '../../src/index.js';

/** What creates an LSTM: `tf.layers.lstm` or `lstm`. */
export type MakeLSTM = (args: tf.LSTMLayerArgs) => tf.layers.Layer;

export interface WriterSizes {
  /** V, how many characters there are. */
  alphabet: number;
  /** U, of each of the two LSTMs. */
  units: number;
}

/**
 * Two LSTMs, one on top of the other, and after each character the probabilities of the next one: `[B, T, V]` to
 * `[B, T, V]`. Every weight is drawn from the seed.
 */
export function buildWriter(makeLSTM: MakeLSTM, { alphabet, units }: WriterSizes, seed: number): tf.LayersModel {
  const glorot = (offset: number) => tf.initializers.glorotUniform({ seed: seed + offset });
  const reading = (offset: number): tf.LSTMLayerArgs => ({
    ...KERAS_DEFAULTS,
    units,
    returnSequences: true,
    kernelInitializer: glorot(offset),
    recurrentInitializer: glorot(offset + 1),
  });
  const layers = [
    makeLSTM({ ...reading(0), inputShape: [null, alphabet] }),
    makeLSTM(reading(2)),
    tf.layers.dense({ units: alphabet, activation: 'softmax', kernelInitializer: glorot(4) }),
  ];
  const model = tf.sequential();
  // tf.layers.lstm leaks the tensors from which it makes the bias of its forget gate.
  tf.tidy(() => {
    for (const layer of layers) model.add(layer);
  });
  return model;
}

/** The same for one text, character by character: `[1, 1, V]` to `[1, 1, V]`, remembering what came before. */
export function buildPen(makeLSTM: MakeLSTM, sizes: WriterSizes, weights: tf.Tensor[]): tf.LayersModel {
  const remembering: MakeLSTM = ({ inputShape, ...args }) => {
    const shape = inputShape === undefined ? {} : { batchInputShape: [1, 1, sizes.alphabet] };
    return makeLSTM({ ...args, ...shape, stateful: true });
  };
  const pen = buildWriter(remembering, sizes, 0);
  pen.setWeights(weights);
  return pen;
}
