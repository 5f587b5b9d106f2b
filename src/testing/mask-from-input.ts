import * as tf from '@tensorflow/tfjs';

/**
 * Passes a sequence on with a mask that is fed beside it: [x, mask] -> x. tfjs's own Masking finds the mask in the
 * values, which cannot express a mask over arbitrary values.
 */
export class MaskFromInput extends tf.layers.Layer {
  static readonly className: string = 'ExplicitMaskFromInput';

  constructor(args: ConstructorParameters<typeof tf.layers.Layer>[0] = {}) {
    super(args);
    this.supportsMasking = true;
  }

  override computeOutputShape(inputShape: tf.Shape | tf.Shape[]): tf.Shape {
    return inputShape[0] as tf.Shape;
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    // The executor disposes inputs that it needs no more, while later layers still need the mask.
    return tf.clone((inputs as tf.Tensor[])[0] as tf.Tensor);
  }

  override computeMask(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    // The executor disposes inputs that it needs no more, while later layers still need the mask.
    return tf.clone((inputs as tf.Tensor[])[1] as tf.Tensor);
  }
}
tf.serialization.registerClass(MaskFromInput);
