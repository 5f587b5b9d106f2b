import { invalidArgument } from '../../core/errors.js';

/** When `diagnose` finds something. Each of them can be set. */
export interface DiagnosisThresholds {
  /** A gate below it is closed. Default: 0.1. */
  low: number;
  /** A gate above it is open. Default: 0.9. */
  high: number;
  /** A unit's gate is stuck where it is closed, or open, at more than this fraction of the steps. Default: 0.9. */
  stuckFraction: number;
  /** What is true of more than this fraction of a layer's units may be a warning; of fewer it is a note. Default: 0.25. */
  manyUnits: number;
  /** Memory is short where the median horizon is below this fraction of the timesteps. Default: 0.1. */
  shortMemory: number;
  /** A candidate is saturated where the mean of |g| exceeds it, for activations that end at 1. Default: 0.97. */
  saturatedCandidate: number;
  /** A cell state is saturated where the mean of |c| exceeds it: tanh(3) is 0.995. Default: 3. */
  saturatedCellState: number;
  /** A unit is constant where its h moves by less over all samples and steps. Default: 0.001. */
  constantUnit: number;
  /**
   * A gradient vanishes where crossing a layer's whole sequence multiplies it by less; see `flowStatistics`. Within
   * (0, 1). Default: 0.001.
   */
  vanishingGradient: number;
  /** A gradient explodes where crossing a layer's whole sequence multiplies it by more. Above 1. Default: 1000. */
  explodingGradient: number;
  /**
   * Timesteps hardly change the weights where all of them together make up less than this fraction of the weights'
   * gradient. Default: 0.01.
   */
  hardlyReached: number;
  /** An input is unscaled where the root mean square of its values exceeds it and gates are at their ends. Default: 5. */
  unscaledInput: number;
  /**
   * A model has learnt something where its loss is lower, by more than this fraction, than that of the same answers given
   * to the wrong samples; see `diagnose`. Default: 0.1.
   */
  learnt: number;
}

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
