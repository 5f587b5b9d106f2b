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
