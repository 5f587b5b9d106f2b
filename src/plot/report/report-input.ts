import * as tf from '@tensorflow/tfjs';
import { encodeSequences } from '../page/encoding.js';
import type { ReportInput } from '../page/report-data.js';

/** A picture holds no more rows than that. */
const MOST_FEATURES = 128;

/**
 * What the model is given over time, where that is one sequence: `[B, T, D]` numbers, or `[B, T]` of them, such as token
 * numbers, as long as one of the layers. Null otherwise.
 *
 * @param lengths Timesteps of the drawn layers.
 */
export async function reportInput(
  inputs: readonly tf.Tensor[],
  samples: number,
  lengths: readonly number[],
): Promise<ReportInput | null> {
  const [input] = inputs;
  if (input === undefined || inputs.length > 1 || samples === 0) return null;
  const [, timesteps = 0, width = 1] = input.shape;
  const isSequence = (input.rank === 2 || input.rank === 3) && lengths.includes(timesteps) && width <= MOST_FEATURES;
  if (!isSequence) return null;
  const first = tf.tidy(() => tf.cast(tf.slice(input, 0, samples), 'float32'));
  const values = (await first.data()) as Float32Array;
  first.dispose();
  const sequences = encodeSequences({ x: { values, width } }, { timesteps, bits: 8, samples });
  return { timesteps, width, sequences };
}
