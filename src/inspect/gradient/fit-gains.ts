import type { FlowFit, PerTimestep } from './flow-types.js';

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
export function fitGains(gains: PerTimestep, backwards: readonly number[]): FittedGains | null {
  const crossed = backwards.filter((t) => gains[t] !== null);
  const dies = crossed.findIndex((t) => gains[t] === 0);
  const fitted = dies < 0 ? crossed : crossed.slice(0, dies);
  if (fitted.length === 0) return null;
  const logarithms = [0];
  for (const t of fitted) logarithms.push((logarithms.at(-1) as number) + Math.log(gains[t] as number));
  const { slope, rSquared } = leastSquares(logarithms);
  return {
    slope,
    fit: {
      ...{ first: fitted.at(-1) as number, last: fitted[0] as number, steps: fitted.length },
      rSquared: fitted.length < 2 ? null : rSquared,
      attenuation: dies < 0 ? Math.exp(logarithms.at(-1) as number) : 0,
      halfLife: slope === 0 ? null : Math.LN2 / Math.abs(slope),
    },
  };
}

/** The line y = a + slope n through the values y_n. */
function leastSquares(values: number[]): { slope: number; rSquared: number | null } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const middle = (values.length - 1) / 2;
  let [products, squaresOfN, squares] = [0, 0, 0];
  for (const [n, value] of values.entries()) {
    products += (n - middle) * (value - mean);
    squaresOfN += (n - middle) ** 2;
    squares += (value - mean) ** 2;
  }
  const slope = products / squaresOfN;
  return { slope, rSquared: squares === 0 ? null : (slope * products) / squares };
}
