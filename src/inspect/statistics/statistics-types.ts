/** The options of `gateStatistics` and `gateStatisticsAccumulator`. */
export interface GateStatisticsOptions {
  /** A value of a gate below this is left-saturated: the gate is closed. Within [0, 1]. Default: 0.1. */
  low?: number;
  /** A value of a gate above this is right-saturated: the gate is open. Within [0, 1], above `low`. Default: 0.9. */
  high?: number;
}

/**
 * What the input, forget or output gate does. Fractions are of the unit's finite values at valid steps, null for a unit
 * that has none.
 */
export interface GateSummary {
  /** Over all units and valid steps; null without a finite value. */
  mean: number | null;
  /** Standard deviation of the population (divided by the number of values); null without a finite value. */
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
  /** Standard deviation of the population (divided by the number of values). */
  std: number | null;
  min: number | null;
  max: number | null;
}

/** Values that are NaN or infinite. */
export interface NonFiniteValues {
  /** Over all samples, units and valid steps. */
  count: number;
  /** The first such timestep, in the order of the input; null if there is none. */
  firstTimestep: number | null;
}
