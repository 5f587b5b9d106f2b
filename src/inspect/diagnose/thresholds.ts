import { invalidArgument } from '../../core/errors.js';

/** When `diagnose` reports a finding. Each threshold can be set. */
export interface DiagnosisThresholds {
  /** A gate below this value is closed. Default: 0.1. */
  low: number;
  /** A gate above this value is open. Default: 0.9. */
  high: number;
  /** A unit's gate is stuck if it is closed, or open, at more than this fraction of the steps. Default: 0.9. */
  stuckFraction: number;
  /** What is true of more than this fraction of a layer's units may be a warning, otherwise a note. Default: 0.25. */
  manyUnits: number;
  /** Memory is short if the median memory horizon is below this fraction of the timesteps. Default: 0.1. */
  shortMemory: number;
  /** A candidate is saturated if the mean of |g| exceeds this, for activations bounded by 1. Default: 0.97. */
  saturatedCandidate: number;
  /** A cell state is saturated if the mean of |c| exceeds this; tanh(3) is 0.995. Default: 3. */
  saturatedCellState: number;
  /** A unit is constant if its h varies by less than this over all samples and steps. Default: 0.001. */
  constantUnit: number;
  /**
   * A gradient vanishes if crossing a layer's whole sequence multiplies it by less than this; see `flowStatistics`. Within
   * (0, 1). Default: 0.001.
   */
  vanishingGradient: number;
  /** A gradient explodes if crossing a layer's whole sequence multiplies it by more than this. Above 1. Default: 1000. */
  explodingGradient: number;
  /**
   * Timesteps hardly change the weights if together they contribute less than this fraction of the weights' gradient.
   * Default: 0.01.
   */
  hardlyReached: number;
  /** An input is unscaled if the root mean square of its values exceeds this and gates are saturated. Default: 5. */
  unscaledInput: number;
  /**
   * A model has learnt if its loss is lower, by more than this fraction, than that of the same predictions assigned to the
   * wrong samples; see `diagnose`. Default: 0.1.
   */
  learnt: number;
}

/** The thresholds that `diagnose` uses by default. */
export const DEFAULT_THRESHOLDS: Readonly<DiagnosisThresholds> = {
  low: 0.1,
  high: 0.9,
  stuckFraction: 0.9,
  manyUnits: 0.25,
  shortMemory: 0.1,
  saturatedCandidate: 0.97,
  saturatedCellState: 3,
  constantUnit: 0.001,
  vanishingGradient: 0.001,
  explodingGradient: 1000,
  hardlyReached: 0.01,
  unscaledInput: 5,
  learnt: 0.1,
};

/** @throws RangeError for an unknown threshold or one that is not a number of at least 0. */
export function withDefaults(given: Partial<DiagnosisThresholds> = {}): DiagnosisThresholds {
  const thresholds = overDefaults('diagnose', DEFAULT_THRESHOLDS, given);
  requireSense('diagnose', thresholds);
  return thresholds;
}

/**
 * Thresholds with those put in that are given.
 *
 * @throws RangeError for an unknown threshold or one that is not a number of at least 0.
 */
export function overDefaults<Thresholds extends object>(
  where: string,
  defaults: Thresholds,
  given: Partial<Thresholds> = {},
): Thresholds {
  if (typeof given !== 'object' || given === null) {
    throw invalidArgument(where, 'thresholds must be an object', given);
  }
  for (const [name, value] of Object.entries(given)) {
    if (!(name in defaults)) {
      throw invalidArgument(where, `thresholds must be among ${Object.keys(defaults).join(', ')}`, name);
    }
    if (value === undefined) continue;
    if (!(typeof value === 'number' && value >= 0)) {
      throw invalidArgument(where, `thresholds.${name} must be a number of at least 0`, value);
    }
  }
  const isGiven = ([, value]: [string, unknown]) => value !== undefined;
  return { ...defaults, ...(Object.fromEntries(Object.entries(given).filter(isGiven)) as Partial<Thresholds>) };
}

/** @throws RangeError for thresholds that contradict each other or that everything or nothing would pass. */
export function requireSense(where: string, thresholds: DiagnosisThresholds): void {
  const { low, high, vanishingGradient, explodingGradient } = thresholds;
  if (!(low < high)) throw invalidArgument(where, `thresholds.low must be below high = ${high}`, low);
  if (!(vanishingGradient > 0 && vanishingGradient < 1)) {
    throw invalidArgument(where, 'thresholds.vanishingGradient must be between 0 and 1', vanishingGradient);
  }
  if (!(explodingGradient > 1)) {
    throw invalidArgument(where, 'thresholds.explodingGradient must be above 1', explodingGradient);
  }
}
