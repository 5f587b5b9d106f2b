import * as tf from '@tensorflow/tfjs';
import type { RecordedInputs } from '../../../src/fused/fused-kernel.js';
import { runFused } from '../../../src/fused/run-fused.js';
import { CopyingHeap, type Heap } from '../../../src/fused/wasm/heap.js';
import { KeptPanels } from '../../../src/fused/wasm/kept-panels.js';
import { type Build, fastestBuild } from '../../../src/fused/wasm/module.js';
import { WasmKernel } from '../../../src/fused/wasm/wasm-kernel.js';
import { useBackend } from '../../../tools/backends.js';
import { expectClose } from '../../support/close.js';
import { randomTensor } from '../../support/random.js';

const BUILD = fastestBuild() as Build;
const MEMORY_BYTES = 8 * 65536;

let atEnd = -1;
let mostReservations = 0;

/** One array, by the number of its reservation, ends where the memory ends. */
class HeapWithArrayAtEnd extends CopyingHeap {
  private reservations = 0;

  override reserve(bytes: number): number {
    return this.reservations++ === atEnd ? MEMORY_BYTES - bytes : super.reserve(bytes);
  }

  override release(): void {
    mostReservations = Math.max(mostReservations, this.reservations);
  }
}

let openHeap: () => Heap = () => new HeapWithArrayAtEnd(BUILD);

jest.mock('../../../src/fused/wasm/heap.js', () => ({
  ...jest.requireActual('../../../src/fused/wasm/heap.js'),
  canOpenHeap: () => true,
  openHeap: () => openHeap(),
}));

const memoryBytes = () => new CopyingHeap(BUILD).view().byteLength;

const OPTIONS = {
  activation: 'tanh',
  recurrentActivation: 'sigmoid',
  zeroOutputForMask: true,
  keepOutputs: true,
  keepGates: true,
};

function someInputs(B: number, T: number, D: number, U: number): RecordedInputs {
  const mask = Array.from({ length: B * T }, (_, n) => n % 3 !== 1);
  const masksOf = (columns: number, seed: number) => [0, 1, 2, 3].map((n) => randomTensor([B, columns], seed + n));
  return {
    x: randomTensor([B, T, D], 1),
    h0: randomTensor([B, U], 2),
    c0: randomTensor([B, U], 3),
    kernel: randomTensor([D, 4 * U], 4),
    recurrentKernel: randomTensor([U, 4 * U], 5),
    bias: randomTensor([4 * U], 6),
    mask: tf.tensor2d(mask, [B, T], 'bool'),
    inputDropoutMasks: masksOf(D, 7) as tf.Tensor2D[],
    recurrentDropoutMasks: masksOf(U, 11) as tf.Tensor2D[],
  };
}

const DIFFERENTIATED = ['x', 'h0', 'c0', 'kernel', 'recurrentKernel', 'bias'] as const;

/** Every output and every gradient. */
function forwardAndBackward(inputs: RecordedInputs, goBackwards: boolean): tf.Tensor[] {
  const kernel = new WasmKernel();
  let kept: tf.Tensor[] = [];
  const loss = (...given: tf.Tensor[]) => {
    const replaced = Object.fromEntries(DIFFERENTIATED.map((name, n) => [name, given[n]]));
    const {
      lastOutput,
      h,
      c,
      outputs: all,
      gates,
    } = runFused(kernel, { ...inputs, ...replaced }, { ...OPTIONS, goBackwards });
    const outputs = [lastOutput, h, c, all as tf.Tensor, ...Object.values(gates ?? {})];
    kept = outputs.map((output) => tf.keep(tf.clone(output)));
    return tf.addN(outputs.map((output) => tf.sum(tf.square(output)))) as tf.Scalar;
  };
  const gradients = tf.grads(loss)(DIFFERENTIATED.map((name) => inputs[name] as tf.Tensor));
  return [...kept, ...gradients];
}

beforeAll(() => useBackend('cpu'));
// A memory never shrinks, and the next heap takes the same one: all of them end at the same place.
beforeAll(() => {
  new CopyingHeap(BUILD).reserve(MEMORY_BYTES - 128);
  expect(memoryBytes()).toBe(MEMORY_BYTES);
});

test.each([[[1, 3, 1, 1]], [[1, 4, 3, 6]], [[3, 2, 5, 7]], [[2, 3, 16, 4]], [[5, 1, 9, 17]]] as [
  number,
  number,
  number,
  number,
][][])('Of any array that ends where memory ends, nothing past it is read or written: B, T, D, U = %p', (sizes) => {
  const inputs = someInputs(...sizes);
  for (const goBackwards of [false, true]) {
    atEnd = -1;
    mostReservations = 0;
    const expected = tf.tidy(() => forwardAndBackward(inputs, goBackwards));
    expect(mostReservations).toBeGreaterThan(20);
    for (atEnd = 0; atEnd < mostReservations; atEnd++) {
      const results = tf.tidy(() => forwardAndBackward(inputs, goBackwards));
      for (const [n, result] of results.entries()) expectClose(result, expected[n] as tf.Tensor, 0);
      tf.dispose(results);
    }
    tf.dispose(expected);
  }
  expect(memoryBytes()).toBe(MEMORY_BYTES);
});

test('Nothing is read past kept panels that end where memory ends', () => {
  const [B, T, D, U] = [9, 2, 530, 132];
  const inputs = {
    ...someInputs(B, T, D, U),
    mask: null,
    inputDropoutMasks: [],
    recurrentDropoutMasks: [],
  };
  const run = () => {
    const { lastOutput } = runFused(new WasmKernel(), inputs, { ...OPTIONS, goBackwards: false });
    return lastOutput;
  };
  openHeap = () => new CopyingHeap(BUILD);
  const expected = run();
  new CopyingHeap(BUILD).reserve(2 ** 23);
  const end = memoryBytes();
  const addresses: number[] = [];
  const keptPanels = new KeptPanels({
    // So that, from the next cache line on, the larger ones end at the end.
    allocate: (bytes) =>
      addresses[addresses.push((addresses.length === 0 ? end : end - 2 ** 21) + 1 - bytes) - 1] as number,
    free: () => {},
  });
  openHeap = () => Object.assign(new CopyingHeap(BUILD), { keptPanels });
  for (let call = 0; call < 3; call++) expectClose(run(), expected, 0);
  expect(addresses).toHaveLength(2);
});
