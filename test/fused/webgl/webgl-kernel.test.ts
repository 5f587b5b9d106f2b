import * as tf from '@tensorflow/tfjs';
import type { FusedProblem } from '../../../src/fused/fused-kernel.js';
import { WebGLKernel } from '../../../src/fused/webgl/webgl-kernel.js';
import { useBackend } from '../../../tools/backends.js';
import { FUSED_PROBLEM } from '../support/fused-problem.js';

// What it computes is tested in a browser: test/browser.

type Flags = Record<string, number | boolean>;

const OF_A_GPU: Flags = {
  WEBGL_VERSION: 2,
  WEBGL_LAZILY_UNPACK: true,
  ENGINE_COMPILE_ONLY: false,
  WEBGL_MAX_TEXTURE_SIZE: 8192,
  WEBGL_RENDER_FLOAT32_ENABLED: true,
};
const UNEXPECTED = 'the fused kernel does not compute what it should on this device';

beforeAll(() => useBackend('cpu'));
afterAll(() => tf.env().reset());

function refusalOf(problem: Partial<FusedProblem>, changed: Flags = {}): string | null {
  for (const [flag, value] of Object.entries({ ...OF_A_GPU, ...changed })) tf.env().set(flag, value);
  return new WebGLKernel().refusal({ ...FUSED_PROBLEM, ...problem });
}

test.each<[Partial<FusedProblem>, Flags, string]>([
  [{ additions: ['peepholes'] }, {}, 'no fused kernel of this backend runs peepholes'],
  [{ activation: 'softmax' }, {}, "no fused kernel supports the activation 'softmax'"],
  [{ recurrentActivation: 'softmax' }, {}, "no fused kernel supports the recurrentActivation 'softmax'"],
  [{}, { WEBGL_VERSION: 1 }, 'the fused kernel needs WebGL 2'],
  [{}, { WEBGL_LAZILY_UNPACK: false }, 'the flag WEBGL_LAZILY_UNPACK is false'],
  [{}, { ENGINE_COMPILE_ONLY: true }, 'the flag ENGINE_COMPILE_ONLY is true'],
])('The fused kernel of webgl says why it refuses %j with %j', (problem, changed, reason) => {
  expect(refusalOf(problem, changed)).toBe(reason);
});

test('It refuses matrices that are larger than a texture', () => {
  const TOO_LARGE = 'the sequence is larger than a texture may be';
  for (const [size, reason] of [
    [9, TOO_LARGE],
    [200, UNEXPECTED],
  ] as const) {
    expect(refusalOf({ units: 20 }, { WEBGL_MAX_TEXTURE_SIZE: size })).toBe(reason);
  }
  expect(refusalOf({ timesteps: 2 ** 20, units: 512 })).toBe(TOO_LARGE);
});

test.each([
  ['all factors, of an odd number of units', { batch: 2, timesteps: 2, features: 1, units: 3 }, 36],
  ['the input and ones beside it', { batch: 3, timesteps: 5, features: 24, units: 1 }, 100],
  ['the recurrent kernel', { batch: 1, timesteps: 1, features: 2, units: 7 }, 64],
  ['the kernel', { batch: 1, timesteps: 1, features: 18, units: 8 }, 144],
])('It takes what just fits, where the largest matrix is that of %s', (_, problem, texels) => {
  const size = Math.sqrt(texels);
  expect(refusalOf(problem, { WEBGL_MAX_TEXTURE_SIZE: size })).toBe(UNEXPECTED);
  expect(refusalOf(problem, { WEBGL_MAX_TEXTURE_SIZE: size - 0.01 })).toBe(
    'the sequence is larger than a texture may be',
  );
});

test('It refuses a backend that does not run its programs, and leaves no tensor behind', () => {
  const before = tf.memory().numTensors;
  expect(refusalOf({})).toBe(UNEXPECTED);
  expect(tf.memory().numTensors).toBe(before);
});
