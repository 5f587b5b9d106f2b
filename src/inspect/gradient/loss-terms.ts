import { roundingOfSubnormals } from '../../core/float32.js';
import type { PerTimestep } from './flow-types.js';
import type { FlowValues } from './flow-values.js';
import { norm, type StepsOfFlow } from './steps-of-flow.js';

// Differences of float32 values that should be equal: nothing but rounding.
const ROUNDING = 1e-5;

/** What the loss itself says of h and c at each step, not by way of later steps; each [B, T, U]. */
export interface LossTerms {
  ofH: Float64Array;
  /** Where the loss reads c itself and not only by way of h: of states that a layer returns. */
  ofC: Float64Array;
}

/** The loss's own terms: what is left of the total derivatives without what came from later steps. */
export function lossTerms(values: FlowValues, steps: StepsOfFlow): LossTerms {
  const { units, dh, dc, dhRecurrent, dcCell, outputSlope } = values;
  const ofH = new Float64Array(dh.length);
  const ofC = new Float64Array(dc.length);
  for (let sample = 0; sample < steps.batch; sample++) {
    for (const t of steps.backwards) {
      const offset = steps.offset(sample, t, units);
      const isValid = steps.isValid(sample, t);
      for (let n = offset; n < offset + units; n++) {
        ofH[n] = significant(dh[n] as number, [dhRecurrent[n] as number], units);
        const byH = isValid ? (outputSlope[n] as number) * (dh[n] as number) : 0;
        ofC[n] = significant(dc[n] as number, [dcCell[n] as number, byH], 1);
      }
    }
  }
  return { ofH, ofC };
}

/** What is left of a number without its parts; 0 where it may be rounding, for parts that are sums of so many products. */
export function significant(whole: number, parts: number[], products: number): number {
  let left = whole;
  let size = Math.abs(whole);
  for (const part of parts) {
    left -= part;
    size += Math.abs(part);
  }
  return Math.abs(left) > ROUNDING * size + roundingOfSubnormals(products) ? left : 0;
}

/** [T]: the norm of the loss's own term at each step, the mean over the samples that have one; null where none has. */
export function lossTermNorms({ ofH, ofC }: LossTerms, { units }: FlowValues, steps: StepsOfFlow): PerTimestep {
  return Array.from({ length: steps.timesteps }, (_, t) => {
    let sum = 0;
    let count = 0;
    for (let sample = 0; sample < steps.batch; sample++) {
      const offset = steps.offset(sample, t, units);
      const size = Math.hypot(norm(ofH, offset, units), norm(ofC, offset, units));
      if (!Number.isFinite(size)) return null;
      sum += size;
      if (size > 0) count += 1;
    }
    return count === 0 ? null : sum / count;
  });
}

/** For each sample, the timesteps at which it has a loss term, the last processed first. */
export function stepsWithLoss({ ofH, ofC }: LossTerms, { units }: FlowValues, steps: StepsOfFlow): number[][] {
  const isThere = (terms: Float64Array, offset: number) =>
    terms.subarray(offset, offset + units).some((value) => value !== 0);
  return Array.from({ length: steps.batch }, (_, sample) =>
    steps.backwards.filter((t) => {
      const offset = steps.offset(sample, t, units);
      return isThere(ofH, offset) || isThere(ofC, offset);
    }),
  );
}
