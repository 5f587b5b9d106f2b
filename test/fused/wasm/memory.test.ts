import * as tf from '@tensorflow/tfjs';
import type { RecordedInputs } from '../../../src/fused/fused-kernel.js';
import { runFused } from '../../../src/fused/run-fused.js';
import { CopyingHeap, openHeap, SharedHeap } from '../../../src/fused/wasm/heap.js';
import { fastestBuild } from '../../../src/fused/wasm/module.js';
import { WasmKernel } from '../../../src/fused/wasm/wasm-kernel.js';
import { NODE_BACKENDS, useBackend } from '../../../tools/backends.js';
import { expectClose } from '../../support/close.js';
import { randomTensor } from '../../support/random.js';

const OPTIONS = {
  activation: 'tanh',
  recurrentActivation: 'hardSigmoid',
  goBackwards: false,
  zeroOutputForMask: false,
  keepOutputs: true,
  keepGates: false,
};

function zeroInputs([B, T, D, U]: readonly [number, number, number, number]): RecordedInputs {
  return {
    x: tf.zeros([B, T, D]),
    h0: tf.zeros([B, U]),
    c0: tf.zeros([B, U]),
    kernel: tf.zeros([D, 4 * U]),
    recurrentKernel: tf.zeros([U, 4 * U]),
    bias: tf.zeros([4 * U]),
    mask: null,
    inputDropoutMasks: [],
    recurrentDropoutMasks: [],
  };
}

/** Sizes that differ from call to call. */
function sizesOf(call: number): [number, number, number, number] {
  return [1 + (call % 7), 1 + (call % 11), 1 + (call % 13), 1 + (call % 17)];
}

/** A call forward and, every fourth time, backward. */
function callOnce(kernel: WasmKernel, call: number): void {
  tf.tidy(() => {
    const inputs = zeroInputs(sizesOf(call));
    const loss = (x: tf.Tensor) => tf.sum(runFused(kernel, { ...inputs, x: x as tf.Tensor3D }, OPTIONS).h);
    if (call % 4 === 0) tf.grad(loss)(inputs.x);
    else loss(inputs.x);
  });
}

const memoryBytes = () => {
  const heap = openHeap(fastestBuild() as 'simd');
  try {
    return heap.view().byteLength;
  } finally {
    heap.release();
  }
};

describe.each(NODE_BACKENDS)('On %s', (backend) => {
  beforeAll(() => useBackend(backend));

  test('1,000 calls of varying shape take no more memory than the first ones', () => {
    const kernel = new WasmKernel();
    const numbers = () => [tf.memory().numTensors, tf.memory().numDataBuffers, tf.memory().numBytes];
    const before = numbers();
    for (let call = 0; call < 200; call++) callOnce(kernel, call);
    const warm = memoryBytes();
    for (let call = 200; call < 1200; call++) callOnce(kernel, call);
    expect(memoryBytes()).toBe(warm);
    expect(numbers()).toEqual(before);
  });

  test('a call that throws in the middle leaves nothing behind, and the next one runs', () => {
    const kernel = new WasmKernel();
    tf.tidy(() => {
      const inputs = zeroInputs([2, 3, 2, 4]);
      const expected = runFused(kernel, inputs, OPTIONS).h;
      const before = tf.memory();
      const prototype = (backend === 'wasm' ? SharedHeap : CopyingHeap).prototype;
      const release = jest.spyOn(prototype, 'release');
      const view = jest.spyOn(prototype, 'view').mockImplementation(() => {
        throw new Error('out of memory');
      });
      try {
        expect(() => tf.tidy(() => void runFused(kernel, inputs, OPTIONS))).toThrow('out of memory');
        expect(() =>
          tf.grad((x) => tf.sum(runFused(kernel, { ...inputs, x: x as tf.Tensor3D }, OPTIONS).h))(inputs.x),
        ).toThrow('out of memory');
        expect(release).toHaveBeenCalledTimes(2);
      } finally {
        view.mockRestore();
        release.mockRestore();
      }
      expect([tf.memory().numTensors, tf.memory().numDataBuffers]).toEqual([before.numTensors, before.numDataBuffers]);
      expectClose(runFused(kernel, inputs, OPTIONS).h, expected, 0);
    });
  });
});

test('Long sequences take working memory for a part at a time', async () => {
  await useBackend('wasm');
  const reservedFor = (timesteps: number) => {
    const reserve = jest.spyOn(SharedHeap.prototype, 'reserve');
    try {
      tf.tidy(() => {
        const inputs = zeroInputs([2, timesteps, 8, 16]);
        tf.grads((x: tf.Tensor, weights: tf.Tensor, recurrent: tf.Tensor) => {
          const given = { x, kernel: weights, recurrentKernel: recurrent } as Partial<RecordedInputs>;
          return tf.sum(runFused(new WasmKernel(), { ...inputs, ...given }, OPTIONS).outputs as tf.Tensor);
        })([inputs.x, inputs.kernel, inputs.recurrentKernel]);
      });
      return reserve.mock.calls.map(([bytes]) => bytes);
    } finally {
      reserve.mockRestore();
    }
  };
  const reserved = reservedFor(1500);
  expect(reserved.some((bytes) => bytes > 1000)).toBe(true);
  expect(reservedFor(3000)).toEqual(reserved);
});

test('The results of long sequences are those of their parts', async () => {
  await useBackend('wasm');
  tf.tidy(() => {
    const [B, T, D, U] = [2, 3000, 3, 5];
    const kernel = new WasmKernel();
    const inputs: RecordedInputs = {
      x: randomTensor([B, T, D], 1),
      h0: randomTensor([B, U], 2),
      c0: randomTensor([B, U], 3),
      kernel: randomTensor([D, 4 * U], 4, 0.5),
      recurrentKernel: randomTensor([U, 4 * U], 5, 0.3),
      bias: randomTensor([4 * U], 6),
      mask: null,
      inputDropoutMasks: [],
      recurrentDropoutMasks: [],
    };
    const whole = runFused(kernel, inputs, OPTIONS);
    let { h0: h, c0: c } = inputs;
    const outputs = tf.split(inputs.x, 30, 1).map((x) => {
      const part = runFused(kernel, { ...inputs, x: x as tf.Tensor3D, h0: h, c0: c }, OPTIONS);
      ({ h, c } = part);
      return part.outputs as tf.Tensor3D;
    });
    expectClose(whole.outputs as tf.Tensor, tf.concat(outputs, 1), 1e-6);
    expectClose(whole.c, c, 1e-6);
  });
});
