import * as tf from '@tensorflow/tfjs';
import type { FusedKernel } from '../../src/fused/fused-kernel.js';
import { isRight } from '../../src/fused/self-check.js';
import { WasmKernel } from '../../src/fused/wasm/wasm-kernel.js';
import { useBackend } from '../../tools/backends.js';

beforeAll(() => useBackend('cpu'));

/** A kernel that is right, but for what is changed. */
function changed(changes: Partial<FusedKernel>): FusedKernel {
  const kernel = new WasmKernel();
  return {
    name: 'changed',
    refusal: () => null,
    forward: (...given) => kernel.forward(...given),
    backward: (...given) => kernel.backward(...given),
    ...changes,
  };
}

test('A kernel that is right passes the check', () => {
  expect(isRight(new WasmKernel(), 1e-5)).toBe(true);
});

test('A kernel that throws does not', () => {
  const forward = () => {
    throw new Error('no program');
  };
  expect(isRight(changed({ forward }), 1e-5)).toBe(false);
});

test('A kernel that computes other outputs does not', () => {
  const kernel = new WasmKernel();
  const forward: FusedKernel['forward'] = (inputs, options, forBackward) => {
    const { result, saved } = kernel.forward(inputs, options, forBackward);
    return { result: { ...result, outputs: result.outputs && tf.mul(result.outputs, 1.01) }, saved };
  };
  expect(isRight(changed({ forward }), 1e-4)).toBe(false);
});

test.each(['x', 'h0', 'c0', 'kernel', 'recurrentKernel', 'bias'] as const)(
  'A kernel that computes another gradient of %s does not',
  (name) => {
    const kernel = new WasmKernel();
    const backward: FusedKernel['backward'] = (...given) => {
      const gradients = kernel.backward(...given);
      return { ...gradients, [name]: () => tf.mul(gradients[name](), 1.01) };
    };
    expect(isRight(changed({ backward }), 1e-4)).toBe(false);
  },
);

test('The check leaves no tensor behind', () => {
  const before = tf.memory().numTensors;
  isRight(new WasmKernel(), 1e-5);
  expect(tf.memory().numTensors).toBe(before);
});
