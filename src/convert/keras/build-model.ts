import * as tf from '@tensorflow/tfjs';
import { describeValue } from '../../core/errors.js';
import { FileError } from '../../formats/file-error.js';
import type { StoredNumbers } from '../../formats/stored-array.js';
import { giveWeights } from '../../host/given-weights.js';
import { hookMethod } from '../../host/hook-method.js';
import { withoutRemains } from '../../host/new-variables.js';
import type { FileArray, ModelWeights } from './file-weights.js';
import type { PlannedCall, PlannedLayer, PlannedModel, PlannedTensor } from './plan-model.js';
import type { WeightOwner } from './translate-layer.js';

type Layer = tf.layers.Layer;

/**
 * Builds a planned model. Each weight is made of the file's numbers as its layer asks for it, and only where their shapes
 * agree: what a config says cannot take more memory than the file.
 *
 * @throws FileError for weights of other shapes than the layers', and for what tfjs refuses. Nothing is left behind then.
 */
export function buildModel(model: PlannedModel, weights: ModelWeights): tf.LayersModel {
  return withoutRemains(
    () => new Builder(weights).build(model),
    () => {},
  );
}

class Builder {
  private readonly built = new Map<PlannedLayer, Layer>();
  private readonly taken = new Map<WeightOwner, number>();
  /** To be done with a layer once it is built. */
  private readonly pending = new Map<PlannedLayer, (() => void)[]>();

  constructor(private readonly weights: ModelWeights) {}

  build(model: PlannedModel): tf.LayersModel {
    return model.isSequential ? this.buildSequential(model) : this.buildFunctional(model);
  }

  private buildSequential({ name, calls }: PlannedModel): tf.Sequential {
    const model = tf.sequential({ name });
    for (const { layer } of calls) {
      const made = this.layer(layer);
      attempt(layer, () => model.add(made));
      this.finish(layer);
    }
    return model;
  }

  private buildFunctional({ name, calls, inputs, outputs }: PlannedModel): tf.LayersModel {
    const tensors = new Map<PlannedCall, tf.SymbolicTensor[]>();
    const find = ({ call, index }: PlannedTensor) => {
      const found = tensors.get(call)?.[index];
      if (found === undefined) throw new FileError(call.layer.place, `must have an output ${index}`);
      return found;
    };
    for (const call of calls) tensors.set(call, this.call(call, call.inputs.map(find)));
    const ends = { inputs: inputs.map(find), outputs: outputs.map(find) };
    try {
      return tf.model({ ...ends, name });
    } catch (cause) {
      throw new FileError('the model', `cannot be put together by tfjs: ${reasonOf(cause)}`, { cause });
    }
  }

  private call({ layer }: PlannedCall, inputs: tf.SymbolicTensor[]): tf.SymbolicTensor[] {
    const made = this.layer(layer);
    if (inputs.length === 0) return (made.inboundNodes[0]?.outputTensors ?? []) as tf.SymbolicTensor[];
    const single = inputs.length === 1 ? (inputs[0] as tf.SymbolicTensor) : inputs;
    const outputs = attempt(layer, () => made.apply(single)) as tf.SymbolicTensor | tf.SymbolicTensor[];
    this.finish(layer);
    return [outputs].flat();
  }

  private layer(planned: PlannedLayer): Layer {
    const known = this.built.get(planned);
    if (known !== undefined) return known;
    const made = planned.model === null ? this.create(planned) : this.build(planned.model);
    this.built.set(planned, made);
    return made;
  }

  private create(planned: PlannedLayer): Layer {
    const { className, config, weights } = planned;
    const layerClass = tf.serialization.SerializationMap.getMap().classNameMap[className]?.[0] as
      | tf.serialization.SerializableConstructor<Layer>
      | undefined;
    if (layerClass === undefined)
      throw new FileError(planned.place, `needs the class ${className}, which is not registered in tfjs`);
    const made = attempt(planned, () =>
      (layerClass as unknown as LayerClass).fromConfig(layerClass, copied(config) as tf.serialization.ConfigDict),
    );
    if (weights !== null) this.pending.set(planned, this.give(weights, made));
    if (className === 'Bidirectional' || made instanceof tf.layers.RNN) keepCallArguments(made);
    return made;
  }

