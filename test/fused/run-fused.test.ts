import * as tf from '@tensorflow/tfjs';
import type { RecordedInputs } from '../../src/fused/fused-kernel.js';
import { runFused } from '../../src/fused/run-fused.js';
import { WasmKernel } from '../../src/fused/wasm/wasm-kernel.js';
import { NODE_BACKENDS, useBackend } from '../../tools/backends.js';
import { expectAllClose, expectClose } from '../support/close.js';
import { randomTensor } from '../support/random.js';
import { float64Run } from './support/float64-run.js';
import { cotangentsOf, PLAIN_PROBLEM, RESULT_NAMES } from './support/problem.js';
import { expectRunsClose } from './support/relative-error.js';
import { tensorRun } from './support/tensor-run.js';

const [B, T, D, U] = [3, 4, 2, 5];
const OPTIONS = {
  activation: 'tanh',
  recurrentActivation: 'sigmoid',
  goBackwards: false,
  zeroOutputForMask: false,
  keepOutputs: true,
  keepGates: false,
};

function inputs(): RecordedInputs {
  return {
    x: randomTensor([B, T, D], 1),
    h0: randomTensor([B, U], 2),
    c0: randomTensor([B, U], 3),
    kernel: randomTensor([D, 4 * U], 4),
    recurrentKernel: randomTensor([U, 4 * U], 5),
    bias: randomTensor([4 * U], 6),
    mask: null,
    inputDropoutMasks: [],
    recurrentDropoutMasks: [],
  };
}

/** The kernel, with a note of every gradient that it was asked for. */
class NotingKernel extends WasmKernel {
  readonly asked: string[] = [];

  override backward(...parameters: Parameters<WasmKernel['backward']>): ReturnType<WasmKernel['backward']> {
    const gradients = super.backward(...parameters);
    const noting = (name: string, compute: () => tf.Tensor) => () => {
      this.asked.push(name);
      return compute();
    };
    return Object.fromEntries(
      Object.entries(gradients).map(([name, compute]) => [name, noting(name, compute)]),
    ) as typeof gradients;
  }
}

describe.each(NODE_BACKENDS)('On %s, a sequence on a fused kernel', (backend) => {
  beforeAll(() => useBackend(backend));
  beforeEach(() => tf.engine().startScope());
  afterEach(() => tf.engine().endScope());

  test('carries a gradient through each of its results, alone and with any others', () => {
    for (const name of RESULT_NAMES) {
      const cotangents = cotangentsOf(PLAIN_PROBLEM, [name]);
      const run = tensorRun(new WasmKernel(), PLAIN_PROBLEM, cotangents);
      expectRunsClose(run, float64Run(PLAIN_PROBLEM, cotangents), { results: 1e-6, gradients: 1e-5 });
    }
  });

  test.each(['x', 'h0', 'c0', 'kernel', 'recurrentKernel', 'bias'] as const)(
    'computes the gradient of %s alone where nothing else is asked for',
    (name) => {
      const [kernel, given] = [new NotingKernel(), inputs()];
      const loss = (tensor: tf.Tensor) => {
        const { outputs } = runFused(kernel, { ...given, [name]: tensor }, OPTIONS);
        return tf.sum(tf.square(outputs as tf.Tensor));
      };
      const before = tf.memory().numTensors;
      const gradient = tf.grad(loss)(given[name] as tf.Tensor);
      expect(kernel.asked).toEqual([name]);
      expect(gradient.shape).toEqual((given[name] as tf.Tensor).shape);
      expect(tf.memory().numTensors).toBe(before + 1);
    },
  );

  test('takes one tensor for both states: their gradients add up', () => {
    const [kernel, given] = [new WasmKernel(), inputs()];
    const loss = (h0: tf.Tensor, c0: tf.Tensor) =>
      tf.sum(
        runFused(kernel, { ...given, h0: h0 as tf.Tensor2D, c0: c0 as tf.Tensor2D }, OPTIONS).outputs as tf.Tensor,
      );
    const apart = tf.grads(loss)([given.h0, tf.clone(given.h0)]);
    const together = tf.grad((state) => loss(state, state))(given.h0);
    expectClose(together, tf.addN(apart));
  });

  test('lets masks come from what is differentiated', () => {
    const [kernel, given] = [new WasmKernel(), inputs()];
    const gradientWith = (masksOf: (x: tf.Tensor) => Partial<RecordedInputs>) =>
      tf.grad((x) => {
        const run = runFused(kernel, { ...given, x: x as tf.Tensor3D, ...masksOf(x) }, OPTIONS);
        return tf.sum(tf.square(run.outputs as tf.Tensor));
      })(given.x);
    const masksOf = (x: tf.Tensor) => ({
      mask: tf.cast(tf.relu(tf.sum(x, 2)), 'bool') as tf.Tensor2D,
      inputDropoutMasks: [tf.max(x, 1) as tf.Tensor2D],
    });
    const masks = masksOf(given.x);
    expect(masks.mask.dataSync()).toContain(0);
    expectClose(
      gradientWith(masksOf),
      gradientWith(() => masks),
      0,
    );
  });

  test('leaves nothing behind but its results, and its gradients', () => {
    const [kernel, given] = [new WasmKernel(), inputs()];
    const before = tf.memory();
    const result = runFused(kernel, given, { ...OPTIONS, keepGates: true });
    expect(tf.memory().numTensors - before.numTensors).toBe(9);
    tf.dispose([result as unknown as tf.TensorContainer]);
    const gradients = tf.tidy(() =>
      tf.grads((x: tf.Tensor, kernelMatrix: tf.Tensor) => {
        const sequence = { ...given, x: x as tf.Tensor3D, kernel: kernelMatrix as tf.Tensor2D };
        const { outputs, gates } = runFused(kernel, sequence, { ...OPTIONS, keepGates: true });
        return tf.add(tf.sum(outputs as tf.Tensor), tf.sum(gates?.f as tf.Tensor));
      })([given.x, given.kernel]),
    );
    expect(gradients).toHaveLength(2);
    tf.dispose(gradients);
    expect([tf.memory().numTensors, tf.memory().numDataBuffers]).toEqual([before.numTensors, before.numDataBuffers]);
  });

  test('does not save anything for a backward pass where no gradients are taken', () => {
    const [kernel, given] = [new WasmKernel(), inputs()];
    const forward = jest.spyOn(kernel, 'forward');
    runFused(kernel, given, OPTIONS);
    expect(forward.mock.results[0]?.value.saved).toEqual([]);
    tf.grad((x) => tf.sum(runFused(kernel, { ...given, x: x as tf.Tensor3D }, OPTIONS).h))(given.x);
    expect(forward.mock.results[1]?.value.saved).toHaveLength(3);
  });

  test('may return its results twice without them being one tensor', () => {
    const { outputs, lastOutput, h } = runFused(new WasmKernel(), inputs(), OPTIONS);
    const last = tf.squeeze(tf.slice(outputs as tf.Tensor3D, [0, T - 1, 0], [-1, 1, -1]), [1]);
    expectAllClose([lastOutput, h], [last, last], 0);
    expect(new Set([lastOutput.dataId, h.dataId]).size).toBe(2);
  });
});
