import * as tf from '@tensorflow/tfjs';
import { lstm, lstmCell } from '../../src/index.js';
import { copyArguments } from '../../src/layers/arguments.js';

test('Plain objects and arrays are copied, whatever their depth; instances are shared', () => {
  const instance = new Map();
  const original = { a: [1, { b: 2 }], instance, none: null, call: Math.tanh };
  const copy = copyArguments(original);
  expect(copy).toEqual(original);
  expect(copy.a[1]).not.toBe(original.a[1]);
  expect(copy.a).not.toBe(original.a);
  expect(copy.instance).toBe(instance);
});

test('What tfjs writes into a config does not reach the arguments of a layer or cell', () => {
  const args = { units: 2, kernelRegularizer: { className: 'L1L2', config: { l1: 0.5, l2: 0.25 } } };
  lstm(args as unknown as tf.LSTMLayerArgs);
  lstmCell(args as unknown as tf.LSTMCellLayerArgs);
  expect(args.kernelRegularizer.config).toEqual({ l1: 0.5, l2: 0.25 });
  tf.layers.lstm(args as unknown as tf.LSTMLayerArgs);
  expect(args.kernelRegularizer.config).toHaveProperty('customObjects');
});
