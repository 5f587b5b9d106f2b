import * as tf from '@tensorflow/tfjs';
import { invalidArgument } from '../../core/errors.js';
import { type Call, callArguments, callBehind, callsOf, firstCallOf, isInputCall } from '../../host/call-graph.js';
import { type Describing, describeLayer, type KerasObject, kerasObject } from './describe-layer.js';
import { describeOperation } from './describe-operation.js';
import { layerDialect } from './dialect.js';
import { kerasClassName } from './keras-class.js';
import { MaskFrom } from './layers/mask-from.js';

type Layer = tf.layers.Layer;

/** A model in Keras's words. */
export interface DescribedModel {
  document: KerasObject;
  /** The layers of each model in the order in which Keras will count them. */
  layersOf: ReadonlyMap<tf.LayersModel, Layer[]>;
}

/**
 * Says a model in Keras 3's words: layers, calls, masks, inputs and outputs, and the models within it.
 *
 * @throws RangeError for what Keras cannot represent.
 */
export function describeModel(model: tf.LayersModel, describing: Describing): DescribedModel {
  const describer = new ModelDescriber(describing);
  return { document: describer.describe(model), layersOf: describer.layersOf };
}

class ModelDescriber {
  readonly layersOf = new Map<tf.LayersModel, Layer[]>();

  constructor(private readonly describing: Describing) {}

  describe(model: tf.LayersModel): KerasObject {
    return model instanceof tf.Sequential ? this.describeSequential(model) : this.describeFunctional(model);
  }

  private describeSequential(model: tf.Sequential): KerasObject {
    const names = nameLayers(model, this.describing);
    // Of the input Keras keeps no weights, nor of what only sees to masks.
    const computing = model.layers.filter((layer) => names.has(layer) && layer.getClassName() !== 'InputLayer');
    const masks = new Masks(model, this.describing);
    for (const layer of computing) for (const call of callsIn(model, layer)) masks.requireSameAsKeras(call);
    const layers = computing.map((layer) => this.describeOne(layer, names.get(layer) as string));
    this.layersOf.set(model, computing);
    const { name, trainable } = model;
    const [tensor] = model.inputs as [tf.SymbolicTensor];
    const input = inputLayer(tensor, `${String(layers[0]?.config.name)}_input`);
    return kerasObject('keras', 'Sequential', { name, trainable, dtype: 'float32', layers: [input, ...layers] });
  }

  private describeFunctional(model: tf.LayersModel): KerasObject {
    const names = nameLayers(model, this.describing);
    const graph = new Graph(model, names, this.describing);
    for (const call of callsOf(model)) if (names.has(call.outboundLayer)) graph.add(call);
    const outputs = model.outputs.map((tensor) => graph.historyOf(tensor));
    const order = orderOfKeras(graph.nodes, outputs);
    const byName = new Map([...names].map(([layer, name]) => [name, layer]));
    // An input that nothing uses is there all the same.
    const all = [...new Set([...order, ...byName.keys()])];
    const layersInFile = all.flatMap((name) => byName.get(name) ?? []);
    this.layersOf.set(
      model,
      layersInFile.filter((layer) => describeOperation(layer, '') === null),
    );
    const layers = all.map((name) => {
      const layer = byName.get(name);
      const described = layer === undefined ? graph.operation(name) : this.describeCalled(layer, name);
      const nodes = graph.nodes.filter((node) => node.name === name && node.description !== null);
      return Object.assign({}, described, { name, inbound_nodes: nodes.map(({ description }) => description) });
    });
    const { name, trainable } = model;
    return kerasObject('keras.src.models.functional', 'Functional', {
      name,
      trainable,
      layers,
      input_layers: model.inputs.map((tensor) => graph.historyOf(tensor)),
      output_layers: model.outputs.map((tensor) => graph.outputHistory(tensor)),
    });
  }

  private describeCalled(layer: Layer, name: string): KerasObject {
    if (layer.getClassName() === 'InputLayer') {
      return inputLayer(firstCallOf(layer).outputTensors[0] as tf.SymbolicTensor, name);
    }
    return describeOperation(layer, name)?.operation ?? this.describeOne(layer, name);
  }

