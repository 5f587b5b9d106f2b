import * as tf from '@tensorflow/tfjs';
import { tidy } from '../core/tidy.js';

/** The data of each constrained weight as it was when the constraint had been seen to. */
const seenTo = new WeakMap<tf.LayerVariable, object>();

/**
 * Makes a weight keep its constraint in training. tfjs applies it when a weight is set, but its optimizers write past
 * that. Here it is applied when the weight is next read, which comes to the same: every use of a weight reads it.
 *
 * A change shows in the variable's data id. The initial value is not constrained, as in Keras.
 */
export function keepConstraint(weight: tf.LayerVariable): tf.LayerVariable {
  if (weight.constraint == null) return weight;
  const read = weight.read.bind(weight);
  const write = weight.write.bind(weight);
  const variable = read() as tf.Variable;
  const isChanged = () => variable.dataId !== seenTo.get(weight) || !showsChanges();
  seenTo.set(weight, variable.dataId);
  weight.read = () => {
    const value = read();
    if (isChanged()) {
      tidy(() => variable.assign(weight.constraint.apply(variable)));
      seenTo.set(weight, variable.dataId);
    }
    return value;
  };
  weight.write = (value) => {
    tidy(() => void write(value));
    seenTo.set(weight, variable.dataId);
    return weight;
  };
  return weight;
}

/** Gives a weight exactly this value, whether it keeps the constraint or not: the constraint waits for the next change. */
export function assignUnconstrained(weight: tf.LayerVariable, value: tf.Tensor): void {
  const variable = weight.read() as tf.Variable;
  variable.assign(value);
  if (seenTo.has(weight)) seenTo.set(weight, variable.dataId);
}

let isShowing: boolean | null = null;

/** Whether a variable has other data after an assignment, as a constraint is else applied again and again. */
function showsChanges(): boolean {
  isShowing ??= tf.tidy(() => {
    const variable = tf.variable(tf.scalar(0), false);
    const before = variable.dataId;
    variable.assign(tf.scalar(1));
    const isOther = variable.dataId !== before;
    variable.dispose();
    return isOther;
  });
  return isShowing;
}
