import type * as tf from '@tensorflow/tfjs';

/** What makes the first value of a weight. */
export type MakeWeight = (name: string, shape: number[]) => tf.Tensor;

interface AddsWeights {
  addWeight(
    name: string,
    shape: number[],
    dtype: string | null | undefined,
    initializer: { apply(): tf.Tensor },
    ...others: unknown[]
  ): tf.LayerVariable;
}

/**
 * Lets a layer begin with given weights instead of initialized ones: no initializer runs, no constraint changes them, and
 * what `make` throws is thrown before anything is allocated. Weights of layers within are theirs.
 *
 * tfjs's layers make each weight by `addWeight`, which subclasses may call but nobody else sees.
 *
 * @returns What ends it; the layer is as it was then.
 */
export function giveWeights(layer: tf.layers.Layer, make: MakeWeight): () => void {
  const adding = layer as unknown as AddsWeights;
  if (typeof adding.addWeight !== 'function')
    throw new Error('this version of tfjs does not reveal how layers make weights');
  const addWeight = adding.addWeight.bind(layer);
  adding.addWeight = (name, shape, dtype, _initializer, regularizer, trainable, constraint) => {
    // It would put zeros in the place of any initializer's value.
    layer.setFastWeightInitDuringBuild(false);
    const initializer = { apply: () => make(name, shape) };
    return addWeight(name, shape, dtype, initializer, regularizer, trainable, constraint);
  };
  return () => {
    delete (adding as Partial<AddsWeights>).addWeight;
  };
}
