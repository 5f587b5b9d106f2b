import * as tf from '@tensorflow/tfjs';
import { invalidArgument } from '../../core/errors.js';
import { byQuantity, QUANTITIES } from '../../core/quantities.js';
import { requireTrace } from '../../inspect/statistics/require-trace.js';
import type { GateTrace } from '../../layers/trace.js';
import type { Sample } from './sample.js';

/**
 * Reads one sample of a trace, and nothing else of it.
 *
 * @throws RangeError for what is not a trace, for an empty one, and for a sample that there is not.
 */
export async function readSample(where: string, trace: GateTrace, sample = 0): Promise<Sample> {
  requireTrace(where, trace);
  const [batch, timesteps, units] = trace.c.shape;
  if (batch === 0 || timesteps === 0 || units === 0) {
    throw invalidArgument(where, 'trace must have a sample, a timestep and a unit', trace.c.shape);
  }
  if (!Number.isInteger(sample) || sample < 0 || sample >= batch) {
    throw invalidArgument(where, `sample must be an integer within [0, ${batch})`, sample);
  }
  const rows = tf.tidy(() => QUANTITIES.map((quantity) => tf.slice(trace[quantity], [sample, 0, 0], [1, -1, -1])));
  const maskRow = trace.mask === null ? null : tf.tidy(() => tf.slice(trace.mask as tf.Tensor2D, [sample, 0], [1, -1]));
  try {
    const [mask, ...values] = await Promise.all([maskRow?.data() ?? null, ...rows.map((row) => row.data())]);
    return {
      ...{ sample, timesteps, units },
      unitNumbers: trace.unitIndices ?? Array.from({ length: units }, (_, unit) => unit),
      valid: Array.from({ length: timesteps }, (_, t) => mask === null || mask[t] !== 0),
      values: byQuantity((_, n) => values[n] as Float32Array),
      activation: trace.activation,
      recurrentActivation: trace.recurrentActivation,
    };
  } finally {
    tf.dispose([...rows, ...(maskRow === null ? [] : [maskRow])]);
  }
}
