import * as tf from '@tensorflow/tfjs';

/**
 * Gives a weight that was made outside any layer the name that it would have been given here, in the `build` of one:
 * `lstm_1/kernel` for `kernel`. Under its own name it would be saved, and not be found when the model is loaded.
 *
 * Reliance: within `apply` a new `LayerVariable` has a name that begins with the layer's, in `originalName`, by which models
 * are saved; the field can be written. Checked each time, by a variable. Fallback: the weight keeps its name.
 */
export function adoptScopedName(weight: tf.LayerVariable): void {
  const { originalName } = weight;
  if (originalName.includes('/')) return;
  const zero = tf.scalar(0);
  const probe = new tf.LayerVariable(zero, 'float32', originalName, false);
  const scoped = probe.originalName;
  zero.dispose();
  probe.dispose();
  if (scoped.endsWith(`/${originalName}`)) Object.assign(weight, { originalName: scoped });
}