  /** Lets a layer and those within it take their weights from the file; returns what is to be checked afterwards. */
  private give(owner: WeightOwner, layer: Layer): (() => void)[] {
    const turn = this.taken.get(owner) ?? 0;
    this.taken.set(owner, turn + 1);
    const check = takeFrom(owner, layer, this.weights.get(owner)?.[turn] ?? []);
    const within = owner.parts.flatMap(({ inTfjs, index, owner: inner }) => {
      const field = (layer as unknown as Record<string, Layer | Layer[]>)[inTfjs];
      return this.give(inner, (index === undefined ? field : (field as Layer[])[index]) as Layer);
    });
    return [check, ...within];
  }

  private finish(layer: PlannedLayer): void {
    for (const check of this.pending.get(layer) ?? []) check();
    this.pending.delete(layer);
  }
}

/**
 * Gives each call of a layer arguments of its own: tfjs's executor passes one object to all layers, into which RNN and
 * Bidirectional write the states that they are given, and the next layer would begin with those.
 */
function keepCallArguments(layer: Layer): void {
  hookMethod(layer, 'apply', (apply) => (inputs, kwargs) => apply(inputs, { ...kwargs }));
}

/** A copy, as constructors keep and change what they get; of this realm's arrays, by which tfjs knows them. */
function copied(value: unknown): unknown {
  if (Array.isArray(value)) return [...value.map(copied)];
  if (typeof value !== 'object' || value === null) return value;
  const copy: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(value)) copy[key] = copied(item);
  return copy;
}

interface LayerClass {
  fromConfig(layerClass: unknown, config: tf.serialization.ConfigDict): Layer;
}

/** Lets a layer take its weights from the file, and returns what ends that. */
function takeFrom(owner: WeightOwner, layer: Layer, arrays: readonly FileArray[]): () => void {
  let count = 0;
  const end = giveWeights(layer, (name, shape) => {
    const array = arrays[count++];
    const place = `${owner.place}: ${name}`;
    if (array === undefined) throw new FileError(place, 'is missing: the file has fewer weights than the layer');
    const expected =
      owner.cuDNN !== undefined && name === 'bias' ? [shape.reduce((a, b) => a * b) * doubled(owner)] : shape;
    if (JSON.stringify(array.shape) !== JSON.stringify(expected)) {
      throw new FileError(
        place,
        `must have the shape ${describeValue(expected)}, as the config has it, but the file's is ${describeValue(array.shape)}`,
      );
    }
    const data = floats(array.read().data);
    return tf.tensor(owner.cuDNN === undefined ? data : fromCuDNN(owner.cuDNN, name, data, shape), shape, 'float32');
  });
  return () => {
    end();
    if (count < arrays.length) {
      throw new FileError(owner.place, `must have ${count} weights, but the file has ${arrays.length}`);
    }
  };
}

/** CuDNN has two biases: an LSTM's are summed, a GRU's are kept. */
const doubled = ({ cuDNN }: WeightOwner) => (cuDNN === 'LSTM' ? 2 : 1);

/**
 * The weights of CuDNN's layers, whose matrices are transposed block by block.
 *
 * Source: `_convert_rnn_weights` of https://github.com/keras-team/keras/blob/2.3.1/keras/engine/saving.py
 */
export function fromCuDNN(
  kind: 'LSTM' | 'GRU',
  name: string,
  data: Float32Array,
  shape: readonly number[],
): Float32Array {
  if (name === 'bias') {
    if (kind === 'GRU') return data;
    const half = data.length / 2;
    return data.slice(0, half).map((value, n) => value + (data[half + n] as number));
  }
  const blocks = kind === 'LSTM' ? 4 : 3;
  const [rows, columns] = shape as [number, number];
  const width = columns / blocks;
  const result = new Float32Array(data.length);
  for (let block = 0; block < blocks; block++) {
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < width; column++) {
        // The block as one run of numbers, row after row, is filled in column after column.
        const at = column * rows + row;
        const from = Math.floor(at / width) * columns + block * width + (at % width);
        result[row * columns + block * width + column] = data[from] as number;
      }
    }
  }
  return result;
}

function floats(data: StoredNumbers): Float32Array {
  if (data instanceof Float32Array) return data;
  return Float32Array.from(data as ArrayLike<number>, Number);
}

function attempt<Result>({ place }: PlannedLayer, action: () => Result): Result {
  try {
    return action();
  } catch (cause) {
    if (cause instanceof FileError) throw cause;
    throw new FileError(place, `cannot be built by tfjs: ${reasonOf(cause)}`, { cause });
  }
}

function reasonOf(cause: unknown): string {
  return String(cause instanceof Error ? cause.message : cause)
    .split('\n')[0]
    ?.slice(0, 300) as string;
}
