import * as tf from '@tensorflow/tfjs';

/**
 * Builds a layer and gives it its weights, which are disposed.
 *
 * @param inputShape [B, T, D], B and T null.
 * @param makeWeights In the order of the layer's.
 */
export function buildLayer(layer: tf.layers.Layer, inputShape: tf.Shape, makeWeights: () => tf.Tensor[]): void {
  // An initializer whose values are thrown away must not take a minute, as Orthogonal's does for large layers.
  layer.setFastWeightInitDuringBuild(true);
  tf.tidy(() => void new Builder(layer, inputShape).apply(tf.scalar(0)));
  layer.setFastWeightInitDuringBuild(false);
  tf.tidy(() => layer.setWeights(makeWeights()));
}

/**
 * tfjs names weights after the layer only while it applies one of this name. Weights of other names would be saved, but not
 * be found again when the model is loaded. Applying the layer itself would count as a use that it has to be disposed for.
 */
class Builder extends tf.layers.Layer {
  static readonly className: string = 'ExplicitBuilder';

  constructor(
    private readonly layer: tf.layers.Layer,
    private readonly layersInputShape: tf.Shape,
  ) {
    super({ name: layer.name });
  }

  override build(): void {
    this.layer.build(this.layersInputShape);
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor | tf.Tensor[] {
    return inputs;
  }
}
