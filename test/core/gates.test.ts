import * as tf from '@tensorflow/tfjs';
import { GATE_NAMES, splitByGate } from '../../src/core/gates.js';
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
