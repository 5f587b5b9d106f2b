import * as tf from '@tensorflow/tfjs';
import { GATE_NAMES, splitBlocks, splitByGate } from '../../src/core/gates.js';
import { useBackend } from '../../tools/backends.js';
import { expectClose } from '../support/close.js';

beforeAll(() => useBackend('cpu'));

test("Gates are named in Keras's and tfjs's order of blocks", () => {
  expect(GATE_NAMES).toEqual(['i', 'f', 'g', 'o']);
});

test('The last axis is split into the blocks of the gates, whatever the rank', () => {
  tf.tidy(() => {
    const bias = splitByGate(tf.tensor1d([1, 2, 3, 4, 5, 6, 7, 8]));
    expectClose(bias.i, [1, 2], 0);
    expectClose(bias.f, [3, 4], 0);
    expectClose(bias.g, [5, 6], 0);
    expectClose(bias.o, [7, 8], 0);
    const kernel = splitByGate(
      tf.tensor2d([
        [1, 2, 3, 4],
        [5, 6, 7, 8],
      ]),
    );
    expect(kernel.f.shape).toEqual([2, 1]);
    expectClose(kernel.f, [2, 6], 0);
    expectClose(kernel.o, [4, 8], 0);
  });
});

test('The last axis is split into blocks of any names and widths, one alone included', () => {
  tf.tidy(() => {
    const widths = [
      { name: 'z', width: 1 },
      { name: 'f', width: 2 },
    ];
    for (const shape of [[3], [2, 3], [4, 2, 3]]) {
      const tensor = tf.reshape(tf.range(0, tf.util.sizeFromShape(shape)), shape);
      const { z, f } = splitBlocks(tensor, widths) as { z: tf.Tensor; f: tf.Tensor };
      expect([z.shape, f.shape]).toEqual([
        [...shape.slice(0, -1), 1],
        [...shape.slice(0, -1), 2],
      ]);
      expectClose(tf.concat([z, f], -1), tensor, 0);
      const gradient = tf.grad((x: tf.Tensor) => tf.sum(splitBlocks(x, [{ name: 'all', width: 3 }]).all as tf.Tensor));
      expectClose(gradient(tensor), tf.ones(shape), 0);
    }
  });
});
