import * as tf from '@tensorflow/tfjs';
import { openSharedMemory, SharedHeap } from '../../../src/fused/wasm/shared-heap.js';
import { useBackend } from '../../../tools/backends.js';
import { randomTensor } from '../../support/random.js';

type Internals = Record<string, unknown> & { wasm: Record<string, unknown> };
type SharedMemory = NonNullable<ReturnType<typeof openSharedMemory>>;

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

const opened = () => openSharedMemory(tf.backend(), 'simd') as SharedMemory;

describe("The memory of tfjs's wasm backend", () => {
  const internals = () => tf.backend() as unknown as Internals;
  const memory = () => opened().memory;

  test('is opened once', () => {
    expect(opened()).not.toBeNull();
    expect(opened()).toBe(opened());
  });

  test('is found where the threaded build has it', () => {
    const backend = changed({}, { asm: undefined, wasmMemory: memory() });
    expect(openSharedMemory(backend, 'simd')?.memory).toBe(memory());
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
    expect(openSharedMemory(backend, 'simd')).toBeNull();
    expect(tf.memory().numTensors).toBe(before);
  });

  test('is left alone where the module may not be made', () => {
    const make = jest.spyOn(WebAssembly, 'Instance').mockImplementation(() => {
      throw new WebAssembly.CompileError('refused by a content security policy');
    });
    try {
      expect(openSharedMemory(changed({}), 'simd')).toBeNull();
    } finally {
      make.mockRestore();
    }
  });

  test('has tensors where the heap says', () => {
    const heap = new SharedHeap(opened());
    const tensor = randomTensor([3, 5], 1);
    expect([...new Float32Array(memory().buffer, heap.input(tensor), 15)]).toEqual([...tensor.dataSync()]);
    const output = heap.output([2, 3]);
    new Float32Array(memory().buffer, output.address, 6).set([1, 2, 3, 4, 5, 6]);
    expect(output.toTensor().arraySync()).toEqual([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    heap.release();
  });

  test('has tensors of another backend, too, once they are used', async () => {
    await useBackend('cpu');
    const tensor = randomTensor([4], 2);
    await useBackend('wasm');
    const heap = new SharedHeap(opened());
    expect([...new Float32Array(memory().buffer, heap.input(tensor), 4)]).toEqual([...tensor.dataSync()]);
  });

  test('gets back all that was reserved in it, which started at cache lines', () => {
    const { wasm } = internals() as unknown as { wasm: { _malloc(n: number): number; _free(n: number): void } };
    const [reserve, free] = [jest.spyOn(wasm, '_malloc'), jest.spyOn(wasm, '_free')];
    try {
      const heap = new SharedHeap(opened());
      const addresses = [10, 1000, 0].map((bytes) => heap.reserve(bytes));
      const results = reserve.mock.results.map(({ value }) => value as number);
      for (const [n, address] of addresses.entries()) {
        expect(address % 64).toBe(0);
        expect(address - (results[n] as number)).toBeGreaterThanOrEqual(0);
        expect(address - (results[n] as number) + ([10, 1000, 0][n] as number)).toBeLessThanOrEqual(
          reserve.mock.calls[n]?.[0] as number,
        );
      }
      heap.release();
      heap.release();
      expect(free.mock.calls.map(([address]) => address)).toEqual(results);
    } finally {
      reserve.mockRestore();
      free.mockRestore();
    }
  });

  test('may be full: what was asked for is told', () => {
    const backend = changed({}, { _malloc: () => 0 });
    const heap = new SharedHeap({ ...opened(), backend } as SharedMemory);
    expect(() => heap.reserve(1234)).toThrow('the wasm backend has no 1234 bytes of working memory left for an LSTM');
  });

  test('may be larger than 2 GiB, where addresses look negative', () => {
    const backend = changed({}, { _malloc: () => -64 });
    const heap = new SharedHeap({ ...opened(), backend } as SharedMemory);
    expect(heap.reserve(0)).toBe(2 ** 32 - 64);
  });
});
