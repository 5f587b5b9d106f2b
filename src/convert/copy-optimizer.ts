import * as tf from '@tensorflow/tfjs';
import { clipGradients, gradientLimit } from '../training/clip-gradients.js';

/** A slot of an optimizer: what it remembers of one variable. */
interface Slot {
  originalName: string;
  variable: tf.Variable;
}

const HOST_OPTIMIZERS: readonly unknown[] = [
  tf.SGDOptimizer,
  tf.MomentumOptimizer,
  tf.RMSPropOptimizer,
  tf.AdamOptimizer,
  tf.AdamaxOptimizer,
  tf.AdadeltaOptimizer,
  tf.AdagradOptimizer,
];

/**
 * Copies an optimizer, with its gradient limit, and with what it remembers where it is one of tfjs's.
 *
 * `getWeights` and `setWeights` would be the documented way, but they are asynchronous, do not exist for Adamax, and
 * restore Adam's powers of beta from the iterations but roughly.
 */
export function copyOptimizer(optimizer: tf.Optimizer): tf.Optimizer {
  const optimizerClass = optimizer.constructor as tf.serialization.SerializableConstructor<tf.Optimizer>;
  const copy = optimizerClass.fromConfig(optimizerClass, optimizer.getConfig());
  if (HOST_OPTIMIZERS.includes(optimizerClass)) copyMemory(fieldsOf(optimizer), fieldsOf(copy));
  return clipGradients(copy, gradientLimit(optimizer));
}

function copyMemory(fields: Record<string, unknown>, copyFields: Record<string, unknown>): void {
  for (const [name, value] of Object.entries(fields)) {
    if (Array.isArray(value)) copyFields[name] = value.map(copySlot);
    else if (value instanceof tf.Variable) (copyFields[name] as tf.Variable).assign(value);
  }
  copyFields.iterations_ = fields.iterations_;
}

function copySlot({ originalName, variable }: Slot): Slot {
  return { originalName, variable: tf.tidy(() => tf.variable(tf.clone(variable), false)) };
}

function fieldsOf(optimizer: tf.Optimizer): Record<string, unknown> {
  return optimizer as unknown as Record<string, unknown>;
}
