import * as tf from '@tensorflow/tfjs';
import { assignUnconstrained } from '../../src/host/constrained-weight.js';
import { lstm } from '../../src/index.js';
import { useBackend } from '../../tools/backends.js';
import { expectClose } from '../support/close.js';

beforeAll(() => useBackend('cpu'));

/** The recurrent kernel [1, 4] of an LSTM whose recurrent kernel must not be negative. */
function constrainedWeight(): tf.LayerVariable {
  const layer = lstm({
    units: 1,
    recurrentConstraint: 'nonNeg',
    recurrentInitializer: tf.initializers.constant({ value: -2 }),
  });
  layer.build([null, null, 1]);
  return layer.cell.recurrentKernel;
}

test('A constraint holds for a weight that is set or that an optimizer writes, not for the initial one', () => {
  tf.tidy(() => {
    const weight = constrainedWeight();
    expectClose(weight.read(), [-2, -2, -2, -2], 0);
    weight.write(tf.tensor2d([[-1, 2, -3, 4]]));
    expectClose(weight.read(), [0, 2, 0, 4], 0);
    (weight.read() as tf.Variable).assign(tf.tensor2d([[5, -6, 7, -8]]));
    expectClose(weight.read(), [5, 0, 7, 0], 0);
  });
});

test('A constraint is applied once to each change', () => {
  class Halve extends (tf.constraints.nonNeg().constructor as new () => ReturnType<typeof tf.constraints.nonNeg>) {
    override apply = (weight: tf.Tensor) => tf.mul(weight, 0.5) as tf.Tensor;
  }
  tf.tidy(() => {
    const layer = lstm({ units: 1, recurrentConstraint: new Halve() });
    layer.build([null, null, 1]);
    const weight = layer.cell.recurrentKernel;
    weight.write(tf.tensor2d([[2, 4, -6, 8]]));
    for (let read = 0; read < 2; read++) expectClose(weight.read(), [1, 2, -3, 4], 0);
    (weight.read() as tf.Variable).assign(tf.tensor2d([[20, 40, -60, 80]]));
    for (let read = 0; read < 2; read++) expectClose(weight.read(), [10, 20, -30, 40], 0);
  });
});

test('A weight can be given a value that does not keep the constraint, until it changes', () => {
  tf.tidy(() => {
    const weight = constrainedWeight();
    assignUnconstrained(weight, tf.tensor2d([[-1, 2, -3, 4]]));
    expectClose(weight.read(), [-1, 2, -3, 4], 0);
    (weight.read() as tf.Variable).assign(tf.tensor2d([[-1, 2, -3, 5]]));
    expectClose(weight.read(), [0, 2, 0, 5], 0);
  });
});

test('Reading and writing leave nothing behind', () => {
  const weight = constrainedWeight();
  const value = tf.tensor2d([[-1, 2, -3, 4]]);
  const before = tf.memory().numTensors;
  weight.write(value);
  (weight.read() as tf.Variable).assign(value);
  weight.read();
  expect(tf.memory().numTensors).toBe(before);
});

test('Where an assignment does not show, the constraint is applied at every reading', () => {
  // The check is made once and remembered: this is a module that has not made it, on the same tfjs.
  jest.doMock('@tensorflow/tfjs', () => tf);
  jest.isolateModules(() => {
    const { keepConstraint } = require('../../src/host/constrained-weight.js') as {
      keepConstraint: (weight: object) => void;
    };
    const assign = jest.spyOn(tf.Variable.prototype, 'assign').mockImplementation(() => {});
    tf.tidy(() => {
      const apply = jest.fn((value: tf.Tensor) => value);
      const variable = tf.variable(tf.scalar(1));
      const weight = { constraint: { apply }, read: () => variable, write: () => weight };
      keepConstraint(weight);
      for (let read = 0; read < 3; read++) weight.read();
      expect(apply).toHaveBeenCalledTimes(3);
      assign.mockRestore();
    });
  });
  jest.dontMock('@tensorflow/tfjs');
});
