// No tfjs in here: the report's page uses this too.

interface ActivationFacts {
  /** Its smallest and its largest value. */
  range: readonly [least: number, most: number];
  /** Whether it reaches both exactly, where its derivative is 0. */
  hasFlatEnds: boolean;
}

/** The bounded activations used in LSTMs, by tfjs's names and this package's. Custom ones are not included. */
const BOUNDED: Readonly<Record<string, ActivationFacts>> = {
  tanh: { range: [-1, 1], hasFlatEnds: false },
  softsign: { range: [-1, 1], hasFlatEnds: false },
  sigmoid: { range: [0, 1], hasFlatEnds: false },
  hardSigmoid: { range: [0, 1], hasFlatEnds: true },
  hardSigmoidKeras3: { range: [0, 1], hasFlatEnds: true },
};

/** Whether an activation has outputs at which no gradient passes: its ends, exactly reached. */
export function hasFlatEnds(activation: string): boolean {
  return BOUNDED[activation]?.hasFlatEnds ?? false;
}

/** Whether an activation stays within two bounds. */
export function staysWithin(activation: string, [least, most]: readonly [least: number, most: number]): boolean {
  const facts = BOUNDED[activation];
  return facts !== undefined && facts.range[0] >= least && facts.range[1] <= most;
}
