import * as tf from '@tensorflow/tfjs';
import { SequenceDropout } from '../../src/layers/sequence-dropout.js';
import { useBackend } from '../../tools/backends.js';

beforeAll(() => useBackend('cpu'));

const draw = () => ({ input: [tf.randomUniform([2, 3])], recurrent: [] });

/** Steps as tf.layers.rnn does: tidies around the sequence, the step and the cell. */
function maskIdsOf(dropout: SequenceDropout, kwargs: object[], batches = kwargs.map(() => 2)): number[] {
  return tf.tidy(() =>
    tf.tidy(() =>
      kwargs.map((one, n) => {
        let id = -1;
        tf.tidy(() => {
          tf.tidy(() => {
            [id] = dropout.masksFor(one, batches[n] as number, draw).input.map((mask) => mask.id) as [number];
          });
        });
        return id;
      }),
    ),
  ) as unknown as number[];
}

test('Masks last as long as the kwargs object does, and for one batch size', () => {
  const dropout = new SequenceDropout();
  const [first, second] = [{}, {}];
  const ids = maskIdsOf(dropout, [first, first, second, second]);
  expect(ids[1]).toBe(ids[0]);
  expect(ids[2]).not.toBe(ids[0]);
  expect(ids[3]).toBe(ids[2]);
  const third = {};
  const sizes = maskIdsOf(dropout, [third, third], [2, 5]);
  expect(sizes[1]).not.toBe(sizes[0]);
});

test('Masks that ended with their scope are drawn again', () => {
  const dropout = new SequenceDropout();
  const kwargs = {};
  const before = tf.memory().numTensors;
  const [first] = maskIdsOf(dropout, [kwargs]);
  expect(tf.memory().numTensors).toBe(before);
  const [second] = maskIdsOf(dropout, [kwargs]);
  expect(second).not.toBe(first);
});