  private describeOne(layer: Layer, name: string): KerasObject {
    const described = layer instanceof tf.LayersModel ? this.describe(layer) : describeLayer(layer, this.describing);
    described.config.name = name;
    return described;
  }
}

/** Keras allows no slash in a name. What only sees to masks, which Keras does by itself, has none. */
function nameLayers(model: tf.LayersModel, describing: Describing): Map<Layer, string> {
  const names = new Map<Layer, string>();
  const taken = new Set<string>();
  const hasMasks = model.layers.some((layer) => makesMask(layer) !== null);
  for (const layer of model.layers) {
    if (layer instanceof MaskFrom) continue;
    // What puts masks one after the other, which Keras does by itself, it calls so.
    const isTaken = hasMasks && /^concatenate(?:_\d+)?$/.test(layer.name);
    const base = isTaken ? `masked_${layer.name}` : layer.name.replaceAll('/', '_');
    let name = base;
    for (let n = 1; taken.has(name); n++) name = `${base}_${n}`;
    if (name !== layer.name) describing.note(`'${layer.name}' is called '${name}' in the file, as Keras has it.`);
    names.set(layer, name);
    taken.add(name);
  }
  return names;
}

function inputLayer({ shape, dtype }: tf.SymbolicTensor, name: string): KerasObject {
  return kerasObject('keras.layers', 'InputLayer', { batch_shape: shape, dtype, sparse: false, name });
}

/** The calls of a layer that belong to a model. */
function callsIn(model: tf.LayersModel, layer: Layer): Call[] {
  // A Sequential's calls are those of the model that it builds of them.
  const inner = (model as unknown as { model?: tf.LayersModel }).model ?? model;
  return callsOf(inner).filter((call) => call.outboundLayer === layer);
}

/** `[layer, call, output]`. */
type History = [name: string, number: number, index: number];

/** One call, as Keras connects it. */
interface Node {
  name: string;
  /** Which of the layer's calls it is. */
  number: number;
  inputs: History[];
  /** Null for an input's, which Keras makes by itself. */
  description: object | null;
}

/** The calls of one functional model, as Keras counts them: of each layer, from 0. */
class Graph {
  readonly nodes: Node[] = [];
  private readonly numbers = new Map<Call, number>();
  private readonly operations = new Map<string, KerasObject>();
  private readonly masks: Masks;

  constructor(
    model: tf.LayersModel,
    private readonly names: ReadonlyMap<Layer, string>,
    private readonly describing: Describing,
  ) {
    this.masks = new Masks(model, describing);
  }

  add(call: Call): void {
    const layer = call.outboundLayer;
    const name = this.names.get(layer) as string;
    const number = this.nodes.filter((node) => node.name === name).length;
    this.numbers.set(call, number);
    if (isInputCall(call)) {
      this.nodes.push({ name, number, inputs: [], description: null });
      return;
    }
    const inputs = call.inputTensors.map((tensor) => this.historyOf(tensor));
    for (const [key, value] of Object.entries(callArguments(call))) {
      if (value == null || value === false) continue;
      throw invalidArgument(this.describing.where, `a call must have no argument '${key}'`, value, {
        layer: layer.name,
      });
    }
    this.masks.requireSameAsKeras(call);
    const tensors = call.inputTensors.map((tensor) => this.describeTensor(tensor));
    const operation = describeOperation(layer, name);
    if (operation !== null) {
      this.nodes.push({ name, number, inputs, description: { args: operation.argumentsOf(tensors), kwargs: {} } });
      return;
    }
    const [x, ...states] = tensors;
    if (!isRecurrent(layer) || states.length === 0) {
      const description = { args: [tensors.length === 1 ? x : tensors], kwargs: {} };
      this.nodes.push({ name, number, inputs, description });
      return;
    }
    const kwargs: Record<string, unknown> = { initial_state: states };
    // Keras gives a call on several tensors no mask unless it is told.
    const mask = this.masks.of(call.inputTensors[0] as tf.SymbolicTensor);
    if (mask !== null) {
      const history = this.addMask(mask);
      inputs.push(history);
      kwargs.mask = kerasTensor(mask.tensor.shape.slice(0, 2), 'bool', history);
    }
    this.nodes.push({ name, number, inputs, description: { args: [x], kwargs } });
  }

