import * as tf from '@tensorflow/tfjs';
import { openWasmMemory } from '../../../host/wasm-memory.js';
import type { Output } from '../heap.js';
import { forgetArray, standInFor } from '../hidden-arrays.js';
import { KeptPanels, type LastingMemory } from '../kept-panels.js';

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
  readonly address: number;
  readonly end: number;
  readonly bytes: number;
  /** Whose data are there; null for working memory. */
  dataId: tf.DataId | null;
  /** The backend that knows whether the data are still wanted, which are nowhere else; null where they are a copy. */
  backend: tf.KernelBackend | null;
  /** Until it is freed. */
  isLasting: boolean;
  /** The call that has used it last. */
  call: number;
}

/**
 * Memory that threads share, with copies of tensors of any backend. A tensor's data never change, so a copy serves every call
 * as long as the tensor lives. What only calls of the module read, such as what the backward pass finds of the forward pass,
 * is not copied out of it.
 */
export class Arena implements LastingMemory {
  readonly memory = new WebAssembly.Memory({ initial: 16, maximum: MOST_PAGES, shared: true });
  readonly keptPanels = new KeptPanels(this);
  /** By address. */
  private blocks: Block[] = [];
  /** Those of them that are copies. */
  private copies: Block[] = [];
  private calls = 0;

  /** @param keptBytes What copies may take up beyond the call that is running. */
  constructor(private readonly keptBytes = KEPT_BYTES) {}

  /** Whether there is, or can be, so much more. */
  hasRoomFor(bytes: number): boolean {
    const end = (this.blocks.at(-1)?.end ?? ALIGNMENT) + bytes;
    if (end > PAGE_BYTES * MOST_PAGES) return false;
    try {
      this.growTo(end);
      return true;
    } catch {
      return false;
    }
  }

  /** Where a tensor's data are. */
  input(tensor: tf.Tensor): number {
    const ArrayOfType = tensor.dtype === 'bool' ? Uint8Array : Float32Array;
    const bytes = tensor.size * ArrayOfType.BYTES_PER_ELEMENT;
    const known = this.copies.find((block) => block.dataId === tensor.dataId && block.bytes === bytes);
    if (known !== undefined) {
      known.call = this.calls;
      return known.address;
    }
    const block = this.place(bytes);
    new ArrayOfType(this.memory.buffer, block.address, tensor.size).set(valuesOf(tensor));
    this.setCopyOf(tensor, block);
    return block.address;
  }

  output(shape: number[]): Output {
    const size = tf.util.sizeFromShape(shape);
    const block = this.place(4 * size);
    const { memory } = this;
    const { address } = block;
    const toTensor = () => {
      const tensor = tensorOf(new Float32Array(memory.buffer, address, size), shape);
      this.setCopyOf(tensor, block);
      return tensor;
    };
    return {
      address,
      toTensor,
      toSaved: () => {
        // There, its ops read some of it.
        if (tf.getBackend() === 'tensorflow') return toTensor();
        const standIn = standInFor({ memory, address, size });
        block.dataId = standIn.dataId;
        block.backend = tf.backend();
        return standIn;
      },
    };
  }

  /** Memory until the call ends. */
  reserve(bytes: number): number {
    return this.place(bytes).address;
  }

  allocate(bytes: number): number {
    const block = this.place(bytes);
    block.isLasting = true;
    return block.address;
  }

  free(address: number): void {
    this.blocks = this.blocks.filter((block) => block.address !== address);
  }

  /** Ends the call. */
  release(): void {
    this.calls++;
    const backend = tf.backend();
    const wanted = this.copies.filter(({ dataId }) => backend.refCount(dataId as tf.DataId) > 0);
    const latest = wanted.sort((a, b) => b.call - a.call).slice(0, MOST_COPIES);
    let bytes = 0;
    this.copies = latest.filter((block) => {
      bytes += block.bytes;
      return bytes <= this.keptBytes;
    });
    const kept = new Set(this.copies);
    this.blocks = this.blocks.filter((block) => block.isLasting || kept.has(block) || isOriginal(block));
  }

  private setCopyOf({ dataId }: tf.Tensor, block: Block): void {
    block.dataId = dataId;
    this.copies.push(block);
  }

  /** Takes the lowest place that is free, so that calls use the same memory, which the processor still has in its caches. */
  private place(bytes: number): Block {
    const size = Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
    // Address 0 says that an array is absent.
    let address = ALIGNMENT;
    let index = 0;
    for (; index < this.blocks.length; index++) {
      const next = this.blocks[index] as Block;
      if (next.address >= address + size) break;
      address = next.end;
    }
    this.growTo(address + size);
    const block = {
      address,
      end: address + size,
      bytes,
      dataId: null,
      backend: null,
      isLasting: false,
      call: this.calls,
    };
    this.blocks.splice(index, 0, block);
    return block;
  }

  private growTo(end: number): void {
    const missing = end + ALIGNMENT - this.memory.buffer.byteLength;
    if (missing > 0) this.memory.grow(Math.ceil(missing / PAGE_BYTES));
  }
}

/** Whether a block has data that are wanted and nowhere else. */
function isOriginal({ backend, dataId }: Block): boolean {
  if (backend === null || dataId === null) return false;
  if (backend.refCount(dataId) > 0) return true;
  forgetArray(dataId);
  return false;
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
