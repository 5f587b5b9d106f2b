import * as tf from '@tensorflow/tfjs';
import type { Heap, Output } from './heap.js';
import { type Build, instantiate, type KernelExports } from './module.js';

const PAGE_BYTES = 65536;
/** 4 GiB. */
const MOST_PAGES = 65536;
/** A memory cannot shrink. One that has grown larger is not kept for the next call. */
export const KEPT_BYTES = 256 * 2 ** 20;
const ALIGNMENT = 64;

interface OwnMemory {
  memory: WebAssembly.Memory;
  exports: KernelExports;
}

const idle = new Map<Build, OwnMemory>();

function openOwnMemory(build: Build): OwnMemory {
  const kept = idle.get(build);
  if (kept !== undefined) return kept;
  const memory = new WebAssembly.Memory({ initial: 1, maximum: MOST_PAGES });
  const opened = { memory, exports: instantiate(build, memory) };
  idle.set(build, opened);
  return opened;
}

/** Whether a kernel can have a memory of its own here: it may be forbidden by a content security policy. */
export function canOpenOwnMemory(build: Build): boolean {
  try {
    openOwnMemory(build);
    return true;
  } catch {
    return false;
  }
}

/** Copies tensors of any backend into a memory of its own, and results out of it. */
export class CopyingHeap implements Heap {
  readonly exports: KernelExports;
  private readonly memory: WebAssembly.Memory;
  // Address 0 says that an array is absent.
  private next = ALIGNMENT;

  constructor(private readonly build: Build) {
    ({ exports: this.exports, memory: this.memory } = openOwnMemory(build));
  }

  view(): Uint32Array {
    return new Uint32Array(this.memory.buffer);
  }

  input(tensor: tf.Tensor): number {
    // On the cpu backend, a tensor that was cast to float32 still has the array of integers that it was.
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
    const address = this.next;
    this.next = Math.ceil((address + bytes) / ALIGNMENT) * ALIGNMENT;
    const missing = this.next + ALIGNMENT - this.memory.buffer.byteLength;
    if (missing > 0) this.memory.grow(Math.ceil(missing / PAGE_BYTES));
    return address;
  }

  release(): void {
    if (this.memory.buffer.byteLength > KEPT_BYTES) idle.delete(this.build);
  }
}
