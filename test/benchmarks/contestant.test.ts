import * as tf from '@tensorflow/tfjs';
import { relativeDifference, requireAgreement, tensorContestant } from '../../benchmarks/contestant.js';

beforeAll(() => tf.setBackend('cpu'));

const floats = (...values: number[]) => Float32Array.from(values);
const contestant = (name: string, ...results: Float32Array[]) => ({
  name,
  run: () => {},
  results: async () => results,
});

describe('relativeDifference', () => {
  it('is the largest difference over the largest magnitude that was expected', () => {
    expect(relativeDifference(floats(1, -8, 2), floats(1, -7, 4))).toBe(0.25);
  });

  it('is 0 for equal values, zeros too', () => {
    expect(relativeDifference(floats(1, 2), floats(1, 2))).toBe(0);
    expect(relativeDifference(floats(0), floats(0))).toBe(0);
  });

  it('is infinite for another length, for nothing, and beside zeros', () => {
    expect(relativeDifference(floats(1, 2), floats(1))).toBe(Number.POSITIVE_INFINITY);
    expect(relativeDifference(floats(1), undefined)).toBe(Number.POSITIVE_INFINITY);
    expect(relativeDifference(floats(0), floats(1))).toBe(Number.POSITIVE_INFINITY);
  });

  it('is NaN when a NaN is anywhere in either', () => {
    expect(relativeDifference(floats(1, 2), floats(Number.NaN, 2))).toBeNaN();
    expect(relativeDifference(floats(Number.NaN, 2), floats(1, 2))).toBeNaN();
  });
});

describe('requireAgreement', () => {
  it('lets pass what differs by rounding only', async () => {
    const duel = { baseline: contestant('a', floats(1, 2)), candidate: contestant('b', floats(1, 2.00001)) };
    await expect(requireAgreement('here', duel)).resolves.toBeUndefined();
  });

  it('says where, which result and whose differ', async () => {
    const duel = { baseline: contestant('a', floats(1), floats(2)), candidate: contestant('b', floats(1), floats(3)) };
    const message = 'here: result 1 of a and b must agree to 0.00001, differs by 0.5';
    await expect(requireAgreement('here', duel)).rejects.toThrow(message);
  });

  it('refuses a NaN', async () => {
    const duel = { baseline: contestant('a', floats(1)), candidate: contestant('b', floats(Number.NaN)) };
    await expect(requireAgreement('here', duel)).rejects.toThrow('differs by NaN');
  });

  it('refuses to compare fewer results than there are', async () => {
    const duel = { baseline: contestant('a'), candidate: contestant('b', floats(1)) };
    await expect(requireAgreement('here', duel)).rejects.toThrow(
      'here: a and b must have equally many results, got 0 and 1',
    );
  });
});

describe('tensorContestant', () => {
  it('gives the values of all tensors, and keeps no tensor', async () => {
    const before = tf.memory().numTensors;
    const { run, results } = tensorContestant('some', () => [tf.square(tf.tensor1d([1, 2])), tf.scalar(3)]);
    run();
    expect(await results()).toEqual([floats(1, 4), floats(3)]);
    expect(tf.memory().numTensors).toBe(before);
  });
});
