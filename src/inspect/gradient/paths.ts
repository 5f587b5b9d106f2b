import { SMALLEST_NORM } from '../../core/float32.js';
import type { PerTimestep } from './flow-types.js';
import type { FlowValues, Values } from './flow-values.js';
import type { LossTerms } from './loss-terms.js';
import { norm, type StepsOfFlow } from './steps-of-flow.js';

/** By which paths a gradient reaches the cell states. */
export interface Paths {
  shareThroughCell: PerTimestep;
  shareThroughH: PerTimestep;
  linearPath: PerTimestep;
  shareOfLinearPath: PerTimestep;
}

export function pathsOf(values: FlowValues, steps: StepsOfFlow, terms: LossTerms): Paths {
  const { units, dc, dcCell, outputSlope, dhRecurrent } = values;
  const throughH = product(outputSlope, dhRecurrent);
  const linear = linearPath(values, steps, terms);
  const rest = Float64Array.from(linear, (value, n) => (dc[n] as number) - value);
  const shareThroughCell = shares(steps, units, dcCell, throughH);
  return {
    shareThroughCell,
    shareThroughH: shareThroughCell.map((share) => (share === null ? null : 1 - share)),
    linearPath: steps.norms(linear, units),
    shareOfLinearPath: shares(steps, units, linear, rest),
  };
}

/**
 * The part of dc that came through cells only: lin_t = the loss's own term + f_{t+1} lin_{t+1}. [B, T, U]
 *
 * A loss that looks at h where it is carried over masked steps looks at the last h computed.
 */
function linearPath(values: FlowValues, steps: StepsOfFlow, { ofC }: LossTerms): Float64Array {
  const { units, f, dh, dhRecurrent, outputSlope } = values;
  const linear = new Float64Array(dh.length);
  for (let sample = 0; sample < steps.batch; sample++) {
    const throughCell = new Float64Array(units);
    const throughCarriedH = new Float64Array(units);
    for (const t of steps.backwards) {
      const offset = steps.offset(sample, t, units);
      const isValid = steps.isValid(sample, t);
      for (let unit = 0; unit < units; unit++) {
        const n = offset + unit;
        const ofH = (dh[n] as number) - (dhRecurrent[n] as number) + (throughCarriedH[unit] as number);
        const arrived = (ofC[n] as number) + (throughCell[unit] as number);
        const value = isValid ? (outputSlope[n] as number) * ofH + arrived : arrived;
        linear[n] = value;
        throughCell[unit] = isValid ? (f[n] as number) * value : value;
        throughCarriedH[unit] = isValid ? 0 : ofH;
      }
    }
  }
  return linear;
}

/** [T]: the share of the first part in the norms of both; null where both are 0, or too small to tell. */
function shares(steps: StepsOfFlow, width: number, first: Values, second: Values): PerTimestep {
  const seconds = steps.norms(second, width);
  return steps.norms(first, width).map((a, t) => {
    const b = seconds[t] ?? null;
    return a === null || b === null || a + b < SMALLEST_NORM ? null : a / (a + b);
  });
}

function product(a: Values, b: Values): Float64Array {
  return Float64Array.from(a, (value, n) => value * (b[n] as number));
}

/** The size of a gradient on both sides of a step that it crosses, the means over the samples that are valid there. */
export interface Crossing {
  /** Of the derivatives with respect to h and c after the step, where the gradient comes from; null for no sample. */
  after: number | null;
  /** Before the step, where it goes to. */
  before: number | null;
}

/** [T]: the sizes of the total gradient around each step; see `FlowStatistics.gain`. */
export function crossingsOfTotal(values: FlowValues, steps: StepsOfFlow, { ofC }: LossTerms): Crossing[] {
  const { units, dh, dhRecurrent, dcCell, dh0, dc0 } = values;
  const ofCell = Float64Array.from(ofC, (value, n) => value + (dcCell[n] as number));
  return Array.from({ length: steps.timesteps }, (_, t) => {
    const previous = steps.before(t);
    const before = (sample: number) => {
      if (previous === null) return Math.hypot(norm(dh0, sample * units, units), norm(dc0, sample * units, units));
      const offset = steps.offset(sample, previous, units);
      return Math.hypot(norm(dhRecurrent, offset, units), norm(dcCell, offset, units));
    };
    const after = (sample: number) => {
      const offset = steps.offset(sample, t, units);
      return Math.hypot(norm(dh, offset, units), norm(ofCell, offset, units));
    };
    return { after: steps.meanAt(t, after), before: steps.meanAt(t, before) };
  });
}
