import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { orthogonalByGateInitializer } from '../../../src/index.js';
import { NODE_BACKENDS, useBackend } from '../../../tools/backends.js';
import { expectClose } from '../../support/close.js';
import { KINDS } from '../../support/factories.js';

function blocksOf(kernel: tf.Tensor): tf.Tensor2D[] {
  return tf.split(kernel as tf.Tensor2D, 4, 1);
}

describe.each(NODE_BACKENDS)('On %s, orthogonal recurrent kernels', (backend) => {
  beforeAll(() => useBackend(backend));
  beforeEach(() => tf.engine().startScope());
  afterEach(() => tf.engine().endScope());

  test.each(KINDS)('start a layer of %s with a block for each gate, and are saved with it', async (_kind, make) => {
    const recurrentInitializer = orthogonalByGateInitializer({ seed: 0, gain: 1.5 });
    const model = tf.sequential({ layers: [make.lstm({ units: 6, inputShape: [4, 2], recurrentInitializer })] });
    const kernel = model.getWeights()[1] as tf.Tensor2D;
    const blocks = blocksOf(kernel);
    for (const block of blocks) expectClose(tf.matMul(block, block, true), tf.mul(tf.eye(6), 1.5 ** 2));
    for (const other of blocks.slice(1)) expect(other.arraySync()).not.toEqual(blocks[0]?.arraySync());
    const loaded = await tf.models.modelFromJSON(JSON.parse(model.toJSON() as string));
    expectClose(loaded.getWeights()[1] as tf.Tensor, kernel, 0);
  });
});

describe('Orthogonal kernels', () => {
  beforeAll(() => useBackend('cpu'));
  beforeEach(() => tf.engine().startScope());
  afterEach(() => tf.engine().endScope());

  test('have blocks with an orthonormal shorter side, whatever their shape', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 1, max: 12 }),
        fc.integer(),
        (rows, units, seed) => {
          const kernel = orthogonalByGateInitializer({ seed }).apply([rows, 4 * units]);
          expect(kernel.shape).toEqual([rows, 4 * units]);
          for (const block of blocksOf(kernel)) {
            const product = rows < units ? tf.matMul(block, block, false, true) : tf.matMul(block, block, true);
            expectClose(product, tf.eye(Math.min(rows, units)));
          }
        },
      ),
      { numRuns: 40 },
    );
  });

  test('are spread evenly over all directions, signs and orientations', () => {
    // Over many kernels of two units, every entry has mean 0 and variance 1/2, and half of them are reflections.
    const runs = 400;
    const matrices = Array.from({ length: runs }, (_, seed) =>
      blocksOf(orthogonalByGateInitializer({ seed }).apply([2, 8])).map((block) => [...block.dataSync()]),
    ).flat() as [number, number, number, number][];
    for (const at of [0, 1, 2, 3]) {
      const mean = matrices.reduce((sum, matrix) => sum + (matrix[at] as number), 0) / matrices.length;
      const square = matrices.reduce((sum, matrix) => sum + (matrix[at] as number) ** 2, 0) / matrices.length;
      expect(Math.abs(mean)).toBeLessThan(0.08);
      expect(Math.abs(square - 0.5)).toBeLessThan(0.05);
    }
    const turns = matrices.filter(([a, b, c, d]) => a * d - b * c > 0).length / matrices.length;
    expect(Math.abs(turns - 0.5)).toBeLessThan(0.06);
  });

  test('stay orthogonal in float32 at a size where errors would add up', () => {
    const [block] = blocksOf(orthogonalByGateInitializer({ seed: 4 }).apply([150, 600])) as [tf.Tensor2D];
    expectClose(tf.matMul(block, block, true), tf.eye(150), 1e-6);
  });

  test('differ without a seed and with another one', () => {
    const draw = (seed?: number) => [
      ...orthogonalByGateInitializer(seed === undefined ? {} : { seed })
        .apply([3, 12])
        .dataSync(),
    ];
    expect(draw(2)).toEqual(draw(2));
    expect(draw(2)).not.toEqual(draw(3));
    expect(draw()).not.toEqual(draw());
  });

  test('keep no tensor', () => {
    const count = tf.memory().numTensors;
    orthogonalByGateInitializer().apply([3, 12]).dispose();
    expect(tf.memory().numTensors).toBe(count);
  });

  const REFUSED: [string, () => unknown, string][] = [
    [
      'a gain that is no number',
      () => orthogonalByGateInitializer({ gain: Number.NaN }),
      'OrthogonalByGateInitializer: gain must be a finite number, got NaN',
    ],
    [
      'a misspelt option',
      () => orthogonalByGateInitializer({ Gain: 2 } as never),
      "OrthogonalByGateInitializer: the option must be spelt 'gain', got 'Gain'",
    ],
    [
      'a gain in words',
      () => orthogonalByGateInitializer({ gain: '2' as never }),
      "OrthogonalByGateInitializer: gain must be a finite number, got '2'",
    ],
    ['a broken seed', () => orthogonalByGateInitializer({ seed: 1.5 }), 'seed must be an integer, got 1.5'],
    [
      'the shape of a bias',
      () => orthogonalByGateInitializer().apply([8]),
      'the shape must be that of an LSTM kernel, [D, 4U], got [8]',
    ],
    [
      'a shape without four blocks',
      () => orthogonalByGateInitializer().apply([2, 6]),
      'the last dimension must be 4U, a block for each gate, got [2, 6]',
    ],
  ];
  test.each(REFUSED)('refuse %s', (_title, make, message) => {
    expect(make).toThrow(RangeError);
    expect(make).toThrow(message);
  });
});
