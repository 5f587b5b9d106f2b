import * as tf from '@tensorflow/tfjs';
import { isBuiltInLSTM, isBuiltInLSTMCell } from '../../src/host/built-in-classes.js';
import { lstm, lstmCell } from '../../src/index.js';

const builtIn = tf.layers.lstm({ units: 1 });
const builtInCell = tf.layers.lstmCell({ units: 1 });

test("tfjs's own LSTM is told from what is derived from it, named like it, or another layer", () => {
  class LSTM extends (builtIn.constructor as new (args: object) => tf.layers.Layer) {}
  class Named extends tf.layers.Layer {
    static readonly className = 'LSTM';
  }
  expect(isBuiltInLSTM(builtIn)).toBe(true);
  const others = [new LSTM({ units: 1 }), new Named({}), tf.layers.gru({ units: 1 }), lstm({ units: 1 }), builtInCell];
  expect(others.map((layer) => isBuiltInLSTM(layer))).toEqual(new Array(5).fill(false));
});

test("tfjs's own LSTMCell likewise", () => {
  class LSTMCell extends (builtInCell.constructor as new (args: object) => tf.layers.Layer) {}
  class Named extends tf.layers.Layer {
    static readonly className = 'LSTMCell';
  }
  expect(isBuiltInLSTMCell(builtInCell)).toBe(true);
  const others = [
    new LSTMCell({ units: 1 }),
    new Named({}),
    tf.layers.gruCell({ units: 1 }),
    lstmCell({ units: 1 }),
    builtIn,
  ];
  expect(others.map((layer) => isBuiltInLSTMCell(layer))).toEqual(new Array(5).fill(false));
});

test("To ask uses up no automatic name of tfjs's", () => {
  const numberOf = ({ name }: tf.layers.Layer) => Number(/\d+$/.exec(name)?.[0]);
  const makers = [() => tf.layers.lstm({ units: 1 }), () => tf.layers.lstmCell({ units: 1 })];
  const before = makers.map((make) => numberOf(make()));
  isBuiltInLSTM(builtIn);
  isBuiltInLSTMCell(builtInCell);
  // A layer makes a cell of its own.
  expect(makers.map((make, n) => numberOf(make()) - (before[n] as number))).toEqual([1, 2]);
});
