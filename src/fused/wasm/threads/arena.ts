import * as tf from '@tensorflow/tfjs';
import { openWasmMemory } from '../../../host/wasm-memory.js';
import type { Output } from '../heap.js';

const PAGE_BYTES = 65536;
/** 4 GiB. */
const MOST_PAGES = 65536;
const ALIGNMENT = 64;
/** What copies may take up beyond the call that is running. */
const KEPT_BYTES = 128 * 2 ** 20;
/** How many copies are kept. */
const MOST_COPIES = 200;

/** A piece of memory that is not to be overwritten. */
interface Block {
  address: number;
  end: number;
  /** What it is a copy of; null for working memory. */
  dataId: object | null;
  bytes: number;
  /** The call that has used it last. */
  call: number;
}

/**
 * Memory that threads share, with copies of tensors of any backend. A tensor's data never change, so a copy serves every call
 * as long as the tensor lives: the backward pass finds what the forward pass wrote, and weights are copied once for as long as
 * they stay.
 */
export class Arena {
  readonly memory = new WebAssembly.Memory({ initial: 16, maximum: MOST_PAGES, shared: true });
  /** By address. */
  private blocks: Block[] = [];
  private calls = 0;

  /** @param keptBytes What copies may take up beyond the call that is running. */
  constructor(private readonly keptBytes = KEPT_BYTES) {}

  /** Where a tensor's data are. */
  input(tensor: tf.Tensor): number {
    const ArrayOfType = tensor.dtype === 'bool' ? Uint8Array : Float32Array;
    const bytes = tensor.size * ArrayOfType.BYTES_PER_ELEMENT;
    const known = this.blocks.find((block) => block.dataId === tensor.dataId && block.bytes === bytes);
    if (known !== undefined) {
      known.call = this.calls;
      return known.address;
    }
    const { address } = this.allocate(bytes, tensor.dataId);
    new ArrayOfType(this.memory.buffer, address, tensor.size).set(valuesOf(tensor));
    return address;
  }

  output(shape: number[]): Output {
    const size = tf.util.sizeFromShape(shape);
    const block = this.allocate(4 * size, null);
    const { address } = block;
    const toTensor = () => {
      const tensor = tensorOf(new Float32Array(this.memory.buffer, address, size), shape);
      block.dataId = tensor.dataId;
      return tensor;
    };
    return { address, toTensor };
  }

  /** Memory until the call ends. */
  reserve(bytes: number): number {
    return this.allocate(bytes, null).address;
  }

  /** Ends the call. */
  release(): void {
    this.calls++;
    const backend = tf.backend();
    const copies = this.blocks.filter(({ dataId }) => dataId !== null && backend.refCount(dataId) > 0);
    const latest = [...copies].sort((a, b) => b.call - a.call).slice(0, MOST_COPIES);
    const kept = new Set<Block>();
    let bytes = 0;
    for (const block of latest) {
      bytes += block.bytes;
      if (bytes <= this.keptBytes) kept.add(block);
    }
    this.blocks = copies.filter((block) => kept.has(block));
  }

  /** Takes the lowest place that is free, so that calls use the same memory, which the processor still has in its caches. */
  private allocate(bytes: number, dataId: object | null): Block {
    const size = Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
    // Address 0 says that an array is absent.
    let address = ALIGNMENT;
    let index = 0;
    for (; index < this.blocks.length; index++) {
      const next = this.blocks[index] as Block;
      if (next.address >= address + size) break;
      address = next.end;
    }
    const block = { address, end: address + size, dataId, bytes, call: this.calls };
    this.blocks.splice(index, 0, block);
    const missing = block.end + ALIGNMENT - this.memory.buffer.byteLength;
    if (missing > 0) this.memory.grow(Math.ceil(missing / PAGE_BYTES));
    return block;
  }
}

/** Without a copy on the way where the backend's own memory is open. */
function valuesOf(tensor: tf.Tensor): ArrayLike<number> {
  const wasm = tf.getBackend() === 'wasm' ? openWasmMemory(tf.backend()) : null;
  if (wasm === null) return tensor.dataSync();
  const ArrayOfType = tensor.dtype === 'bool' ? Uint8Array : Float32Array;
  return new ArrayOfType(wasm.memory.buffer, wasm.addressOf(tensor), tensor.size);
}

function tensorOf(values: Float32Array, shape: number[]): tf.Tensor {
  const wasm = tf.getBackend() === 'wasm' ? openWasmMemory(tf.backend()) : null;
  if (wasm === null) return tf.tensor(values.slice(), shape);
  const tensor = wasm.makeTensor(shape);
  new Float32Array(wasm.memory.buffer, wasm.addressOf(tensor), values.length).set(values);
  return tensor;
}
