import type { PerTimestep } from './flow-types.js';
import type { FlowValues, Values } from './flow-values.js';
import { norm, type StepsOfFlow } from './steps-of-flow.js';

/** By which paths a gradient reaches the cell states. */
export interface Paths {
  shareThroughCell: PerTimestep;
  shareThroughH: PerTimestep;
  linearPath: PerTimestep;
  shareOfLinearPath: PerTimestep;
}

export function pathsOf(values: FlowValues, steps: StepsOfFlow, direct: Values): Paths {
  const { units, sequences } = values;
  const { dc, dcCell, outputSlope, dhRecurrent } = sequences;
  const throughH = product(outputSlope, dhRecurrent);
  const linear = linearPath(values, steps, direct);
  const rest = Float64Array.from(linear, (value, n) => (dc[n] as number) - value);
  const shareThroughCell = shares(steps, units, dcCell, throughH);
  return {
    shareThroughCell,
    shareThroughH: shareThroughCell.map((share) => (share === null ? null : 1 - share)),
    linearPath: steps.norms(linear, units),
    shareOfLinearPath: shares(steps, units, linear, rest),
  };
}

// Differences of float32 values that should be equal: nothing but rounding.
const ROUNDING = 1e-5;

/**
 * The loss's own term in dc, where it reads c itself and not only by way of h: of states that a layer returns. [B, T, U]
 */
export function directTerm({ units, sequences }: FlowValues, steps: StepsOfFlow): Float64Array {
  const { dc, dcCell, outputSlope, dh } = sequences;
  const direct = new Float64Array(dc.length);
  for (let sample = 0; sample < steps.batch; sample++) {
    for (const t of steps.backwards) {
      const offset = steps.offset(sample, t, units);
      const isValid = steps.isValid(sample, t);
      for (let n = offset; n < offset + units; n++) {
        const byH = isValid ? (outputSlope[n] as number) * (dh[n] as number) : 0;
        const [whole, cell] = [dc[n] as number, dcCell[n] as number];
        const difference = whole - cell - byH;
        const size = Math.abs(whole) + Math.abs(cell) + Math.abs(byH);
        if (Math.abs(difference) > ROUNDING * size) direct[n] = difference;
      }
    }
  }
  return direct;
}

/**
 * The part of dc that came through cells only: lin_t = the loss's own term + f_{t+1} lin_{t+1}. [B, T, U]
 *
 * A loss that looks at h where it is carried over masked steps looks at the last h computed.
 */
function linearPath({ units, sequences, f }: FlowValues, steps: StepsOfFlow, direct: Values): Float64Array {
  const { dh, dhRecurrent, outputSlope } = sequences;
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
        const arrived = (direct[n] as number) + (throughCell[unit] as number);
        const value = isValid ? (outputSlope[n] as number) * ofH + arrived : arrived;
        linear[n] = value;
        throughCell[unit] = isValid ? (f[n] as number) * value : value;
        throughCarriedH[unit] = isValid ? 0 : ofH;
      }
    }
  }
  return linear;
}

/** [T]: the share of the first part in the norms of both; null where both are 0. */
function shares(steps: StepsOfFlow, width: number, first: Values, second: Values): PerTimestep {
  const seconds = steps.norms(second, width);
  return steps.norms(first, width).map((a, t) => {
    const b = seconds[t] ?? null;
    return a === null || b === null || a + b === 0 ? null : a / (a + b);
  });
}

function product(a: Values, b: Values): Float64Array {
  return Float64Array.from(a, (value, n) => value * (b[n] as number));
}

/**
 * [T]: by how much the gradient grows as it crosses each step backwards; see `FlowStatistics.gain`. Null where none
 * reaches it.
 */
export function gains(values: FlowValues, steps: StepsOfFlow, direct: Values): PerTimestep {
  const { units, sequences, dh0, dc0 } = values;
  const { dh, dhRecurrent, dcCell } = sequences;
  const ofCell = Float64Array.from(direct, (value, n) => value + (dcCell[n] as number));
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
    const [grown, size] = [steps.meanAt(t, before), steps.meanAt(t, after)];
    return grown === null || size === null || size === 0 ? null : grown / size;
  });
}
