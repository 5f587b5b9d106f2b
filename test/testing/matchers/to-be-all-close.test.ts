import { expect as extendedExpect } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { type MatcherResult, matchers, type NumbersLike, type TensorMatchers } from '../../../src/testing/index.js';
import { NODE_BACKENDS, useBackend } from '../../../tools/backends.js';

beforeAll(() => useBackend('cpu'));

const match = (received: unknown, expected: unknown, options?: { atol?: number; rtol?: number }, isNot = false) =>
  matchers.toBeAllClose.call({ isNot }, received, expected, options) as Promise<MatcherResult>;
/** Each with the end of the message. */
const BAD_TOLERANCES: [options: unknown, message: string][] = [
  [{ atol: '1e-5' }, "atol must be a finite number of at least 0, got '1e-5'"],
  [{ atol: true }, 'atol must be a finite number of at least 0, got true'],
  [{ rtol: Number.NaN }, 'rtol must be a finite number of at least 0, got NaN'],
  [{ rtol: Number.POSITIVE_INFINITY }, 'rtol must be a finite number of at least 0, got Infinity'],
  [{ atol: -1 }, 'atol must be a finite number of at least 0, got -1'],
  [1e-3, 'options must be an object, got 0.001'],
  [{ a_tol: 1 }, "the option must be spelt 'atol', got 'a_tol'"],
];
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
    for (const [options, message] of BAD_TOLERANCES) {
      await expect(match([1], [1], options as never)).rejects.toThrow(`toBeAllClose: ${message}`);
    }
  });

  test('rejects for a bad tolerance or value in a test framework, also under .not', async () => {
    extendedExpect.extend(matchers);
    for (const [options, message] of BAD_TOLERANCES) {
      const assertion = extendedExpect([1]) as unknown as TensorMatchers & { not: TensorMatchers };
      await expect(assertion.toBeAllClose([1], options as never)).rejects.toThrow(message);
      await expect(assertion.not.toBeAllClose([2], options as never)).rejects.toThrow(message);
      await expect(assertion.not.toBeAllClose(['2'] as never)).rejects.toThrow('expected must be a tensor');
    }
  });

  test('tells a column from a row, and an empty array from an empty matrix', async () => {
    expect(await passes(tf.zeros([2, 1]), tf.zeros([2]))).toBe(false);
    expect(await passes([[0], [0]], [0, 0])).toBe(false);
    expect(await passes([[1, 0]], [[1], [0]])).toBe(false);
    expect(await passes([], tf.zeros([0]))).toBe(true);
    expect(await passes([], tf.zeros([0, 3]))).toBe(false);
    expect(await passes([[], []], tf.zeros([2, 0]))).toBe(true);
    expect(await passes(new Float32Array(0), tf.zeros([2, 0]))).toBe(true);
    expect(await passes(tf.zeros([2, 0, 3]), tf.zeros([2, 3, 0]))).toBe(false);
  });

  test('reads arrays as deep as a tensor can be, and no deeper', async () => {
    const nested = (depth: number) => {
      let array: unknown = 7;
      for (let axis = 0; axis < depth; axis++) array = [array];
      return array;
    };
    expect(await passes(nested(32), nested(32))).toBe(true);
    await expect(match(nested(33), [1])).rejects.toThrow('received must be a tensor, a typed array, or numbers');
    await expect(match([1], nested(20_000))).rejects.toThrow('expected must be a tensor');
    const ofItself: unknown[] = [];
    ofItself.push(ofItself);
    await expect(match(ofItself, [1])).rejects.toThrow('received must be a tensor');
  });

  test('refuses large values in a short message', async () => {
    const large = { base64: 'A'.repeat(4_000_000) };
    await expect(match(large, [1])).rejects.toThrow(/^.{1,320}$/);
    await expect(match(large.base64, [1])).rejects.toThrow(/^.{1,320}$/);
    await expect(match([1], [1], { atol: large as never })).rejects.toThrow(/^.{1,320}$/);
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
