import * as tf from '@tensorflow/tfjs';
import { openHeap, SharedHeap } from '../../../src/fused/wasm/heap.js';
import { instantiate } from '../../../src/fused/wasm/module.js';
import { openWasmMemory, type WasmMemory } from '../../../src/host/wasm-memory.js';
import { useBackend } from '../../../tools/backends.js';
import { randomTensor } from '../../support/random.js';

beforeAll(() => useBackend('wasm'));
beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

const opened = () => openWasmMemory(tf.backend()) as WasmMemory;

/** A heap in the backend's memory, of which something is replaced. */
const heapWith = (changes: Partial<WasmMemory>) =>
  new SharedHeap({ wasm: { ...opened(), ...changes }, exports: instantiate('simd', opened().memory) });

describe("The memory of tfjs's wasm backend", () => {
  const memory = () => opened().memory;

  test('is opened once for a build', () => {
    const [first, second] = [openHeap('simd'), openHeap('simd')];
    expect(first).toBeInstanceOf(SharedHeap);
    expect(second.exports).toBe(first.exports);
  });

  test('has tensors where the heap says', () => {
    const heap = openHeap('simd');
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
    const heap = openHeap('simd');
    expect([...new Float32Array(memory().buffer, heap.input(tensor), 4)]).toEqual([...tensor.dataSync()]);
  });

  test('gets back all that was reserved in it, which started at cache lines', () => {
    const { wasm } = tf.backend() as unknown as { wasm: { _malloc(n: number): number; _free(n: number): void } };
    const [reserve, free] = [jest.spyOn(wasm, '_malloc'), jest.spyOn(wasm, '_free')];
    try {
      const heap = openHeap('simd');
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
    const heap = heapWith({ allocate: () => 0 });
    expect(() => heap.reserve(1234)).toThrow('the wasm backend has no 1234 bytes of working memory left for an LSTM');
  });
});
