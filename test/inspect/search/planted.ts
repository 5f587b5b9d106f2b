import type * as tf from '@tensorflow/tfjs';
import type { GateTrace } from '../../../src/inspect/index.js';
import { randomTensor } from '../../support/random.js';
import { type TraceParts, traceOf } from '../support/traces.js';

export interface Planted {
  unit: number;
  sample: number;
  from: number;
  /** Included. */
  to: number;
  value?: number;
}

/** A trace whose h is small and random, but large where something is planted. */
export function plantedTrace(
  shape: [number, number, number],
  planted: readonly Planted[],
  parts?: TraceParts,
): GateTrace {
  const tensor = randomTensor<tf.Rank.R3>(shape, 1, 0.05);
  const h = tensor.arraySync();
  tensor.dispose();
  for (const { unit, sample, from, to, value = 0.9 } of planted) {
    for (let t = from; t <= to; t++) (h[sample]?.[t] as number[])[unit] = value;
  }
  return traceOf({ h }, parts);
}
