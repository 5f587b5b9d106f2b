import * as tf from '@tensorflow/tfjs';
import type { RecordedInputs } from '../../../src/fused/fused-kernel.js';
import { runFused } from '../../../src/fused/run-fused.js';
import type { Heap, Output } from '../../../src/fused/wasm/heap.js';
import { type Build, fastestBuild, instantiate, type ModuleExports } from '../../../src/fused/wasm/module.js';
import { WasmKernel } from '../../../src/fused/wasm/wasm-kernel.js';
import { useBackend } from '../../../tools/backends.js';
import { expectClose } from '../../support/close.js';
import { randomTensor } from '../../support/random.js';

const MEMORY_BYTES = 8 * 65536;

/** A memory in which one array, by the number of its reservation, ends where the memory ends. */
class HeapWithArrayAtEnd implements Heap {
  readonly exports: ModuleExports;
  private readonly memory = new WebAssembly.Memory({ initial: MEMORY_BYTES / 65536, maximum: MEMORY_BYTES / 65536 });
  private next = 64;
  reservations = 0;

  constructor(private readonly atEnd: number) {
    this.exports = instantiate(fastestBuild() as Build, this.memory);
  }

  view(): Uint32Array {
    return new Uint32Array(this.memory.buffer);
  }

  input(tensor: tf.Tensor): number {
    const ArrayOfType = tensor.dtype === 'bool' ? Uint8Array : Float32Array;
    const address = this.reserve(tensor.size * ArrayOfType.BYTES_PER_ELEMENT);
    new ArrayOfType(this.memory.buffer, address, tensor.size).set(tensor.dataSync());
    return address;
  }

  output(shape: number[]): Output {
    const size = tf.util.sizeFromShape(shape);
    const address = this.reserve(4 * size);
    return { address, toTensor: () => tf.tensor(new Float32Array(this.memory.buffer, address, size).slice(), shape) };
  }

  reserve(bytes: number): number {
    const address = this.reservations === this.atEnd ? MEMORY_BYTES - bytes : this.next;
    if (this.reservations !== this.atEnd) this.next = Math.ceil((address + bytes) / 64) * 64;
    this.reservations += 1;
    return address;
  }

  release(): void {}
}

let atEnd = -1;
let mostReservations = 0;

jest.mock('../../../src/fused/wasm/heap.js', () => ({
  ...jest.requireActual('../../../src/fused/wasm/heap.js'),
  canOpenHeap: () => true,
  openHeap: () => {
    const heap = new HeapWithArrayAtEnd(atEnd);
    heap.release = () => {
      mostReservations = Math.max(mostReservations, heap.reservations);
    };
    return heap;
  },
}));

const OPTIONS = { recurrentActivation: 'sigmoid', zeroOutputForMask: true, keepOutputs: true, keepGates: true };

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
});
