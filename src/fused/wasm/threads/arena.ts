import * as tf from '@tensorflow/tfjs';
import { openWasmMemory } from '../../../host/wasm-memory.js';
import type { Output } from '../heap.js';

const PAGE_BYTES = 65536;
/** 4 GiB. */
const MOST_PAGES = 65536;
const ALIGNMENT = 64;
/** Beyond this it grows only where one call needs more. */
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
  /** Whether the call that is being prepared or run uses it. */
  isInUse: boolean;
}

/**
 * Memory that threads share, with copies of tensors of any backend. A tensor's data never change, so a copy serves every call
 * until its place is needed: the backward pass finds what the forward pass wrote, and weights are copied once for as long as
 * they stay.
 */
export class Arena {
  readonly memory = new WebAssembly.Memory({ initial: 16, maximum: MOST_PAGES, shared: true });
  // Address 0 says that an array is absent.
  private next = ALIGNMENT;
  /** Oldest first. */
  private blocks: Block[] = [];

  /** @param keptBytes To what it grows before it uses memory again that holds copies. */
  constructor(private readonly keptBytes = KEPT_BYTES) {}

  /** Where a tensor's data are. */
  input(tensor: tf.Tensor): number {
    const ArrayOfType = tensor.dtype === 'bool' ? Uint8Array : Float32Array;
    const bytes = tensor.size * ArrayOfType.BYTES_PER_ELEMENT;
    const known = this.blocks.find((block) => block.dataId === tensor.dataId && block.bytes === bytes);
    if (known !== undefined) {
      known.isInUse = true;
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
    for (const block of this.blocks) block.isInUse = false;
    this.blocks = this.blocks.filter(({ dataId }) => dataId !== null).slice(-MOST_COPIES);
  }

  private allocate(bytes: number, dataId: object | null): Block {
    const address = this.findPlace(bytes);
    const end = Math.ceil((address + bytes) / ALIGNMENT) * ALIGNMENT;
    this.blocks = this.blocks.filter((block) => block.isInUse || block.end <= address || block.address >= end);
    const block = { address, end, dataId, bytes, isInUse: true };
    this.blocks.push(block);
    this.next = end;
    return block;
  }

  /** The next place that no block in use takes up, from the start again once enough has been used. */
  private findPlace(bytes: number): number {
    const most = Math.max(this.keptBytes, this.memory.buffer.byteLength);
    const found = this.passBlocksInUse(this.next, bytes);
    if (found + bytes + ALIGNMENT <= most) return this.ensure(found, bytes);
    const again = this.passBlocksInUse(ALIGNMENT, bytes);
    return this.ensure(again, bytes);
  }

  private passBlocksInUse(from: number, bytes: number): number {
    let place = from;
    for (;;) {
      const inTheWay = this.blocks.find(
        ({ isInUse, address, end }) => isInUse && address < place + bytes + ALIGNMENT && place < end,
      );
      if (inTheWay === undefined) return place;
      place = inTheWay.end;
    }
  }

  private ensure(address: number, bytes: number): number {
    const missing = address + bytes + ALIGNMENT - this.memory.buffer.byteLength;
    if (missing > 0) this.memory.grow(Math.ceil(missing / PAGE_BYTES));
    return address;
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
