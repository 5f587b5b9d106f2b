import * as tf from '@tensorflow/tfjs';
import { openWasmMemory, type WasmMemory } from '../../src/host/wasm-memory.js';
import { useBackend } from '../../tools/backends.js';

type Internals = Record<string, unknown> & { wasm: Record<string, unknown> };

beforeAll(() => useBackend('wasm'));
beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

/** The wasm backend with some of its internals replaced. It is another object, so that nothing is known of it yet. */
function changed(changes: Record<string, unknown>, changesOfWasm: Record<string, unknown> = {}): tf.KernelBackend {
  const backend = tf.backend() as unknown as Internals;
  const wasm = Object.create(backend.wasm, descriptorsOf(changesOfWasm));
  return Object.create(backend, descriptorsOf({ wasm, ...changes })) as tf.KernelBackend;
}

function descriptorsOf(values: Record<string, unknown>): PropertyDescriptorMap {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, { value }]));
}

/** The backend's map of its tensors, which looks them up in another way. */
function mapWith(get: (id: object) => unknown): object {
  return Object.create((tf.backend() as unknown as { dataIdMap: object }).dataIdMap, descriptorsOf({ get }));
}

/** Right for the first tensor that is asked for, and somewhere else for all others. */
function addressesOfFirstTensorAlone() {
  const { dataIdMap } = tf.backend() as unknown as { dataIdMap: { get(id: object): { memoryOffset: number } } };
  const elsewhere = tf.zeros([4]);
  let first: object | undefined;
  return (id: object) => {
    first ??= id;
    return dataIdMap.get(id === first ? id : elsewhere.dataId);
  };
}

/** Right for tensors of floats, and a byte off for others. */
function addressesOfFloatsAlone() {
  const { dataIdMap } = tf.backend() as unknown as {
    dataIdMap: { get(id: object): { memoryOffset: number; dtype: string } };
  };
  return (id: object) => {
    const { memoryOffset, dtype } = dataIdMap.get(id);
    return { memoryOffset: dtype === 'bool' ? memoryOffset + 1 : memoryOffset };
  };
}

const opened = () => openWasmMemory(tf.backend()) as WasmMemory;

describe("The memory of tfjs's wasm backend", () => {
  const memory = () => opened().memory;

  test('is opened once', () => {
    expect(opened()).not.toBeNull();
    expect(opened()).toBe(opened());
  });

  test('is found where the threaded build has it', () => {
    const backend = changed({}, { asm: undefined, wasmMemory: memory() });
    expect(openWasmMemory(backend)?.memory).toBe(memory());
  });

  test.each<[string, () => [Record<string, unknown>, Record<string, unknown>?]]>([
    ['there is no such object', () => [{ wasm: undefined }]],
    ['there is no memory', () => [{}, { asm: undefined, wasmMemory: undefined }]],
    [
      'the memory is another',
      () => [{}, { asm: { memory: new WebAssembly.Memory({ initial: 300, maximum: 65536 }) } }],
    ],
    ['the memory is none', () => [{}, { asm: { memory: {} } }]],
    ['tensors have no address', () => [{ dataIdMap: mapWith(() => ({})) }]],
    ['tensors are not found', () => [{ dataIdMap: mapWith(() => undefined) }]],
    ['tensors are elsewhere', () => [{ dataIdMap: mapWith(() => ({ memoryOffset: 1024 })) }]],
    ['bools are elsewhere', () => [{ dataIdMap: mapWith(addressesOfFloatsAlone()) }]],
    ['outputs cannot be made', () => [{ makeOutput: undefined }]],
    ['outputs are elsewhere', () => [{ dataIdMap: mapWith(addressesOfFirstTensorAlone()) }]],
    ['nothing can be reserved', () => [{}, { _malloc: undefined }]],
    ['what is reserved is nowhere', () => [{}, { _malloc: () => 0 }]],
    ['what is reserved has no number', () => [{}, { _malloc: () => undefined }]],
    ['nothing can be freed', () => [{}, { _free: undefined }]],
  ])('is left alone where %s', (_title, changesOf) => {
    const [changes, changesOfWasm] = changesOf();
    const before = tf.memory().numTensors;
    const backend = changed(changes, changesOfWasm);
    expect(openWasmMemory(backend)).toBeNull();
    expect(tf.memory().numTensors).toBe(before);
  });

  test('may be larger than 2 GiB, where addresses look negative', () => {
    const { wasm } = tf.backend() as unknown as { wasm: { _malloc(bytes: number): number } };
    const backend = changed({}, { _malloc: (bytes: number) => (bytes === 1234 ? -64 : wasm._malloc(bytes)) });
    expect(openWasmMemory(backend)?.allocate(1234)).toBe(2 ** 32 - 64);
  });
});
