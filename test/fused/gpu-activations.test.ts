import { ACTIVATIONS, type ActivationName } from '../../src/core/activations.js';
import { GPU_ACTIVATIONS } from '../../src/fused/gpu-activations.js';

const NAMES = Object.keys(ACTIVATIONS) as ActivationName[];

/** What GLSL and WGSL have in common, in float64. */
const FUNCTIONS = {
  abs: Math.abs,
  exp: Math.exp,
  log: Math.log,
  max: Math.max,
  min: Math.min,
  sign: Math.sign,
  clamp: (x: number, least: number, most: number) => Math.min(most, Math.max(least, x)),
  step: (edge: number, x: number) => (x < edge ? 0 : 1),
};

function compile(expression: string): (x: number, y: number) => number {
  const make = new Function(...Object.keys(FUNCTIONS), `return (x, y) => ${expression};`);
  return make(...Object.values(FUNCTIONS)) as (x: number, y: number) => number;
}

test.each(NAMES)('%s and its derivative are as expressions for graphics cards what they are in float64', (name) => {
  const [value, slope] = [compile(GPU_ACTIVATIONS[name].value), compile(GPU_ACTIVATIONS[name].slope)];
  const range = Array.from({ length: 2001 }, (_, n) => (n - 1000) / 50 + 0.003);
  for (const x of [...range, 0, 100, -100, 1e4, -1e4]) {
    // A hard sigmoid begins with a slope, and has none here at 0: one point.
    const [y, expected] = [value(x, Number.NaN), ACTIVATIONS[name]];
    expect(Math.abs(y - expected.value(x))).toBeLessThan(1e-6 * Math.max(1, Math.abs(x)));
    expect(Math.abs(slope(x, y) - expected.slope(x))).toBeLessThan(2e-6);
  }
});
