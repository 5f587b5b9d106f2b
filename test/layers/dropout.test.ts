import * as tf from '@tensorflow/tfjs';
import { GATE_NAMES } from '../../src/core/quantities.js';
import { drawDropoutMasks, dropoutFunction } from '../../src/layers/dropout.js';
import { useBackend } from '../../tools/backends.js';

beforeAll(() => useBackend('cpu'));

test('The first dropout mask serves every gate, unless the hidden state is dropped: then each gate has its own', () => {
  const drawn = (dropout: number, recurrentDropout: number) => {
    const before = tf.memory().numTensors;
    const { input, recurrent } = drawDropoutMasks(
      { gateNames: GATE_NAMES, dropout, recurrentDropout },
      dropoutFunction(3),
      [2, 5],
      [2, 4],
    );
    const values = [input, recurrent].map((masks) => masks.map((mask) => [mask.shape, [...mask.dataSync()]]));
    tf.dispose([...input, ...recurrent]);
    expect(tf.memory().numTensors).toBe(before);
    return values;
  };
  const first = (rate: number, shape: [number, number]) =>
    tf.tidy(() => [shape, [...dropoutFunction(3)(tf.ones(shape), rate).dataSync()]]);
  expect(drawn(0, 0)).toEqual([[], []]);
  expect(drawn(0.4, 0)).toEqual([[first(0.4, [2, 5])], []]);
  expect(drawn(0, 0.3).map((masks) => masks.length)).toEqual([0, 4]);
  const [input, recurrent] = drawn(0.4, 0.3) as [unknown[], unknown[]];
  expect([input.length, recurrent.length]).toEqual([4, 4]);
  expect(input[0]).toEqual(first(0.4, [2, 5]));
  expect(new Set([...input, ...recurrent].map(String)).size).toBe(8);
});
