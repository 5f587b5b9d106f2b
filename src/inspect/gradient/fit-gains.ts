import { NEAR_SMALLEST_NORM, SMALLEST_NORM } from '../../core/float32.js';
import type { FlowFit, PerTimestep } from './flow-types.js';
import type { Crossing } from './paths.js';

/** By what each step multiplies a gradient that crosses it backwards, as far as float32 can tell. */
export interface Gains {
  /** [T]; see `FlowStatistics.gain`. */
  gain: PerTimestep;
  /** [T]; see `FlowStatistics.retained`. */
  retained: PerTimestep;
  /** Whether there is more of the way, on which the gradient is smaller than float32 can hold. */
  belowFloat32: boolean;
}

/**
 * Gains from the sizes of a gradient around each step. Where it falls below what float32 can hold, the way ends: the sizes
 * beyond are rounding, or a subnormal number that no longer shrinks.
 *
 * @param backwards The timesteps in the order in which the gradient crosses them.
 */
export function gainsOf(crossings: readonly Crossing[], backwards: readonly number[]): Gains {
  const gain: PerTimestep = crossings.map(() => null);
  const retained: PerTimestep = crossings.map(() => null);
  let left = 1;
  for (const t of backwards) {
    const { after, before } = crossings[t] as Crossing;
    if (after === null || before === null || after === 0) continue;
    const vanishesHere = before < SMALLEST_NORM && (before > 0 || after < NEAR_SMALLEST_NORM);
    if (after >= SMALLEST_NORM && left > 0) retained[t] = left;
    if (after < SMALLEST_NORM || vanishesHere) return { gain, retained, belowFloat32: true };
    gain[t] = before / after;
    left *= before / after;
  }
  return { gain, retained, belowFloat32: false };
}

/** A straight line through the logarithm of the gradient's size, and what it was fitted on. */
export interface FittedGains {
  slope: number;
  fit: FlowFit;
}

/**
 * Fits log-gradient against steps crossed, backwards from the first step that a gradient reaches, as far as there is one.
 * Null where none crosses any step, and where it is 0 as soon as it has crossed one.
 *
 * @param backwards The timesteps in the order in which the gradient crosses them.
 */
export function fitGains({ gain, belowFloat32 }: Gains, backwards: readonly number[]): FittedGains | null {
  const crossed = backwards.filter((t) => gain[t] !== null);
  const dies = crossed.findIndex((t) => gain[t] === 0);
  const fitted = dies < 0 ? crossed : crossed.slice(0, dies);
  if (fitted.length === 0) return null;
  const logarithms = [0];
  for (const t of fitted) logarithms.push((logarithms.at(-1) as number) + Math.log(gain[t] as number));
  const { slope, rSquared } = leastSquares(logarithms);
  return {
    slope,
    fit: {
      first: fitted.at(-1) as number,
      last: fitted[0] as number,
      steps: fitted.length,
      rSquared: fitted.length < 2 ? null : rSquared,
      attenuation: dies < 0 ? Math.exp(logarithms.at(-1) as number) : 0,
      belowFloat32: dies < 0 && belowFloat32,
      halfLife: slope === 0 ? null : Math.LN2 / Math.abs(slope),
    },
  };
}

/** The line y = a + slope n through the values y_n. */
function leastSquares(values: number[]): { slope: number; rSquared: number | null } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const middle = (values.length - 1) / 2;
  let products = 0;
  let squaresOfN = 0;
  let squares = 0;
  for (const [n, value] of values.entries()) {
    products += (n - middle) * (value - mean);
    squaresOfN += (n - middle) ** 2;
    squares += (value - mean) ** 2;
  }
  const slope = products / squaresOfN;
  return { slope, rSquared: squares === 0 ? null : (slope * products) / squares };
}
