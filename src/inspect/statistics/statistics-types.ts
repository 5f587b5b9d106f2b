import type { GateName } from '../../core/gates.js';
import type { Quantity } from './quantities.js';

export interface GateStatisticsOptions {
  /** A gate's value below it is left-saturated: the gate is closed. Within [0, 1]. Default: 0.1. */
  low?: number;
  /** A gate's value above it is right-saturated: the gate is open. Within [0, 1], above `low`. Default: 0.9. */
  high?: number;
}

/**
 * What the input, forget or output gate does. Fractions are of the unit's finite values at valid steps, null for a unit
 * that has none.
 */
export interface GateSummary {
  /** Over all units and valid steps; null without a finite value. */
  mean: number | null;
  /** Of the population: divided by the number of values; null without a finite value. */
  std: number | null;
  /** [U], fraction of values below `low`. */
  leftSaturated: (number | null)[];
  /** [U], fraction of values above `high`. */
  rightSaturated: (number | null)[];
  /**
   * [U], fraction of values that are exactly 0 or 1, where hardSigmoid and hardSigmoidKeras3 pass no gradient. Null for
   * any other recurrent activation.
   */
  zeroGradient: (number | null)[] | null;
}

/** What the candidate or a state does, over all units and valid steps; null without a finite value. */
export interface ValueSummary {
  mean: number | null;
  /** Of the population: divided by the number of values. */
  std: number | null;
  min: number | null;
  max: number | null;
}

/** Values that are NaN or infinite. */
export interface NonFiniteValues {
  /** Over all samples, units and valid steps. */
  count: number;
  /** The smallest index in the input's time order; null if there is none. */
  firstTimestep: number | null;
}

/**
 * What the gates of a layer do over some batches, in plain numbers: it prints, and JSON gives it back unchanged.
 *
 * Masked steps are left out of everything. Values that are not finite are counted in `nonFinite` and left out of
 * everything else, so that one of them cannot turn a mean into NaN. Without any valid step, counts are 0 and the rest is
 * null.
 */
export interface GateStatistics extends Record<Exclude<GateName, 'g'>, GateSummary> {
  units: number;
  /** Name of φ. */
  activation: string;
  /** Name of σ. */
  recurrentActivation: string;
  /** Samples × timesteps that are not masked. Each of them has one value of each quantity for each unit. */
  validSteps: number;
  /** The threshold of left saturation. */
  low: number;
  /** The threshold of right saturation. */
  high: number;
  /** Candidate. */
  g: ValueSummary;
  /** Cell state. */
  c: ValueSummary;
  /** Hidden state. */
  h: ValueSummary;
  nonFinite: Record<Quantity, NonFiniteValues>;
  /**
   * [U], in timesteps: -1 / mean(ln f), after which the cell has kept 1/e of its content. 0 where the forget gate was
   * ever 0, or below the smallest normal float32 (1.2e-38). Null where it is infinite (the gate is 1) or undefined (no finite value, or a gate that is not
   * within [0, 1] and on the average does not forget).
   */
  memoryHorizon: (number | null)[];
}
