import * as tf from '@tensorflow/tfjs';
import { CopyingHeap, canOpenOwnMemory, KEPT_BYTES } from '../../../src/fused/wasm/heap.js';
import { NODE_BACKENDS, useBackend } from '../../../tools/backends.js';
import { randomTensor } from '../../support/random.js';

describe.each(NODE_BACKENDS)("On %s, a kernel's own memory", (backend) => {
  beforeAll(() => useBackend(backend));
  beforeEach(() => tf.engine().startScope());
  afterEach(() => tf.engine().endScope());

  const floatsAt = (heap: CopyingHeap, address: number, size: number) => [
    ...new Float32Array(heap.view().buffer, address, size),
  ];

  test('has copies of tensors, where the heap says', () => {
    const heap = new CopyingHeap('simd');
    const tensors = [randomTensor([3, 5], 1), randomTensor([2], 2)];
    const addresses = tensors.map((tensor) => heap.input(tensor));
    expect(addresses).not.toContain(0);
    for (const [n, tensor] of tensors.entries()) {
      expect(floatsAt(heap, addresses[n] as number, tensor.size)).toEqual([...tensor.dataSync()]);
    }
    heap.release();
  });

  test('has floats of what was integers or bools, and bytes of masks', () => {
    const heap = new CopyingHeap('simd');
    const [integers, bools] = [tf.tensor1d([1, -2, 300], 'int32'), tf.tensor1d([1, 0, 1], 'bool')];
    expect(floatsAt(heap, heap.input(tf.cast(integers, 'float32')), 3)).toEqual([1, -2, 300]);
    expect(floatsAt(heap, heap.input(tf.cast(bools, 'float32')), 3)).toEqual([1, 0, 1]);
    expect([...new Uint8Array(heap.view().buffer, heap.input(bools), 3)]).toEqual([1, 0, 1]);
    heap.release();
  });

  test('has what is written to outputs', () => {
    const heap = new CopyingHeap('simd');
    const output = heap.output([2, 2]);
    new Float32Array(heap.view().buffer, output.address, 4).set([1, 2, 3, 4]);
    const tensor = output.toTensor();
    heap.release();
    new Float32Array(new CopyingHeap('simd').view().buffer, output.address, 4).set([5, 6, 7, 8]);
    expect(tensor.arraySync()).toEqual([
      [1, 2],
      [3, 4],
    ]);
  });

  test('grows as needed, and keeps what is in it', () => {
    const heap = new CopyingHeap('simd');
    const before = heap.view().byteLength;
    const address = heap.input(tf.tensor1d([1, 2, 3]));
    const reserved = [1, 100, before, 0].map((bytes) => heap.reserve(bytes));
    expect(heap.view().byteLength).toBeGreaterThanOrEqual((reserved[3] as number) + 64);
    expect(heap.view().byteLength).toBeGreaterThan(before);
    expect(reserved.every((at) => at % 64 === 0)).toBe(true);
    expect((reserved[2] as number) - (reserved[1] as number)).toBeGreaterThanOrEqual(100);
    expect((reserved[3] as number) - (reserved[2] as number)).toBeGreaterThanOrEqual(before);
    expect(floatsAt(heap, address, 3)).toEqual([1, 2, 3]);
    heap.release();
  });

  test('is used again by the next call, unless it has grown large', () => {
    const [first, second] = [new CopyingHeap('simd'), new CopyingHeap('simd')];
    expect(second.exports).toBe(first.exports);
    second.release();
    expect(new CopyingHeap('simd').exports).toBe(first.exports);
    const large = new CopyingHeap('simd');
    large.reserve(KEPT_BYTES);
    large.release();
    const next = new CopyingHeap('simd');
    expect(next.exports).not.toBe(first.exports);
    expect(next.view().byteLength).toBeLessThan(2 ** 20);
  });
});

test('A memory of its own cannot be had where modules may not be made', () => {
  new CopyingHeap('simd').reserve(KEPT_BYTES);
  const large = new CopyingHeap('simd');
  large.reserve(KEPT_BYTES);
  large.release();
  const make = jest.spyOn(WebAssembly, 'Instance').mockImplementation(() => {
    throw new WebAssembly.CompileError('refused by a content security policy');
  });
  try {
    expect(canOpenOwnMemory('simd')).toBe(false);
  } finally {
    make.mockRestore();
  }
  expect(canOpenOwnMemory('simd')).toBe(true);
});
