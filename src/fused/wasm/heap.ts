import * as tf from '@tensorflow/tfjs';
import { openWasmMemory, type WasmMemory } from '../../host/wasm-memory.js';
import { FIELD, FIELD_COUNT } from './binaries.js';
import { KeptPanels, type LastingMemory } from './kept-panels.js';
import { type Build, instantiate, type ModuleExports } from './module.js';

/** An array that a function of the module writes. */
export interface Output<T extends tf.Tensor = tf.Tensor> {
  readonly address: number;
  /** The array as a tensor. To be called once, after the function ran. */
  toTensor(): T;
  /** The same for other calls into the module alone, which read it by `hiddenArrayOf`: it need not have values. */
  toSaved(): tf.Tensor;
}

/** The memory of one call into the module. */
export interface Heap {
  readonly exports: ModuleExports;
  /** Missing where weights are packed for each call. To be asked before any other memory of the call. */
  readonly keptPanels?: KeptPanels | undefined;
  /** All of the memory. To be asked for anew after any other call, since memory that grew leaves old views empty. */
  view(): Uint32Array;
  /** Where a tensor's data are. */
  input(tensor: tf.Tensor): number;
  /** Memory for a float32 array. */
  output(shape: number[]): Output;
  /** Memory until the call ends. */
  reserve(bytes: number): number;
  /** Ends the call. */
  release(): void;
  /**
   * Calls a function of the module, if not here and at once.
   *
   * @throws ThreadsLost
   */
  run?(name: ModuleFunction, fields: Uint32Array): void;
}

/** Some thread may still write where a call's results should be: the call must be made anew, in other memory. */
export class ThreadsLost extends Error {}

/** Of what a call computes. */
export interface Size {
  batch: number;
  timesteps: number;
  features: number;
  units: number;
}

/** What runs calls on several threads. */
export interface Threads {
  /** The memory for a call that they run; null where they do not. */
  openHeap(build: Build, size: Size): Heap | null;
}

let threads: Threads | null = null;

/** Has calls run on several threads from here on; null for one. */
export function useThreads(given: Threads | null): void {
  threads = given;
}

/** What the module can compute. */
export type ModuleFunction = Exclude<keyof ModuleExports, `${string}Bytes` | 'copyBlock'>;

/**
 * Calls a function of the module.
 *
 * @param fields By `FIELD`: sizes, options and addresses; 0 for what is absent. The scratch memory is added here.
 */
export function execute(heap: Heap, name: ModuleFunction, fields: Uint32Array): void {
  if (heap.run !== undefined) heap.run(name, fields);
  else executeHere(heap, name, fields);
}

/** The same, on this thread alone. */
export function executeHere(heap: Heap, name: ModuleFunction, fields: Uint32Array): void {
  const sequence = heap.reserve(Uint32Array.BYTES_PER_ELEMENT * FIELD_COUNT);
  const first = sequence / Uint32Array.BYTES_PER_ELEMENT;
  const view = heap.view();
  view.set(fields, first);
  // A signed number, as WebAssembly hands it over.
  const scratchBytes = heap.exports[`${name}ScratchBytes`](sequence) >>> 0;
  const scratch = heap.reserve(scratchBytes);
  // Memory that has grown leaves a view empty; making one takes as long as a small step.
  (view.length > 0 ? view : heap.view())[first + FIELD.scratch] = scratch;
  heap.exports[name](sequence);
}

/** Whether a build can be run here. */
export function canOpenHeap(build: Build): boolean {
  return openSharedMemory(build) !== null || canOpenOwnMemory(build);
}

/**
 * The memory that the current backend's tensors are in, or else one to copy them to.
 *
 * @param size Of the call; without it, it runs on this thread alone.
 */
export function openHeap(build: Build, size: Size | null = null): Heap {
  const threaded = size === null ? null : threads?.openHeap(build, size);
  if (threaded != null) return threaded;
  const shared = openSharedMemory(build);
  return shared === null ? new CopyingHeap(build) : new SharedHeap(shared);
}

interface SharedMemory {
  wasm: WasmMemory;
  exports: ModuleExports;
  keptPanels?: KeptPanels;
}

const sharedMemories = new WeakMap<tf.KernelBackend, Map<Build, SharedMemory | null>>();

function openSharedMemory(build: Build): SharedMemory | null {
  if (tf.getBackend() !== 'wasm') return null;
  const backend = tf.backend();
  const known = sharedMemories.get(backend)?.get(build);
  if (known !== undefined) return known;
  const opened = connect(backend, build);
  sharedMemories.set(backend, (sharedMemories.get(backend) ?? new Map()).set(build, opened));
  return opened;
}

function connect(backend: tf.KernelBackend, build: Build): SharedMemory | null {
  const wasm = openWasmMemory(backend);
  if (wasm === null) return null;
  try {
    return { wasm, exports: instantiate(build, wasm.memory), keptPanels: panelsIn(backend, wasm) };
  } catch {
    return null;
  }
}

const sharedPanels = new WeakMap<tf.KernelBackend, KeptPanels>();

/** Panels that are kept in the memory of tfjs's wasm backend. */
export function panelsIn(backend: tf.KernelBackend, wasm: WasmMemory): KeptPanels {
  const panels = sharedPanels.get(backend) ?? new KeptPanels(wasm);
  sharedPanels.set(backend, panels);
  return panels;
}

