import * as tf from '@tensorflow/tfjs';
import { chooseImplementation, USE_FUSED_FLAG, type UseFused } from '../../src/fused/choose.js';
import type { FusedProblem } from '../../src/fused/fused-kernel.js';
import { fastestBuild } from '../../src/fused/wasm/module.js';
import { NODE_BACKENDS, useBackend } from '../../tools/backends.js';
import { FUSED_PROBLEM } from './support/fused-problem.js';
import { isRelaxedSimdValid } from './support/relaxed-simd.js';

const PROBLEM: FusedProblem = { ...FUSED_PROBLEM, recurrentActivation: 'hardSigmoid' };
const FUSED = { name: isRelaxedSimdValid() ? 'wasm-relaxed-simd' : 'wasm-simd' };

/** What is chosen, without the kernel itself. */
function chosen(problem: FusedProblem | string, useFused: UseFused = 'auto') {
  const { fusedKernel, implementation } = chooseImplementation('LSTM.call', 'a', useFused, problem);
  expect(fusedKernel?.name ?? 'reference').toBe(implementation.name);
  return implementation;
}

const refusalOf = (reason: string) =>
  `LSTM.call: useFused must be 'auto' or false where no fused kernel applies (${reason}), got true (layer 'a')`;

describe.each(NODE_BACKENDS)('On %s', (backend) => {
  beforeAll(() => useBackend(backend));

  test('a fused kernel is chosen by itself and where it is demanded, and not where it is forbidden', () => {
    expect(chosen(PROBLEM)).toEqual(FUSED);
    expect(chosen(PROBLEM, true)).toEqual(FUSED);
    expect(chosen(PROBLEM, false)).toEqual({ name: 'reference', reason: 'useFused is false' });
  });

  test('the flag turns all of them off, and on again', () => {
    tf.env().set(USE_FUSED_FLAG, false);
    try {
      const reason = 'the flag EXPLICIT_LSTM_USE_FUSED is false';
      expect(chosen(PROBLEM)).toEqual({ name: 'reference', reason });
      expect(() => chosen(PROBLEM, true)).toThrow(refusalOf(reason));
    } finally {
      tf.env().set(USE_FUSED_FLAG, true);
    }
    expect(chosen(PROBLEM)).toEqual(FUSED);
  });

  test.each([
    [{ activation: 'softmax' }, "no fused kernel supports the activation 'softmax'"],
    [{ recurrentActivation: 'myOwn' }, "no fused kernel supports the recurrentActivation 'myOwn'"],
  ])('the reference is chosen for %j, and the reason told', (attributes, reason) => {
    const problem = { ...PROBLEM, ...attributes };
    expect(chosen(problem)).toEqual({ name: 'reference', reason });
    expect(() => chosen(problem, true)).toThrow(refusalOf(reason));
  });

  test.each([
    { recurrentActivation: 'sigmoid' },
    { isMasked: true },
    { hasRecurrentDropout: true, takesGradients: false },
    { keepsGates: true },
    { activation: 'relu', recurrentActivation: 'tanh' },
  ])('a fused kernel is chosen for %j', (attributes) => {
    expect(chosen({ ...PROBLEM, ...attributes })).toEqual(FUSED);
  });

  test('what a layer cannot put as a problem is for the reference', () => {
    expect(chosen('gates are being edited')).toEqual({ name: 'reference', reason: 'gates are being edited' });
    expect(() => chosen('gates are being edited', true)).toThrow(refusalOf('gates are being edited'));
  });

  test('gradients are for a fused kernel, and those of gradients for the reference', () => {
    const names: string[] = [];
    const record = (x: tf.Tensor) => {
      const { name, reason } = chosen(PROBLEM);
      names.push(reason === undefined ? name : `${name}: ${reason}`);
      return tf.sum(tf.pow(x, 3)) as tf.Scalar;
    };
    tf.tidy(() => {
      const gradient = tf.grad(record);
      gradient(tf.ones([2]));
      tf.grad((x) => tf.sum(gradient(x)))(tf.ones([2]));
    });
    expect(names).toEqual([FUSED.name, 'reference: gradients of gradients are being computed']);
  });
});

describe('Where tfjs is not as expected', () => {
  beforeAll(() => useBackend('cpu'));

  test('the reference is chosen where it does not tell whether gradients are taken', () => {
    const { state } = tf.engine();
    const depth = Object.getOwnPropertyDescriptor(state, 'gradientDepth') as PropertyDescriptor;
    Object.defineProperty(state, 'gradientDepth', { value: undefined, configurable: true });
    try {
      expect(chosen(PROBLEM)).toEqual({
        name: 'reference',
        reason: 'this version of tfjs does not reveal whether gradients are being computed',
      });
    } finally {
      Object.defineProperty(state, 'gradientDepth', depth);
    }
  });

  test('the reference is chosen on a backend that has no fused kernel', async () => {
    tf.registerBackend('unheard of', () => tf.findBackend('cpu'));
    await tf.setBackend('unheard of');
    try {
      const reason = "there is no fused kernel for the backend 'unheard of'";
      expect(chosen(PROBLEM)).toEqual({ name: 'reference', reason });
    } finally {
      await tf.setBackend('cpu');
    }
  });

  test('the kernel runs the fastest build that there is', () => {
    expect(fastestBuild()).toBe(isRelaxedSimdValid() ? 'relaxed-simd' : 'simd');
  });
});
