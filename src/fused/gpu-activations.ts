import type { ActivationName } from '../core/activations.js';

/** An activation as an expression in x, and its derivative as one in x and the value y: in what GLSL and WGSL have in common. */
interface Expressions {
  value: string;
  slope: string;
}

const LEAST = '1e-30';
const SIGMOID = '1. / (1. + exp(-x))';
const EXP = 'exp(min(x, 0.))';

// Φ as tfjs's erf has it: Abramowitz and Stegun 26.2.17.
const T = '(1. / (1. + .2316419 * abs(x)))';
const BELL = 'exp(-.5 * x * x)';
const POLYNOMIAL = `(.127414796 + ${T} * (-.142248368 + ${T} * (.7107068705 + ${T} * (-.7265760135 + ${T} * .5307027145))))`;
const TAIL = `(${BELL} * ${T} * ${POLYNOMIAL})`;
const NORMAL = `(${TAIL} + step(0., x) * (1. - 2. * ${TAIL}))`;

const SWISH_OF_GELU = '(1. / (1. + exp(-1.5957691216 * x * (1. + .044715 * x * x))))';

// tanh(softplus(x)) is 1 - 2 / N. Of what is bounded, N² is finite.
const E = 'exp(min(x, 20.))';
const N = `(${E} * (${E} + 2.) + 2.)`;

/**
 * Not `tanh`, which some devices make NaN of large values; and nothing in which something infinite meets 0, so that no branches
 * are needed.
 */
export const GPU_ACTIVATIONS: Record<ActivationName, Expressions> = {
  sigmoid: { value: SIGMOID, slope: 'y * (1. - y)' },
  hardSigmoid: { value: 'clamp(.2 * x + .5, 0., 1.)', slope: `.2 * (step(${LEAST}, y) - step(1., y))` },
  hardSigmoidKeras3: { value: 'clamp(x + 3., 0., 6.) / 6.', slope: `(step(${LEAST}, y) - step(1., y)) / 6.` },
  tanh: { value: 'sign(x) * (1. - exp(-2. * abs(x))) / (1. + exp(-2. * abs(x)))', slope: '1. - y * y' },
  softsign: { value: 'x / (1. + abs(x))', slope: '(1. - abs(y)) * (1. - abs(y))' },
  // One, of the type of y.
  linear: { value: 'x', slope: 'clamp(y, 1., 1.)' },
  relu: { value: 'max(x, 0.)', slope: `step(${LEAST}, y)` },
  relu6: { value: 'clamp(x, 0., 6.)', slope: `step(${LEAST}, y) - step(6., y)` },
  elu: { value: `max(x, 0.) + (${EXP} - 1.)`, slope: 'min(y, 0.) + 1.' },
  selu: {
    value: `1.0507009874 * max(x, 0.) + 1.7580993408 * (${EXP} - 1.)`,
    slope: `min(y, 0.) + 1.7580993408 - .7073983534 * step(${LEAST}, y)`,
  },
  softplus: { value: 'max(x, 0.) + log(1. + exp(-abs(x)))', slope: '1. - exp(-y)' },
  swish: { value: 'x / (1. + exp(-x))', slope: `y + (1. - y) * ${SIGMOID}` },
  gelu: { value: `x * ${NORMAL}`, slope: `${NORMAL} + x * .3989422804 * ${BELL}` },
  gelu_new: {
    value: `x * ${SWISH_OF_GELU}`,
    slope: `${SWISH_OF_GELU} + y * (1. - ${SWISH_OF_GELU}) * 1.5957691216 * (1. + .134145 * x * x)`,
  },
  mish: {
    value: `x * (1. - 2. / ${N})`,
    slope: `1. - 2. / ${N} + 4. * x * ${E} * (1. + ${E}) / (${N} * ${N})`,
  },
};

/** φ and σ of a program. */
export interface ActivationsOfProgram {
  activation: ActivationName;
  recurrentActivation: ActivationName;
}

/** Whether the derivative of one of them takes what it was applied to, for its value does not tell. */
export function needPreActivations({ activation, recurrentActivation }: ActivationsOfProgram): boolean {
  return [activation, recurrentActivation].some((name) => /\bx\b/.test(GPU_ACTIVATIONS[name].slope));
}
