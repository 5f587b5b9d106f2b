import * as tf from '@tensorflow/tfjs';
import { type LSTMCell, lstm, lstmCell } from '../../src/index.js';

const namesOf = ({ weights }: tf.layers.Layer) => weights.map(({ originalName }) => originalName);

describe('adoptScopedName', () => {
  const built = () => {
    const cell = lstmCell({ units: 2 });
    cell.build([null, 3]);
    return cell;
  };

  test('names the weights of a cell that was built first as those of one that was not', () => {
    const before = tf.memory().numTensors;
    const x = tf.input({ shape: [4, 3] });
    const first = lstm({ cell: built(), name: 'a' });
    const last = lstm({ cell: lstmCell({ units: 2 }), name: 'a' });
    for (const layer of [first, last]) layer.apply(x);
    expect(namesOf(first)).toEqual(namesOf(last));
    expect(namesOf(first)).toEqual(['a/kernel', 'a/recurrent_kernel', 'a/bias']);
    expect(tf.memory().numTensors - before).toBe(6);
  });

  test("does so in tfjs's own layer, and among stacked cells", () => {
    const x = tf.input({ shape: [4, 3] });
    const stack = (cell: LSTMCell) => tf.layers.rnn({ cell: [cell, lstmCell({ units: 1 })], name: 'b' });
    for (const make of [(cell: LSTMCell) => tf.layers.rnn({ cell, name: 'b' }), stack]) {
      const [first, last] = [make(built()), make(lstmCell({ units: 2 }))] as [tf.layers.Layer, tf.layers.Layer];
      for (const layer of [first, last]) layer.apply(x);
      expect(namesOf(first)).toEqual(namesOf(last));
    }
  });

  test('leaves the names of a cell that another layer has named, or none', () => {
    const cell = built();
    cell.build([null, 3]);
    expect(namesOf(cell)).toEqual(['kernel', 'recurrent_kernel', 'bias']);
    for (const name of ['a', 'b']) lstm({ cell, name }).apply(tf.input({ shape: [4, 3] }));
    expect(namesOf(cell)).toEqual(['a/kernel', 'a/recurrent_kernel', 'a/bias']);
  });
});
