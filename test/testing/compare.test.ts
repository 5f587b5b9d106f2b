import { compare } from '../../src/testing/compare.js';

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
});
