import * as tf from '@tensorflow/tfjs';
import { lstm, lstmCell } from '../../../src/index.js';
import { randomizeWeights, randomTensor } from '../../support/random.js';

export const [BATCH, TIMESTEPS, FEATURES, UNITS] = [2, 5, 3, 4];

export type Args = Partial<tf.LSTMLayerArgs>;

/** An LSTM of each kind. */
export const KINDS: [string, (args: Args) => tf.layers.RNN][] = [
  ['this package', (args) => lstm({ units: UNITS, ...args } as tf.LSTMLayerArgs)],
  ['tfjs', (args) => tf.layers.lstm({ units: UNITS, ...args } as tf.LSTMLayerArgs)],
  [
    "this package's cell in tf.layers.rnn",
    (args) => tf.layers.rnn({ ...args, cell: lstmCell({ units: UNITS }) }) as tf.RNN,
  ],
  [
    "tfjs's cell in tf.layers.rnn",
    (args) => tf.layers.rnn({ ...args, cell: tf.layers.lstmCell({ units: UNITS }) }) as tf.RNN,
  ],
];

export function built(make: (args: Args) => tf.layers.RNN, args: Args = {}): tf.layers.RNN {
  const layer = make({ returnSequences: true, ...args });
  layer.apply(tf.input({ batchShape: [args.stateful ? BATCH : null, null, FEATURES] }));
  randomizeWeights(layer, 5);
  return layer;
}

export const input = () => randomTensor<tf.Rank.R3>([BATCH, TIMESTEPS, FEATURES], 1);
