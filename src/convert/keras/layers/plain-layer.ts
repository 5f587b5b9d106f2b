import * as tf from '@tensorflow/tfjs';

export type LayerArgs = NonNullable<ConstructorParameters<typeof tf.layers.Layer>[0]>;
export type Shape = tf.Shape;

/** What the small layers here have in common: one output, of the input's shape unless they say otherwise. */
export abstract class PlainLayer extends tf.layers.Layer {
  /** @param masks Whether masks pass the layer, or end at it. tfjs's own layers throw where they get one that does not pass. */
  constructor(args: LayerArgs, masks: 'pass' | 'end') {
    super(args);
    this.supportsMasking = masks === 'pass';
  }

  /** Runs within a tidy. */
  abstract compute(inputs: tf.Tensor[], mask: tf.Tensor | null): tf.Tensor;

  override call(inputs: tf.Tensor | tf.Tensor[], kwargs: { mask?: tf.Tensor | tf.Tensor[] | null } = {}): tf.Tensor {
    const [mask = null] = [kwargs.mask ?? null].flat();
    return tf.tidy(() => this.compute([inputs].flat(), mask));
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape {
    return inputShape as Shape;
  }

  override computeMask(inputs: tf.Tensor | tf.Tensor[], mask?: tf.Tensor | tf.Tensor[]): tf.Tensor | tf.Tensor[] {
    // tfjs takes null for none, and says otherwise only in its types.
    return this.supportsMasking ? super.computeMask(inputs, mask) : (null as unknown as tf.Tensor);
  }
}
