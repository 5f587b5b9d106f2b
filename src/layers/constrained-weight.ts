import type * as tf from '@tensorflow/tfjs';
import { tidy } from '../core/tidy.js';

/**
 * Makes a weight keep its constraint in training. tfjs applies it when a weight is set, but its optimizers write past
 * that. Here it is applied when the weight is next read, which comes to the same: every use of a weight reads it.
 *
 * A change shows in the variable's data id. The initial value is not constrained, as in Keras.
 */
export function keepConstraint(weight: tf.LayerVariable): tf.LayerVariable {
  if (weight.constraint == null) return weight;
  const [read, write] = [weight.read.bind(weight), weight.write.bind(weight)];
  const variable = read() as tf.Variable;
  let constrained = variable.dataId;
  weight.read = () => {
    const value = read();
    if (variable.dataId !== constrained) {
      tidy(() => variable.assign(weight.constraint.apply(variable)));
      constrained = variable.dataId;
    }
    return value;
  };
  weight.write = (value) => {
    tidy(() => void write(value));
    constrained = variable.dataId;
    return weight;
  };
  return weight;
}
