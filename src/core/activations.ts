// No tfjs in here: the report's page uses this too.

/** An elementwise activation, in float64: what every fused kernel is held to. */
export interface Activation {
  value: (x: number) => number;
  /** Its derivative; at a kink the one that tfjs takes. */
  slope: (x: number) => number;
  /** Its smallest and its largest value. */
  range: readonly [least: number, most: number];
  /** Whether it reaches both exactly, where its derivative is 0. */
  hasFlatEnds?: true;
}

const SELU_SCALE = 1.0507009873554805;
const SELU_SCALE_ALPHA = 1.7580993408473768;

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
const clip = (x: number, least: number, most: number) => Math.min(most, Math.max(least, x));
/** Where there is a kink. */
const slopeWhere = (isInside: boolean, slope: number, x: number) => (Number.isNaN(x) ? x : isInside ? slope : 0);
const normalDensity = (x: number) => Math.exp(-x * x * 0.5) / Math.sqrt(2 * Math.PI);

/** The standard normal distribution, by a series of positive terms: https://doi.org/10.18637/jss.v011.i04 */
function normal(x: number): number {
  if (!(Math.abs(x) < 9)) return x > 0 ? 1 : x < 0 ? 0 : Number.NaN;
  let term = x;
  let sum = 0;
  for (let n = 3; sum + term !== sum; n += 2) {
    sum += term;
    term *= (x * x) / n;
  }
  return 0.5 + sum * normalDensity(x);
}

/** The inner function of `gelu_new`, and its derivative. */
const tanhOfGelu = (x: number) => Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3));
const slopeInGelu = (x: number) => Math.sqrt(2 / Math.PI) * (1 + 3 * 0.044715 * Math.min(x * x, 1e30));

/** By tfjs's and Keras's names, and this package's. The tables of the fused kernels have one entry for each of these. */
export const ACTIVATIONS = {
  sigmoid: { value: sigmoid, slope: (x) => sigmoid(x) * (1 - sigmoid(x)), range: [0, 1] },
  hardSigmoid: {
    value: (x) => clip(0.2 * x + 0.5, 0, 1),
    slope: (x) => (0.2 * x + 0.5 >= 0 && 0.2 * x + 0.5 <= 1 ? 0.2 : 0),
    range: [0, 1],
    hasFlatEnds: true,
  },
  hardSigmoidKeras3: {
    value: (x) => clip(x + 3, 0, 6) / 6,
    slope: (x) => slopeWhere(x > -3 && x <= 3, 1 / 6, x),
    range: [0, 1],
    hasFlatEnds: true,
  },
  tanh: { value: Math.tanh, slope: (x) => 1 - Math.tanh(x) ** 2, range: [-1, 1] },
  softsign: { value: (x) => x / (1 + Math.abs(x)), slope: (x) => (1 + Math.abs(x)) ** -2, range: [-1, 1] },
  linear: { value: (x) => x, slope: () => 1, range: [-Infinity, Infinity] },
  relu: { value: (x) => Math.max(0, x), slope: (x) => slopeWhere(x > 0, 1, x), range: [0, Infinity] },
  relu6: {
    value: (x) => clip(x, 0, 6),
    slope: (x) => slopeWhere(x > 0 && x < 6, 1, x),
    range: [0, 6],
    hasFlatEnds: true,
  },
  elu: {
    value: (x) => (x > 0 ? x : Math.expm1(x)),
    slope: (x) => (x > 0 ? 1 : Math.exp(x)),
    range: [-1, Infinity],
  },
  selu: {
    value: (x) => (x > 0 ? SELU_SCALE * x : SELU_SCALE_ALPHA * Math.expm1(x)),
    slope: (x) => (x > 0 ? SELU_SCALE : SELU_SCALE_ALPHA * Math.exp(x)),
    range: [-SELU_SCALE_ALPHA, Infinity],
  },
  softplus: {
    value: (x) => Math.max(0, x) + Math.log1p(Math.exp(-Math.abs(x))),
    slope: sigmoid,
    range: [0, Infinity],
  },
  swish: {
    value: (x) => x * sigmoid(x),
    slope: (x) => sigmoid(x) + x * sigmoid(x) * (1 - sigmoid(x)),
    range: [-0.27846455, Infinity],
  },
  gelu: {
    value: (x) => x * normal(x),
    slope: (x) => normal(x) + x * normalDensity(x),
    range: [-0.1699712, Infinity],
  },
  gelu_new: {
    value: (x) => 0.5 * x * (1 + tanhOfGelu(x)),
    slope: (x) => 0.5 * (1 + tanhOfGelu(x) + x * (1 - tanhOfGelu(x) ** 2) * slopeInGelu(x)),
    range: [-0.1700408, Infinity],
  },
  mish: {
    value: (x) => x * tanhOfSoftplus(x),
    slope: (x) => tanhOfSoftplus(x) + x * (1 - tanhOfSoftplus(x) ** 2) * sigmoid(x),
    range: [-0.30884, Infinity],
  },
} satisfies Record<string, Activation>;

export type ActivationName = keyof typeof ACTIVATIONS;

function tanhOfSoftplus(x: number): number {
  return Math.tanh(ACTIVATIONS.softplus.value(x));
}

/** Of a user's own activation nothing is known. */
function knownActivation(name: string): Activation | undefined {
  return Object.hasOwn(ACTIVATIONS, name) ? ACTIVATIONS[name as ActivationName] : undefined;
}

/** Whether an activation has outputs at which no gradient passes: its ends, exactly reached. */
export function hasFlatEnds(activation: string): boolean {
  return knownActivation(activation)?.hasFlatEnds ?? false;
}

/** Whether an activation stays within two bounds. */
export function staysWithin(activation: string, [least, most]: readonly [least: number, most: number]): boolean {
  const facts = knownActivation(activation);
  return facts !== undefined && facts.range[0] >= least && facts.range[1] <= most;
}
