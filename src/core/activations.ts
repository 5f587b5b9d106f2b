// No tfjs in here: pages that draw read this too.

interface ActivationFacts {
  /** What it comes to at least and at most. */
  range: readonly [least: number, most: number];
  /** Whether it reaches both exactly, where its derivative is 0. */
  hasFlatEnds: boolean;
}

/** The bounded activations that come up in LSTMs, by tfjs's names and this package's. A user's own are not here. */
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
