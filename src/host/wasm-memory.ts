import * as tf from '@tensorflow/tfjs';

/** The memory of tfjs's wasm backend, in which its tensors are. */
export interface WasmMemory {
  readonly memory: WebAssembly.Memory;
  /** Where a tensor's data are. */
  addressOf(tensor: tf.Tensor): number;
  /** A float32 tensor of any values. */
  makeTensor(shape: number[]): tf.Tensor;
  /** Memory, to be freed; 0 where there is none left. */
  allocate(bytes: number): number;
  free(address: number): void;
}

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

const opened = new WeakMap<tf.KernelBackend, WasmMemory | null>();

/**
 * Opens the memory of tfjs's wasm backend.
 *
 * Reliance: `backend.wasm.asm.memory` or `backend.wasm.wasmMemory`, `_malloc` and `_free`, `dataIdMap.get(…).memoryOffset`
 * and `makeOutput`, and that floats are there as 4 bytes and bools as one. Checked once for each backend object, by reading
 * tensors of both kinds where they should be and writing one. Fallback: null, and tensors are copied.
 */
export function openWasmMemory(backend: tf.KernelBackend): WasmMemory | null {
  const known = opened.get(backend);
  if (known !== undefined) return known;
  const found = connect(backend as WasmBackend);
  opened.set(backend, found);
  return found;
}

function connect(backend: WasmBackend): WasmMemory | null {
  try {
    const memory = backend.wasm.asm?.memory ?? backend.wasm.wasmMemory;
    if (memory === undefined) return null;
    const found: WasmMemory = {
      memory,
      addressOf: (tensor) => backend.dataIdMap.get(tensor.dataId).memoryOffset,
      // A tensor from the start, so that the tidy around it frees it if something throws.
      makeTensor: (shape) => tf.engine().makeTensorFromTensorInfo(backend.makeOutput(shape, 'float32')),
      // A signed number, as WebAssembly hands it over.
      allocate: (bytes) => backend.wasm._malloc(bytes) >>> 0,
      // What is freed when it is garbage may come after the backend has been disposed.
      free: (address) => (backend.wasm as WasmBackend['wasm'] | null)?._free(address),
    };
    return isAsExpected(found) ? found : null;
  } catch {
    return null;
  }
}

function isAsExpected({ memory, addressOf, makeTensor, allocate, free }: WasmMemory): boolean {
  return tf.tidy(() => {
    const values = [1.5, -2.25, 3.125];
    const floatsOf = (tensor: tf.Tensor) => new Float32Array(memory.buffer, addressOf(tensor), values.length);
    const areValues = (floats: ArrayLike<number>) => values.every((value, index) => value === floats[index]);
    if (!areValues(floatsOf(tf.tensor1d(values)))) return false;
    const flags = [1, 0, 1, 1, 0];
    const bools = new Uint8Array(memory.buffer, addressOf(tf.tensor1d(flags, 'bool')), flags.length);
    if (!flags.every((flag, index) => flag === bools[index])) return false;
    const made = makeTensor([values.length]);
    floatsOf(made).set(values);
    const address = allocate(4);
    free(address);
    return address > 0 && areValues(made.dataSync());
  });
}