/** Addresses start at cache lines. */
const ALIGNMENT = 64;

/** Works on tensors where they are, in the memory of tfjs's wasm backend. */
export class SharedHeap implements Heap {
  readonly exports: ModuleExports;
  readonly keptPanels: KeptPanels | undefined;
  private readonly wasm: WasmMemory;
  private readonly reserved: number[] = [];

  constructor({ wasm, exports, keptPanels }: SharedMemory) {
    this.wasm = wasm;
    this.exports = exports;
    this.keptPanels = keptPanels;
  }

  view(): Uint32Array {
    return new Uint32Array(this.wasm.memory.buffer);
  }

  input(tensor: tf.Tensor): number {
    return this.wasm.addressOf(tensor);
  }

  output(shape: number[]): Output {
    const tensor = this.wasm.makeTensor(shape);
    return new SharedOutput(this.wasm.addressOf(tensor), tensor);
  }

  reserve(bytes: number): number {
    const address = this.wasm.allocate(bytes + ALIGNMENT) || this.allocateInsteadOfPanels(bytes + ALIGNMENT);
    if (address === 0) throw new Error(`the wasm backend has no ${bytes} bytes of working memory left for an LSTM`);
    this.reserved.push(address);
    return Math.ceil(address / ALIGNMENT) * ALIGNMENT;
  }

  private allocateInsteadOfPanels(bytes: number): number {
    this.keptPanels?.dropOthers();
    return this.wasm.allocate(bytes);
  }

  release(): void {
    for (const address of this.reserved) this.wasm.free(address);
    this.reserved.length = 0;
  }
}

class SharedOutput implements Output {
  constructor(
    readonly address: number,
    private readonly tensor: tf.Tensor,
  ) {}

  toTensor(): tf.Tensor {
    return this.tensor;
  }

  toSaved(): tf.Tensor {
    return this.tensor;
  }
}

const PAGE_BYTES = 65536;
/** 4 GiB. */
const MOST_PAGES = 65536;
/** A memory cannot shrink. One that has grown larger is not kept for the next call. */
export const KEPT_BYTES = 256 * 2 ** 20;

/** The front of a memory of its own, where what lasts is: blocks, in the order of their addresses. */
class Front implements LastingMemory {
  private readonly blocks: { address: number; end: number }[] = [];

  /** Where the memory of calls begins. */
  get end(): number {
    // Address 0 says that an array is absent.
    return this.blocks.at(-1)?.end ?? ALIGNMENT;
  }

  /** In the first gap that is wide enough. */
  allocate(bytes: number): number {
    const { blocks } = this;
    const startAfter = (n: number) => (n === 0 ? ALIGNMENT : (blocks[n - 1] as { end: number }).end);
    let n = 0;
    while (n < blocks.length && (blocks[n] as { address: number }).address - startAfter(n) < bytes) n++;
    const address = startAfter(n);
    blocks.splice(n, 0, { address, end: Math.ceil((address + bytes) / ALIGNMENT) * ALIGNMENT });
    return address;
  }

  free(address: number): void {
    const n = this.blocks.findIndex((block) => block.address === address);
    this.blocks.splice(n, 1);
  }
}

interface OwnMemory {
  memory: WebAssembly.Memory;
  exports: ModuleExports;
  front: Front;
  keptPanels: KeptPanels;
}

const idle = new Map<Build, OwnMemory>();

function openOwnMemory(build: Build): OwnMemory {
  const kept = idle.get(build);
  if (kept !== undefined) return kept;
  const memory = new WebAssembly.Memory({ initial: 1, maximum: MOST_PAGES });
  const front = new Front();
  const opened = { memory, exports: instantiate(build, memory), front, keptPanels: new KeptPanels(front) };
  idle.set(build, opened);
  return opened;
}

/** Whether there can be a memory of its own here: it may be forbidden by a content security policy. */
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
  readonly exports: ModuleExports;
  readonly keptPanels: KeptPanels;
  private readonly memory: WebAssembly.Memory;
  private readonly front: Front;
  /** Null until something is reserved: panels may be added before. */
  private next: number | null = null;

  constructor(private readonly build: Build) {
    const { exports, memory, front, keptPanels } = openOwnMemory(build);
    this.exports = exports;
    this.memory = memory;
    this.front = front;
    this.keptPanels = keptPanels;
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
    // A sixth faster than `slice`, which fills with zeros first.
    const toTensor = () => tf.tensor(new Float32Array(new Float32Array(this.memory.buffer, address, size)), shape);
    return { address, toTensor, toSaved: toTensor };
  }

  reserve(bytes: number): number {
    const address = this.next ?? this.front.end;
    this.next = Math.ceil((address + bytes) / ALIGNMENT) * ALIGNMENT;
    const missing = this.next + ALIGNMENT - this.memory.buffer.byteLength;
    if (missing > 0) this.memory.grow(Math.ceil(missing / PAGE_BYTES));
    return address;
  }

  release(): void {
    if (this.memory.buffer.byteLength > KEPT_BYTES) idle.delete(this.build);
  }
}
