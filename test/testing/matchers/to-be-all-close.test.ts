import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { type MatcherResult, matchers, type NumbersLike } from '../../../src/testing/index.js';
import { NODE_BACKENDS, useBackend } from '../../../tools/backends.js';

beforeAll(() => useBackend('cpu'));

const match = (received: unknown, expected: unknown, options?: { atol?: number; rtol?: number }, isNot = false) =>
  matchers.toBeAllClose.call({ isNot }, received, expected, options) as Promise<MatcherResult>;
const passes = async (...parameters: Parameters<typeof match>) => (await match(...parameters)).pass;
const messageOf = async (...parameters: Parameters<typeof match>) => (await match(...parameters)).message();

describe('toBeAllClose', () => {
  test('passes within the tolerance, absolute and relative to what is expected', async () => {
    expect(await passes([100.0009, 0.000009], [100, 0])).toBe(true);
    expect(await passes([100.0011], [100])).toBe(false);
    expect(await passes([0.00002], [0])).toBe(false);
    expect(await passes([1.2], [1], { atol: 0.25, rtol: 0 })).toBe(true);
    expect(await passes([4.5], [4], { atol: 0, rtol: 0.125 })).toBe(true);
    expect(await passes([4.5], [4], { atol: 0, rtol: 0.124 })).toBe(false);
  });

  test.each(NODE_BACKENDS)('reads tensors of every real dtype, on %s', async (backend) => {
    await useBackend(backend);
    const [float, int, bool] = [tf.tensor2d([[0.5, -1]]), tf.tensor1d([7, 8], 'int32'), tf.tensor1d([1, 0], 'bool')];
    expect(await passes(float, [[0.5, -1]])).toBe(true);
    expect(await passes(int, [7, 9])).toBe(false);
    expect(await passes(int, Int32Array.of(7, 8))).toBe(true);
    expect(await passes(bool, [true, false])).toBe(true);
    expect(await passes([true], bool.slice(1))).toBe(false);
    expect(await passes(tf.scalar(2), 2)).toBe(true);
    tf.dispose([float, int, bool]);
    await useBackend('cpu');
  });

  test('takes whatever holds the same numbers for the same', async () => {
    const values = fc.array(fc.float({ noDefaultInfinity: true, noNaN: true }), { minLength: 1, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(values, fc.nat(11), async (numbers, at) => {
        const forms: NumbersLike[] = [tf.tensor1d(numbers), numbers, Float32Array.from(numbers)];
        const changed = numbers.map((value, n) => (n === at % numbers.length ? value + 1 + Math.abs(value) : value));
        for (const form of forms) {
          expect(await passes(form, numbers)).toBe(true);
          expect(await passes(numbers, form)).toBe(true);
          expect(await passes(form, changed)).toBe(false);
        }
      }),
      { numRuns: 50 },
    );
  });

  test('keeps the precision of integers and of float64', async () => {
    expect(await passes(tf.tensor1d([2 ** 24 + 1], 'int32'), [2 ** 24], { atol: 0, rtol: 0 })).toBe(false);
    expect(await passes(Float64Array.of(0.1), [0.1], { atol: 0, rtol: 0 })).toBe(true);
    expect(await passes(tf.scalar(0.1), 0.1, { atol: 0, rtol: 0 })).toBe(false);
  });

  test('takes NaN and infinities as equal to themselves only, whatever the tolerance', async () => {
    const [nan, infinity] = [Number.NaN, Number.POSITIVE_INFINITY];
    const loose = { atol: 1e9, rtol: 1e9 };
    expect(await passes(tf.tensor1d([nan, infinity, -infinity]), [nan, infinity, -infinity])).toBe(true);
    expect(await passes([nan], [0], loose)).toBe(false);
    expect(await passes([0], [nan], loose)).toBe(false);
    expect(await passes([infinity], [-infinity], loose)).toBe(false);
    expect(await passes([1], [infinity], loose)).toBe(false);
  });

  test('says how many differ, the first and the worst', async () => {
    const received = tf.tensor2d([
      [1, 2.5, 3],
      [4, 5, 8],
    ]);
    const expected = [
      [1, 2, 3],
      [4, 5, 6],
    ];
    expect(await messageOf(received, expected, { atol: 0.1 })).toBe(
      'expect(received).toBeAllClose(expected)\n\n' +
        '2 of 6 numbers differ by more than 0.1 + 0.00001 * |expected|.\n' +
        'First at [0, 1]: expected 2, received 2.5 (0.5 apart)\n' +
        'Worst at [1, 2]: expected 6, received 8 (2 apart)',
    );
    const one = await messageOf([1, Number.NaN], [1, 2]);
    expect(one).toContain('1 of 2 numbers differ');
    expect(one).toContain('First at [1]: expected 2, received NaN');
    expect(one).not.toMatch(/Worst|apart/);
  });

  test('says where in the other value when one is a flat typed array', async () => {
    const received = tf.tensor2d([
      [1, 2],
      [3, 4],
    ]);
    expect(await messageOf(received, Float32Array.of(1, 2, 0, 4))).toContain('First at [1, 0]: expected 0, received 3');
    expect(await messageOf(Float32Array.of(1, 2), Float32Array.of(1, 0))).toContain('First at [1]: expected 0');
  });

  test('says under .not how close the numbers are', async () => {
    expect(await messageOf([1, 2.25], [1, 2], { atol: 0.5, rtol: 0 }, true)).toBe(
      'expect(received).not.toBeAllClose(expected)\n\n' +
        'Expected some numbers to differ, but all 2 are within 0.5 + 0 * |expected|; the largest difference is 0.25.',
    );
  });

  test('fails where shapes differ, also of the same number of elements', async () => {
    expect(await messageOf(tf.zeros([2, 3]), tf.zeros([3, 2]))).toContain(
      'The shapes differ.\nExpected: [3, 2]\nReceived: [2, 3]',
    );
    for (const expected of [[[0, 0]], [0, 0, 0], 0, Float32Array.of(0), []]) {
      expect(await passes([0, 0], expected)).toBe(false);
    }
    expect(await messageOf([0, 0], Float32Array.of(0))).toContain('Expected: a typed array of 1 numbers');
    expect(await passes([], [])).toBe(true);
    expect(await passes(tf.zeros([0, 3]), tf.zeros([0, 3]))).toBe(true);
  });

  test('fails where the dtypes of two tensors differ', async () => {
    expect(await messageOf(tf.ones([2], 'int32'), tf.ones([2]))).toContain(
      'The dtypes differ.\nExpected: float32\nReceived: int32',
    );
  });

  const disposed = () => {
    const tensor = tf.zeros([2]);
    tensor.dispose();
    return tensor;
  };
  test.each<[string, () => unknown, string]>([
    ['text', () => ['a'], 'received must be a tensor, a typed array, or numbers'],
    ['ragged arrays', () => [[1, 2], [3]], 'received must be a tensor, a typed array, or numbers'],
    ['arrays with holes', () => [1, undefined], 'received must be a tensor'],
    ['nothing', () => undefined, 'received must be a tensor'],
    ['a promise', () => Promise.resolve([1]), 'received must be a tensor'],
    ['arrays of tensors', () => [tf.zeros([1])], 'received must be a tensor'],
    ['big integers', () => BigInt64Array.of(1n), 'received must be a tensor'],
    ['bytes without a type', () => new DataView(new ArrayBuffer(4)), 'received must be a tensor'],
    ['a tensor of text', () => tf.tensor1d(['a']), 'received must hold real numbers, got'],
    ['a complex tensor', () => tf.complex([1], [2]), 'received must hold real numbers, got'],
    ['a disposed tensor', disposed, 'received must not be disposed, got'],
  ])('refuses %s', async (_, make, message) => {
    await expect(match(make(), [1])).rejects.toThrow(`toBeAllClose: ${message}`);
    await expect(match([1], make())).rejects.toThrow(`toBeAllClose: ${message.replace('received', 'expected')}`);
  });

  test('refuses tolerances that are none', async () => {
    await expect(match([1], [1], { atol: -1 })).rejects.toThrow(
      'toBeAllClose: atol must be a number of at least 0, got -1',
    );
    await expect(match([1], [1], { rtol: Number.NaN })).rejects.toThrow('toBeAllClose: rtol must be');
    await expect(match([1], [1], 1e-3 as never)).rejects.toThrow('toBeAllClose: options must be an object, got 0.001');
  });

  test('leaves no tensor behind', async () => {
    const tensors = [tf.ones([3, 2]), tf.zeros([3, 2])];
    const before = tf.memory().numTensors;
    await match(tensors[0], tensors[1]);
    await match(tensors[0], tensors[0]);
    expect(tf.memory().numTensors).toBe(before);
    tf.dispose(tensors);
  });
});
