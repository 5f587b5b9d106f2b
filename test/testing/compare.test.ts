import { compare, differs, toleranceOf } from '../../src/testing/compare.js';

const tolerance = { atol: 1e-5, rtol: 1e-5 };
const tensor = (values: number[], shape = [values.length]) => ({ shape, values: Float32Array.from(values) });

describe('compare', () => {
  test('passes within the tolerance and fails beyond it', () => {
    expect(compare(tensor([100]), [100.0009], tolerance).passed).toBe(true);
    expect(compare(tensor([100]), [100.0011], tolerance).passed).toBe(false);
    expect(compare(tensor([0]), [0.000009], tolerance).passed).toBe(true);
    expect(compare(tensor([0]), [0.000011], tolerance).passed).toBe(false);
  });

  test('says where the tolerance is exceeded most, one index an axis', () => {
    const { worst, maxAbsoluteError } = compare(
      tensor([1, 2, 3, 4, 5, 6], [1, 2, 3]),
      [1, 2, 3, 4, 5.5, 6.25],
      tolerance,
    );
    expect(worst).toEqual({ index: [0, 1, 1], expected: 5, received: 5.5 });
    expect(maxAbsoluteError).toBe(0.5);
  });

  test('points at a small number beyond its tolerance, not at a large one within', () => {
    const { worst, maxAbsoluteError, passed } = compare(tensor([0.001, 1000]), [0.0011, 1000.0078125], tolerance);
    expect(passed).toBe(false);
    expect(worst?.index).toEqual([0]);
    expect(maxAbsoluteError).toBe(0.0078125);
  });

  test('counts what is beyond the tolerance, and points at the first', () => {
    const received = [1.5, 2, 3.25, 7];
    expect(compare(tensor([1, 2, 3, 4], [2, 2]), received, { atol: 0.25, rtol: 0 })).toEqual({
      passed: false,
      shape: [2, 2],
      differing: 2,
      maxAbsoluteError: 3,
      first: { index: [0, 0], expected: 1, received: 1.5 },
      worst: { index: [1, 1], expected: 4, received: 7 },
    });
    expect(compare(tensor([1, 2, 3]), [1, 2.125, 3], { atol: 0.25, rtol: 0 })).toEqual({
      passed: true,
      shape: [3],
      differing: 0,
      maxAbsoluteError: 0.125,
      first: null,
      worst: { index: [1], expected: 2, received: 2.125 },
    });
  });

  test('points at the first of several that are as far off', () => {
    const { worst } = compare(tensor([1, 2, 3]), [1, Number.NaN, Number.NaN], tolerance);
    expect(worst).toEqual({ index: [1], expected: 2, received: Number.NaN });
  });

  test('passes where there is nothing to compare', () => {
    expect(compare(tensor([], [0, 3]), [], tolerance)).toMatchObject({ passed: true, differing: 0, worst: null });
  });

  test('takes NaN and infinity as equal to themselves only', () => {
    const special = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    expect(compare(tensor(special), special, tolerance)).toMatchObject({ passed: true, maxAbsoluteError: 0 });
    for (const received of [Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(compare(tensor([1]), [received], tolerance)).toMatchObject({ passed: false, maxAbsoluteError: Infinity });
    }
    expect(compare(tensor([Number.NaN]), [0], tolerance).passed).toBe(false);
    expect(compare(tensor([Number.POSITIVE_INFINITY]), [Number.NEGATIVE_INFINITY], tolerance).passed).toBe(false);
  });

  test('finds NaN and infinities beyond a tolerance that overflows', () => {
    const large = { shape: [1], values: Float64Array.of(1e300) };
    const loose = { atol: 0, rtol: 1e300 };
    expect(compare(large, [1], loose).passed).toBe(true);
    expect(compare(large, [Number.NaN], loose).passed).toBe(false);
    expect(compare(large, [Number.POSITIVE_INFINITY], loose).passed).toBe(false);
  });

  test('counts a number at the very edge of the tolerance as equal', () => {
    expect(compare(tensor([1]), [1.25], { atol: 0.25, rtol: 0 }).passed).toBe(true);
    expect(compare(tensor([-2]), [-2.5], { atol: 0, rtol: 0.25 }).passed).toBe(true);
    expect(compare(tensor([1]), [1], { atol: 0, rtol: 0 }).passed).toBe(true);
    expect(compare(tensor([-0]), [0], { atol: 0, rtol: 0 }).passed).toBe(true);
  });
});

describe('differs', () => {
  test('is true beyond the tolerance only, not at its edge', () => {
    expect(differs(1, 1, { atol: 0, rtol: 0 })).toBe(false);
    expect(differs(1, 1.25, { atol: 0.25, rtol: 0 })).toBe(false);
    expect(differs(1, 1.2501, { atol: 0.25, rtol: 0 })).toBe(true);
    expect(differs(Number.NaN, Number.NaN, { atol: 0, rtol: 0 })).toBe(false);
    expect(differs(Number.NaN, 1, { atol: 9, rtol: 9 })).toBe(true);
  });
});

describe('toleranceOf', () => {
  test('fills in 1e-5 for what is not given', () => {
    expect(toleranceOf('f')).toEqual({ atol: 1e-5, rtol: 1e-5 });
    expect(toleranceOf('f', { atol: 0 })).toEqual({ atol: 0, rtol: 1e-5 });
    expect(toleranceOf('f', { rtol: 3, atol: undefined as never })).toEqual({ atol: 1e-5, rtol: 3 });
    expect(toleranceOf('f', { rtol: null as never })).toEqual({ atol: 1e-5, rtol: 1e-5 });
  });

  test.each([
    ['1e-5', "'1e-5'"],
    ['', "''"],
    [true, 'true'],
    [false, 'false'],
    [[1], '[1]'],
    [1n, '1n'],
    [{ valueOf: () => 1 }, "an object of class Object with keys ['valueOf']"],
    [-1e-9, '-1e-9'],
    [Number.NaN, 'NaN'],
    [Number.POSITIVE_INFINITY, 'Infinity'],
    [Number.NEGATIVE_INFINITY, '-Infinity'],
  ])('refuses %p as a tolerance', (value, shown) => {
    for (const name of ['atol', 'rtol']) {
      expect(() => toleranceOf('f', { [name]: value })).toThrow(
        new RangeError(`f: ${name} must be a finite number of at least 0, got ${shown}`),
      );
    }
  });

  test('refuses what is no object of options, and misspelt names', () => {
    for (const options of [1e-3, '1e-3', true, [1e-3], Float32Array.of(1)]) {
      expect(() => toleranceOf('f', options as never)).toThrow('f: options must be an object, got ');
    }
    expect(() => toleranceOf('f', { Atol: 1 } as never)).toThrow("f: the option must be spelt 'atol', got 'Atol'");
  });
});