  /** The operations that make a mask, as Embedding and Masking do it. */
  private addMask({ tensor, value }: Mask): History {
    const isTokens = value === null;
    const name = `${this.historyOf(tensor)[0]}_not_equal`;
    const unequal: History = [name, 0, 0];
    if (!this.operations.has(name)) {
      const args = [this.describeTensor(tensor), value ?? 0];
      this.addOperation('NotEqual', name, {}, args, this.historyOf(tensor));
    }
    if (isTokens) return unequal;
    const any = `${name}_any`;
    if (!this.operations.has(any)) {
      const args = [kerasTensor(tensor.shape, 'bool', unequal)];
      this.addOperation('Any', any, { axis: -1, keepdims: false }, args, unequal);
    }
    return [any, 0, 0];
  }

  private addOperation(className: string, name: string, config: object, args: unknown[], input: History): void {
    const described = kerasObject('keras.src.ops.numpy', className, Object.assign({ name }, config));
    this.operations.set(name, described);
    this.nodes.push({ name, number: 0, inputs: [input], description: { args, kwargs: {} } });
  }

  operation(name: string): KerasObject {
    return this.operations.get(name) as KerasObject;
  }

  historyOf(tensor: tf.SymbolicTensor): History {
    const call = callBehind(tensor);
    if (call.outboundLayer instanceof MaskFrom) return this.historyOf(call.inputTensors[0] as tf.SymbolicTensor);
    return [this.names.get(call.outboundLayer) as string, this.numbers.get(call) ?? 0, indexOf(tensor, call)];
  }

  /** For a functional model called as a layer, Keras counts its own making here, and only here. */
  outputHistory(tensor: tf.SymbolicTensor): History {
    const [name, number, index] = this.historyOf(tensor);
    const layer = [...this.names].find(([, other]) => other === name)?.[0];
    const isModel = layer instanceof tf.LayersModel && !(layer instanceof tf.Sequential);
    return [name, isModel ? number + 1 : number, index];
  }

  private describeTensor(tensor: tf.SymbolicTensor): object {
    return kerasTensor(tensor.shape, tensor.dtype, this.historyOf(tensor));
  }
}

const indexOf = (tensor: tf.SymbolicTensor, call: Call) => Math.max(call.outputTensors.indexOf(tensor), 0);

function kerasTensor(shape: tf.Shape, dtype: string, history: History): object {
  return { class_name: '__keras_tensor__', config: { shape, dtype, keras_history: history } };
}

const isRecurrent = (layer: Layer) => layerDialect(kerasClassName(layer))?.mask === 'recurrent';

/**
 * The order in which Keras counts a model's layers: by how far they are from the outputs, and then by when they are met on
 * the way back from them. tfjs's is the same, but for what only sees to masks there.
 *
 * Source: https://github.com/keras-team/keras/blob/v3.10.0/keras/src/ops/function.py (`map_graph`)
 */
function orderOfKeras(nodes: readonly Node[], outputs: readonly History[]): string[] {
  const find = ([name, number]: History) => nodes.find((node) => node.name === name && node.number === number) as Node;
  const met = new Map<string, number>();
  const finished = new Set<Node>();
  const visit = (node: Node) => {
    if (finished.has(node)) return;
    if (!met.has(node.name)) met.set(node.name, met.size);
    for (const input of node.inputs) visit(find(input));
    finished.add(node);
  };
  for (const output of outputs) visit(find(output));
  const depthOfNode = new Map<Node, number>();
  const depthOf = new Map<string, number>();
  for (const node of [...finished].reverse()) {
    const depth = Math.max(depthOfNode.get(node) ?? 0, depthOf.get(node.name) ?? 0);
    depthOf.set(node.name, depth);
    depthOfNode.set(node, depth);
    for (const input of node.inputs.map(find)) {
      depthOfNode.set(input, Math.max(depth + 1, depthOfNode.get(input) ?? 0));
    }
  }
  return [...depthOf.keys()].sort((one, other) => {
    const byDepth = (depthOf.get(other) as number) - (depthOf.get(one) as number);
    return byDepth || (met.get(one) as number) - (met.get(other) as number);
  });
}

