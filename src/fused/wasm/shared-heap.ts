import * as tf from '@tensorflow/tfjs';
import type { Heap } from './heap.js';
import { type Build, instantiate, type KernelExports } from './module.js';

/** What is used of tfjs's wasm backend, none of which it documents. */
interface WasmBackend extends tf.KernelBackend {
  wasm: {
    asm?: { memory?: WebAssembly.Memory };
    wasmMemory?: WebAssembly.Memory;
    _malloc(bytes: number): number;
    _free(address: number): void;
  };
  dataIdMap: { get(dataId: tf.DataId): { memoryOffset: number } };
  makeOutput(shape: number[], dtype: tf.DataType): tf.TensorInfo;
}

interface SharedMemory {
  backend: WasmBackend;
  memory: WebAssembly.Memory;
  exports: KernelExports;
}

const sharedMemories = new WeakMap<tf.KernelBackend, Map<Build, SharedMemory | null>>();

/** Opens the memory of tfjs's wasm backend, in which its tensors are; null where it is not as expected. */
export function openSharedMemory(backend: tf.KernelBackend, build: Build): SharedMemory | null {
  const known = sharedMemories.get(backend) ?? new Map<Build, SharedMemory | null>();
  sharedMemories.set(backend, known);
  const found = known.has(build) ? known.get(build) : connect(backend as WasmBackend, build);
  known.set(build, found ?? null);
  return found ?? null;
}

function connect(backend: WasmBackend, build: Build): SharedMemory | null {
  try {
    const memory = backend.wasm.asm?.memory ?? backend.wasm.wasmMemory;
    if (memory === undefined) return null;
    const shared = { backend, memory, exports: instantiate(build, memory) };
    return isAsExpected(shared) ? shared : null;
  } catch {
    return null;
  }
}

/** Reads a tensor where its data should be, and writes one there. */
function isAsExpected({ backend, memory }: SharedMemory): boolean {
  return tf.tidy(() => {
    const values = [1.5, -2.25, 3.125];
    const tensor = tf.tensor1d(values);
    const at = (dataId: tf.DataId) => new Float32Array(memory.buffer, backend.dataIdMap.get(dataId).memoryOffset, 3);
    if (!values.every((value, index) => value === at(tensor.dataId)[index])) return false;
    const made = tf.engine().makeTensorFromTensorInfo(backend.makeOutput([3], 'float32'));
    at(made.dataId).set(values);
    const read = made.dataSync();
    const scratch = backend.wasm._malloc(4);
    backend.wasm._free(scratch);
    return scratch > 0 && values.every((value, index) => value === read[index]);
  });
}

const ALIGNMENT = 64;

/** Works on tensors where they are. */
export class SharedHeap implements Heap {
  readonly exports: KernelExports;
  private readonly reserved: number[] = [];

  constructor(private readonly shared: SharedMemory) {
    this.exports = shared.exports;
  }

  view(): Uint32Array {
    return new Uint32Array(this.shared.memory.buffer);
  }

  input(tensor: tf.Tensor): number {
    return this.shared.backend.dataIdMap.get(tensor.dataId).memoryOffset;
  }

  output(shape: number[]) {
    const { backend } = this.shared;
    // A tensor from the start, so that the tidy around it frees it if something throws.
    const tensor = tf.engine().makeTensorFromTensorInfo(backend.makeOutput(shape, 'float32'));
    return { address: this.input(tensor), toTensor: () => tensor };
  }

  reserve(bytes: number): number {
    const address = this.shared.backend.wasm._malloc(bytes + ALIGNMENT) >>> 0;
    if (address === 0) throw new Error(`the wasm backend has no ${bytes} bytes of working memory left for an LSTM`);
    this.reserved.push(address);
    return Math.ceil(address / ALIGNMENT) * ALIGNMENT;
  }

  release(): void {
    for (const address of this.reserved.splice(0)) this.shared.backend.wasm._free(address);
  }
}
