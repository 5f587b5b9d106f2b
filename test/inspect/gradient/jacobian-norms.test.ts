import * as tf from '@tensorflow/tfjs';
import { jacobianNorms, spectralNorms } from '../../../src/inspect/gradient/jacobian-norms.js';
import type { GradientFlow } from '../../../src/inspect/index.js';
import { NODE_BACKENDS, useBackend } from '../../../tools/backends.js';
import { expectClose } from '../../support/close.js';
import { randomTensor } from '../../support/random.js';

describe.each(NODE_BACKENDS)('On %s, spectralNorms', (backend) => {
  beforeAll(() => useBackend(backend));
  beforeEach(() => tf.engine().startScope());
  afterEach(() => tf.engine().endScope());

  test('are the largest stretches, whatever the rotation: of large and of tiny ones, of nearly equal ones', () => {
    const stretches = [
      [3, 2, 1],
      [1e8, 1, 0],
      [1e-9, 1e-10, 0],
      [1.0001, 1, 0.999],
      [2, 2, 2],
    ];
    const matrices = stretches.map((values, n) => {
      const [left, right] = [1, 2].map((seed) => tf.linalg.qr(randomTensor<tf.Rank.R2>([3, 3], 10 * n + seed))[0]);
      return tf.matMul(tf.mul(left!, tf.tensor1d(values)), right!);
    });
    const found = spectralNorms(tf.stack(matrices) as tf.Tensor3D);
    expectClose(tf.div(found, tf.tensor1d(stretches.map(([largest]) => largest!))), [1, 1, 1, 1, 1]);
  });

  test('are 0 for zeros, and NaN only where there is NaN', () => {
    const matrices = tf.stack([tf.zeros([4, 4]), tf.fill([4, 4], Number.NaN), tf.eye(4)]) as tf.Tensor3D;
    expect([...spectralNorms(matrices).dataSync()]).toEqual([0, Number.NaN, expect.closeTo(1, 5)]);
  });

  test('leave only themselves behind', () => {
    const matrices = randomTensor<tf.Rank.R3>([2, 3, 3], 1);
    const { numTensors } = tf.memory();
    spectralNorms(matrices).dispose();
    expect(tf.memory().numTensors).toBe(numTensors);
  });
});

describe('The norms of step Jacobians', () => {
  beforeAll(() => useBackend('cpu'));

  /** A flow of 3 samples whose step Jacobians stretch by these numbers, [T][B]. */
  function flowOf(stretches: number[][], mask: number[][] | null) {
    const stepJacobian = (t: number) =>
      tf.tidy(() => tf.stack((stretches[t] as number[]).map((stretch) => tf.mul(stretch, tf.eye(2)))));
    const flow = {
      trace: { mask: mask && tf.tensor2d(mask, undefined, 'bool') },
      dh: { shape: [3, stretches.length, 1] },
      stepJacobian,
    };
    return flow as unknown as GradientFlow;
  }
  const STRETCHES = [
    [1, 2, 6],
    [3, Number.NaN, 5],
    [7, 8, 9],
  ];

  test('are told at the timesteps asked for, in their order, by mean and maximum over the samples', async () => {
    const before = tf.memory().numTensors;
    expect(await jacobianNorms(flowOf(STRETCHES, null), [2, 0, 1])).toEqual([
      { timestep: 2, mean: expect.closeTo(8, 5), max: expect.closeTo(9, 5) },
      { timestep: 0, mean: expect.closeTo(3, 5), max: expect.closeTo(6, 5) },
      { timestep: 1, mean: null, max: null },
    ]);
    expect(await jacobianNorms(flowOf(STRETCHES, null), [])).toEqual([]);
    expect(tf.memory().numTensors).toBe(before);
  });

  test('are those of valid samples alone, and null where there is none', async () => {
    const flow = flowOf(STRETCHES, [
      [1, 1, 0],
      [1, 0, 0],
      [0, 1, 0],
    ]);
    expect(await jacobianNorms(flow, [0, 1, 2])).toEqual([
      { timestep: 0, mean: expect.closeTo(1.5, 5), max: expect.closeTo(2, 5) },
      { timestep: 1, mean: expect.closeTo(4, 5), max: expect.closeTo(5, 5) },
      { timestep: 2, mean: null, max: null },
    ]);
    flow.trace.mask?.dispose();
  });
});
