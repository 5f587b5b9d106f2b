import * as tf from '@tensorflow/tfjs';
import { globalNorm, normsByBlock } from '../../src/core/norm.js';
import { GATE_NAMES } from '../../src/core/quantities.js';
import { blocksOf } from '../../src/core/weights.js';
import { NODE_BACKENDS, useBackend } from '../../tools/backends.js';
import { expectClose } from '../support/close.js';
import { randomTensor } from '../support/random.js';

describe.each(NODE_BACKENDS)('On %s, norms', (backend) => {
  beforeAll(() => useBackend(backend));
  beforeEach(() => tf.engine().startScope());
  afterEach(() => tf.engine().endScope());

  test('of tensors together are the root of all their squares', () => {
    expectClose(globalNorm([tf.tensor1d([3, 0]), tf.tensor2d([[0], [-4]]), tf.scalar(12)]), tf.scalar(13));
    expectClose(globalNorm([]), tf.scalar(0));
    expectClose(globalNorm([tf.zeros([3])]), tf.scalar(0));
  });

  test.each([[[3, 8]], [[8]]])('by gate are those of the blocks of a weight of %s', (shape) => {
    const weight = randomTensor(shape, 4);
    const values = [...weight.dataSync()];
    const expected = [0, 1, 2, 3].map((gate) =>
      Math.sqrt(values.filter((_, n) => Math.floor((n % 8) / 2) === gate).reduce((sum, value) => sum + value ** 2, 0)),
    );
    expectClose(normsByBlock(weight, blocksOf(GATE_NAMES, 2)), expected);
  });

  test('are of each block, whatever the widths', () => {
    const weight = tf.tensor2d([3, 4, 1, 0, 0, 2], [2, 3]);
    const blocks = [
      { name: 'i', width: 2 },
      { name: 'z', width: 1 },
    ];
    expectClose(normsByBlock(weight, blocks), [5, Math.sqrt(5)]);
  });

  test('are exact where squares are beyond float32, and not finite where a value is not', () => {
    const weight = tf.tensor1d([-3e30, -4e30, 3e-30, -4e-30, 0, 0, Number.NaN, 1]);
    const [large, small, zero, broken] = normsByBlock(
      weight,
      blocksOf(GATE_NAMES, 2),
    ).dataSync() as unknown as number[];
    expect((large as number) / 5e30).toBeCloseTo(1, 5);
    expect((small as number) / 5e-30).toBeCloseTo(1, 5);
    expect(zero).toBe(0);
    expect(broken).toBeNaN();
    const [infinite] = globalNorm([tf.tensor1d([1, Number.NEGATIVE_INFINITY])]).dataSync();
    expect(Number.isFinite(infinite)).toBe(false);
  });
});
