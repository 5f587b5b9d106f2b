import * as tf from '@tensorflow/tfjs';
import { invalidArgument } from '../../core/errors.js';
import { kerasClassName } from './keras-class.js';
import type { WeightedModel } from './plan-model.js';
import type { WeightOwner, WeightPart } from './translate-layer.js';

type Layer = tf.layers.Layer;

/** The layers of a built model of tfjs with their weights, in terms of Keras's files. */
export interface LayersWithWeights {
  model: WeightedModel;
  /** Whose weights they are: a layer or a cell. */
  layerOf: ReadonlyMap<WeightOwner, Layer>;
}

/**
 * Sees to it that a model has its weights.
 *
 * @throws RangeError for what is no model, and for one whose input nobody has said.
 */
export function requireBuilt(where: string, model: tf.LayersModel): void {
  if (!(model instanceof tf.LayersModel)) throw invalidArgument(where, 'model must be a tf.LayersModel', model);
  if (model.built) return;
  // A Sequential is built when it is first used, as soon as it knows its input.
  if (!(model instanceof tf.Sequential) || (model.outputs ?? []).length === 0) {
    throw invalidArgument(where, 'model must be built: give its first layer an inputShape', model);
  }
  model.build();
}

/**
 * Says which weights a model has, and where Keras keeps those in its files.
 *
 * @param layersOf The layers of a model in the order in which Keras counts them. Default: as tfjs has them.
 */
export function weightsOfModel(model: tf.LayersModel, layersOf: LayersOf = ({ layers }) => layers): LayersWithWeights {
  const layerOf = new Map<WeightOwner, Layer>();
  return { model: ofModel(model, layersOf, layerOf), layerOf };
}

type LayersOf = (model: tf.LayersModel) => Layer[];

function ofModel(model: tf.LayersModel, layersOf: LayersOf, layerOf: Map<WeightOwner, Layer>): WeightedModel {
  const layers = layersOf(model).map((layer) => {
    const isModel = layer instanceof tf.LayersModel;
    const className = isModel ? (layer instanceof tf.Sequential ? 'Sequential' : 'Functional') : kerasClassName(layer);
    const content = isModel ? ofModel(layer, layersOf, layerOf) : ofLayer(layer, layerOf);
    return { name: layer.name, className, place: `layer '${layer.name}'`, content };
  });
  return { name: model.name, trainable: model.trainable, layers };
}

/** Where a layer has the layers within it, here and in Keras. */
const FIELDS = {
  Bidirectional: { forwardLayer: 'forward_layer', backwardLayer: 'backward_layer' },
  other: { layer: 'layer', cell: 'cell', cells: 'cells' },
} as const;

function ofLayer(layer: Layer, layerOf: Map<WeightOwner, Layer>): WeightOwner {
  const fields = layer.getClassName() === 'Bidirectional' ? FIELDS.Bidirectional : FIELDS.other;
  const parts = Object.entries(fields).flatMap(([inTfjs, inKeras]): WeightPart[] => {
    const held = (layer as unknown as Record<string, unknown>)[inTfjs];
    if (!Array.isArray(held))
      return held instanceof tf.layers.Layer ? [{ inKeras, inTfjs, owner: ofLayer(held, layerOf) }] : [];
    return held.map((inner, index) => ({ inKeras, inTfjs, index, owner: ofLayer(inner, layerOf) }));
  });
  const { trainable } = layer;
  const frozen = new Set(trainable === false ? [] : layer.nonTrainableWeights);
  // What has parts has no weights of its own.
  const own = parts.length > 0 ? [] : layer.weights;
  const names = own.map((weight) => (frozen.has(weight) ? `(${weight.originalName})` : weight.originalName));
  const owner = {
    place: `layer '${layer.name}'`,
    className: kerasClassName(layer),
    names,
    trainable: trainable !== false,
    parts,
  };
  layerOf.set(owner, layer);
  return owner;
}