/** A mask: where a tensor is not 0, or where its last axis is not all of a value. */
interface Mask {
  tensor: tf.SymbolicTensor;
  /** Null for the mask of tokens that an Embedding makes. */
  value: number | null;
}

/** Which masks tensors have in tfjs, held to those that they have in Keras. */
class Masks {
  private readonly hasMasks: boolean;

  constructor(
    model: tf.LayersModel,
    private readonly describing: Describing,
  ) {
    this.hasMasks = model.layers.some((layer) => makesMask(layer) !== null);
  }

  of(tensor: tf.SymbolicTensor): Mask | null {
    const call = callBehind(tensor);
    const layer = call.outboundLayer;
    if (isInputCall(call) || layer instanceof tf.LayersModel || layer instanceof MaskFrom) return null;
    const [input] = call.inputTensors as [tf.SymbolicTensor];
    const made = makesMask(layer);
    if (made !== null) return { tensor: input, value: made.value };
    const dialect = layerDialect(kerasClassName(layer));
    if (dialect?.mask === 'kept') return dialect.isMaskLostInTfjs ? null : this.of(input);
    if (dialect?.mask === 'recurrent') return returnsSequences(layer) ? this.of(input) : null;
    return null;
  }

  /** @throws RangeError for a call whose mask in tfjs is another than in Keras. */
  requireSameAsKeras(call: Call): void {
    if (!this.hasMasks) return;
    const layer = call.outboundLayer;
    const masks = call.inputTensors.map((tensor) => this.of(tensor));
    const rule = layerDialect(kerasClassName(layer))?.mask;
    const refuse = (reason: string) => {
      const advice = `a ${layer.getClassName()} in a model with masks must have the mask that it has in Keras, but ${reason}`;
      return invalidArgument(this.describing.where, advice, layer, { layer: layer.name });
    };
    if (rule === 'recurrent' && masks[0] === null) {
      const before = callBehind(call.inputTensors[0] as tf.SymbolicTensor).outboundLayer;
      if (!(before instanceof MaskFrom)) throw refuse('tfjs gives it that of an earlier layer');
    }
    if (rule === 'recurrent' && masks[0] !== null && repeatsBothWays(layer)) {
      if (call.inputTensors[0]?.shape[1] == null) {
        const zeros =
          'Keras puts out zeros at masked steps: give the LSTM within zeroOutputForMask, or the input a length';
        throw refuse(zeros);
      }
      // Unrolled, Keras repeats outputs too.
      this.describing.unrolled.add(layer);
    }
    if (rule === 'consumed' && masks[0] !== null && layer.getClassName() === kerasClassName(layer)) {
      throw refuse('tfjs pays no attention to it');
    }
    if (rule === 'merged' && masks.some((mask) => mask !== null))
      throw refuse('tfjs puts several together in another way');
  }
}

/** Whether it is a Bidirectional that repeats its outputs at masked steps, unlike Keras's. */
function repeatsBothWays(layer: Layer): boolean {
  const { forwardLayer } = layer as unknown as { forwardLayer?: Layer & { zeroOutputForMask?: boolean } };
  return forwardLayer !== undefined && returnsSequences(forwardLayer) && forwardLayer.zeroOutputForMask !== true;
}

function makesMask(layer: Layer): { value: number | null } | null {
  const { maskZero, maskValue } = layer.getConfig();
  if (layer.getClassName() === 'Embedding') return maskZero === true ? { value: null } : null;
  return layer.getClassName() === 'Masking' ? { value: (maskValue as number | null) ?? 0 } : null;
}

function returnsSequences(layer: Layer): boolean {
  const { returnSequences, forwardLayer } = layer as unknown as { returnSequences?: boolean; forwardLayer?: Layer };
  return forwardLayer === undefined ? returnSequences === true : returnsSequences(forwardLayer);
}
