import * as tf from '@tensorflow/tfjs';
import { invalidArgument } from '../core/errors.js';
import { type Call, callArguments, callBehind, callsOf, firstCallOf, isInputCall } from '../host/call-graph.js';
import { givenLayers } from '../host/held-layers.js';
import type { ConfigDict } from '../host/types.js';
import { copyArguments, isPlainObject } from '../layers/arguments.js';
import type { Conversion } from './conversion.js';

type Layer = tf.layers.Layer;
type LayerClass = tf.serialization.SerializableConstructor<Layer>;

/**
 * Copies a model's structure, without weights: every layer once, and every call of a layer in its original order.
 *
 * Models are not copied by way of `LayersModel.fromConfig`, because that applies a layer that is called several times in
 * another order than the config says, where its calls are at different depths, and then connects the wrong ones; it
 * makes two layers of one that two nested models share; and it loses call arguments.
 */
export class ModelCopier {
  /** Every copied layer with its copy. */
  readonly copies = new Map<Layer, Layer>();
  private readonly tensors = new Map<tf.SymbolicTensor, tf.SymbolicTensor>();

  constructor(private readonly conversion: Conversion) {}

  /**
   * The copy of a layer or model.
   *
   * @throws RangeError for a layer that cannot be re-created.
   */
  copy<L extends Layer>(layer: L): L {
    const known = this.copies.get(layer);
    if (known !== undefined) return known as L;
    const copy = this.create(layer);
    // Neither survives in every layer's config: a user's may leave out the name, and Embedding makes up a type.
    Object.assign(copy, { name: layer.name, dtype: layer.dtype });
    // The weights are overwritten soon: no need to draw them, which for orthogonal matrices is slow.
    copy.setFastWeightInitDuringBuild(true);
    this.copies.set(layer, copy);
    return copy as L;
  }

  private create(layer: Layer): Layer {
    if (isPlain(layer, tf.Sequential)) return this.copySequential(layer);
    if (isPlain(layer, tf.LayersModel)) return this.copyFunctional(layer);
    const layerClass = layer.constructor as LayerClass;
    const config = this.attempt(layer, () => copyConfig(layer.getConfig(), this.conversion.classNames));
    const given = givenLayers(layer);
    if (given !== null) {
      const { argument, layers } = given;
      const copies = Array.isArray(layers) ? layers.map((held) => this.copy(held)) : this.copy(layers);
      return this.attempt(layer, () => new layerClass({ ...config, [argument]: copies }));
    }
    return this.attempt(
      layer,
      () => this.conversion.replacement(layer, config) ?? layerClass.fromConfig(layerClass, config),
    );
  }

  private copyFunctional(model: tf.LayersModel): tf.LayersModel {
    // A Sequential takes only layers that have not been called elsewhere yet.
    for (const layer of model.layers) if (layer instanceof tf.LayersModel) this.copy(layer);
    for (const call of callsOf(model)) this.repeatCall(call);
    const inputs = model.inputs.map((tensor) => this.copyTensor(tensor));
    const outputs = model.outputs.map((tensor) => this.copyTensor(tensor));
    const modelClass = model.constructor as typeof tf.LayersModel;
    return this.attempt(model, () => new modelClass({ inputs, outputs, name: model.name }));
  }

  private copySequential(model: tf.Sequential): tf.Sequential {
    const modelClass = model.constructor as typeof tf.Sequential;
    const copy = this.attempt(model, () => new modelClass({ name: model.name }));
    for (const [index, layer] of model.layers.entries()) {
      const layerCopy = this.copy(layer);
      // Sequential would invent a new name and type for the input.
      if (index === 0 && !(layer instanceof tf.LayersModel)) this.repeatCall(firstCallOf(layer));
      this.attempt(layer, () => copy.add(layerCopy));
    }
    if (model.built) copy.build();
    return copy;
  }

  private repeatCall(call: Call): void {
    const layer = this.copy(call.outboundLayer);
    if (call.outputTensors.every((tensor) => this.tensors.has(tensor))) return;
    const outputs = isInputCall(call) ? firstCallOf(layer).outputTensors : this.callLike(call, layer);
    for (const [index, output] of [outputs].flat().entries()) {
      this.tensors.set(call.outputTensors[index] as tf.SymbolicTensor, output as tf.SymbolicTensor);
    }
  }

  private callLike(call: Call, layer: Layer): ReturnType<Layer['apply']> {
    const inputs = call.inputTensors.map((tensor) => this.copyTensor(tensor));
    return this.attempt(call.outboundLayer, () => layer.apply(single(inputs), callArguments(call)));
  }

  private copyTensor(tensor: tf.SymbolicTensor): tf.SymbolicTensor {
    if (!this.tensors.has(tensor)) this.repeatCall(callBehind(tensor));
    return this.tensors.get(tensor) as tf.SymbolicTensor;
  }

  private attempt<Result>(layer: Layer, action: () => Result): Result {
    try {
      return action();
    } catch (cause) {
      const reason = String(cause instanceof Error ? cause.message : cause).split('\n')[0];
      const rule = 'every layer must be one that its getConfig() can re-create';
      throw invalidArgument(this.conversion.name, rule, `${layer.getClassName()}: ${reason}`, {
        layer: layer.name,
        cause,
      });
    }
  }
}

/** Whether a model is put together as `modelClass` does it; a user's class with a `fromConfig` of its own is not. */
function isPlain<Model extends typeof tf.LayersModel>(layer: Layer, modelClass: Model): layer is InstanceType<Model> {
  return layer instanceof modelClass && (layer.constructor as Model).fromConfig === modelClass.fromConfig;
}

/**
 * Copies a layer's config. Where it describes a layer that the layer makes itself, as a user's own wrapper does, its class
 * name is exchanged. A description is an object of a class name and a config with units; a mere string is not touched.
 */
function copyConfig(config: ConfigDict, classNames: Readonly<Record<string, string>>): ConfigDict {
  return copyArguments(config, (copy) => {
    if (describesRecurrentLayer(copy)) copy.className = classNames[copy.className] ?? copy.className;
  });
}

function describesRecurrentLayer(value: Record<string, unknown>): value is { className: string; config: object } {
  const { className, config } = value;
  return typeof className === 'string' && isPlainObject(config) && typeof config.units === 'number';
}

function single<Item>(items: Item[]): Item | Item[] {
  return items.length === 1 ? (items[0] as Item) : items;
}
