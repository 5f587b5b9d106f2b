// No tfjs in here: pages that draw read this too.

/** What there is to know of an activation. */
export interface ActivationFacts {
  /** The function in words. */
  formula: string;
  /** What it comes to at most and at least. */
  range: readonly [least: number, most: number];
  /** The inputs below and above which its derivative is 0; null where that is nowhere. */
  flatOutside: readonly [below: number, above: number] | null;
}

/** The activations that come up in LSTMs, by tfjs's names and this package's. A user's own are not here. */
export const ACTIVATIONS: Readonly<Record<string, ActivationFacts>> = {
  tanh: { formula: 'tanh(x)', range: [-1, 1], flatOutside: null },
  sigmoid: { formula: '1 / (1 + exp(-x))', range: [0, 1], flatOutside: null },
  hardSigmoid: { formula: '0.2 x + 0.5, clipped to [0, 1]', range: [0, 1], flatOutside: [-2.5, 2.5] },
  hardSigmoidKeras3: { formula: '(x + 3) / 6, clipped to [0, 1]', range: [0, 1], flatOutside: [-3, 3] },
  softsign: { formula: 'x / (1 + |x|)', range: [-1, 1], flatOutside: null },
  relu: { formula: 'max(x, 0)', range: [0, Number.POSITIVE_INFINITY], flatOutside: [0, Number.POSITIVE_INFINITY] },
  linear: {
    formula: 'x',
    range: [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY],
    flatOutside: null,
  },
};

/** Whether an activation has outputs at which no gradient passes: its ends, exactly reached. */
export function hasFlatEnds(activation: string): boolean {
  const facts = ACTIVATIONS[activation];
  return facts !== undefined && facts.flatOutside !== null && facts.range.every(Number.isFinite);
}

/** Whether an activation stays within two bounds. */
export function staysWithin(activation: string, [least, most]: readonly [least: number, most: number]): boolean {
  const facts = ACTIVATIONS[activation];
  return facts !== undefined && facts.range[0] >= least && facts.range[1] <= most;
}
