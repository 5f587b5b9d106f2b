import * as tf from '@tensorflow/tfjs';
import { invalidArgument } from '../../core/errors.js';
import { oneOf } from '../../core/options.js';
import { QUANTITIES } from '../../core/quantities.js';
import { kindOfTrace, quantitiesOfTrace, sequenceOf } from '../../inspect/statistics/read-trace.js';
import { requireTrace } from '../../inspect/statistics/require-trace.js';
import type { LayerTrace } from '../../inspect/trace/trace-model.js';
import { amount, lstmName } from '../../inspect/words.js';
import type { GateTrace } from '../../layers/trace.js';
import { countNonFinite, type Sample } from '../rows/sample.js';
import { someOf } from '../specification/plot-options.js';

/** A trace, or an entry of `traceModel`, whose layer is then named in the heading. */
export type TraceToDraw = GateTrace | LayerTrace;

/** A sample, and how a person names the LSTM that it is of; null where that is not known. */
export interface NamedSample {
  sample: Sample;
  name: string | null;
}

/**
 * Reads one sample of a trace, and nothing else of it.
 *
 * @throws RangeError for what is not a trace, for an empty one, and for a sample that there is not.
 */
export async function readSample(where: string, given: TraceToDraw, sample = 0): Promise<NamedSample> {
  const isNamed = typeof given === 'object' && given !== null && 'trace' in given && 'layerName' in given;
  const trace = isNamed ? given.trace : given;
  requireTrace(where, trace);
  const [batch, timesteps] = trace.h.shape;
  const { units, activation, recurrentActivation, gateActivations } = kindOfTrace(trace);
  const quantities = quantitiesOfTrace(trace);
  if (batch === 0 || timesteps === 0 || units === 0) {
    throw invalidArgument(where, 'trace must have a sample, a timestep and a unit', [batch, timesteps, units]);
  }
  if (sample < 0 || sample >= batch) {
    throw invalidArgument(where, `sample must be an integer within [0, ${batch})`, sample);
  }
  const rows = tf.tidy(() =>
    quantities.map((quantity) => tf.slice(sequenceOf(trace, quantity), [sample, 0, 0], [1, -1, -1])),
  );
  const maskRow = trace.mask === null ? null : tf.tidy(() => tf.slice(trace.mask as tf.Tensor2D, [sample, 0], [1, -1]));
  try {
    const [mask, ...values] = await Promise.all([maskRow?.data() ?? null, ...rows.map((row) => row.data())]);
    const byQuantity: Record<string, Float32Array> = {};
    for (const [n, quantity] of quantities.entries()) byQuantity[quantity] = values[n] as Float32Array;
    return {
      sample: {
        sample,
        timesteps,
        units,
        unitIndices: trace.unitIndices ?? Array.from({ length: units }, (_, unit) => unit),
        valid: Array.from({ length: timesteps }, (_, t) => mask === null || mask[t] !== 0),
        values: byQuantity,
        activation,
        recurrentActivation,
        gateActivations,
      },
      name: isNamed ? lstmName(given) : null,
    };
  } finally {
    tf.dispose(rows);
    maskRow?.dispose();
  }
}

/**
 * The quantities to draw: by default all that there are.
 *
 * @throws RangeError for one that the cell does not have.
 */
export function requireQuantities(
  where: string,
  sample: Sample,
  given: { quantities?: readonly string[] | undefined } | { quantity: string },
): readonly string[] {
  const there = Object.keys(sample.values);
  const [option, wanted] = 'quantity' in given ? ['quantity', [given.quantity]] : ['quantities', given.quantities];
  if (wanted === undefined || wanted.every((quantity) => there.includes(quantity))) return wanted ?? there;
  const rule = 'quantity' in given ? oneOf(...there) : someOf(there);
  // Another cell would have it.
  const isElsewhere = wanted.some((quantity) => !there.includes(quantity) && isQuantity(quantity));
  const reason = isElsewhere ? ', which is what the cell has' : '';
  throw invalidArgument(
    where,
    `${option} must be ${rule.must}${reason}`,
    'quantity' in given ? given.quantity : wanted,
  );
}

function isQuantity(name: string): boolean {
  return (QUANTITIES as readonly string[]).includes(name);
}

/** What a heading says first of a sample: `sample 0: 12 timesteps, 3 of them masked`. */
export function describeSample({ sample, timesteps, valid }: Sample): string {
  const masked = valid.filter((isValid) => !isValid).length;
  return `sample ${sample}: ${amount(timesteps, 'timestep')}${masked === 0 ? '' : `, ${masked} of them masked`}`;
}

export function titleOf(picture: string, name: string | null): string {
  return name === null ? picture : `${picture}: ${name}`;
}

/** How many values are NaN or infinite, if any. */
export function describeNonFinite(
  sample: Sample,
  quantities: readonly string[],
  positions?: readonly number[],
): string[] {
  const counts = quantities.map((quantity) => ({ quantity, count: countNonFinite(sample, [quantity], positions) }));
  const found = counts
    .filter(({ count }) => count > 0)
    .map(({ quantity, count }) => `${amount(count, 'value')} of ${quantity}`);
  return found.length === 0 ? [] : [`red: NaN or infinite, ${found.join(', ')}`];
}
