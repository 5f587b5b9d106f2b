import type * as tf from '@tensorflow/tfjs';
import { describeValue, invalidArgument } from '../../core/errors.js';
import { A_BOOLEAN, checkOptions, type OptionRules } from '../../core/options.js';
import type { OnnxAttribute } from '../../formats/onnx/model.js';
import { writeOnnxModel } from '../../formats/onnx/write-model.js';
import { isExplicitLSTM, isLSTMLike, type LSTMLike } from '../../layers/foreign-lstm.js';
import { LSTM } from '../../layers/lstm.js';
import { type OnnxEquations, onnxEquations } from './cell-equations.js';
import { GraphBuilder, type Value } from './graph-builder.js';
import type { OnnxActivation } from './lstm-operator.js';

/** The options of `writeOnnx`. */
export interface WriteOnnxOptions {
  /**
   * Whether the file takes the states that each LSTM starts from, [batch, U], as inputs: `h0` and `c0`, or `forward_h0` and so
   * on of a bidirectional layer, and with the layer's name before it (`lstm_1/h0`) where there are several. Default: false,
   * which is zeros.
   */
  initialState?: boolean;
}

const OPTIONS: OptionRules = { initialState: A_BOOLEAN };

/** The operators used are these since this version; ONNX Runtime reads it since 1.10. */
const OPSET = 14;
const IR_VERSION = 8;
const WHERE = 'writeOnnx';

/**
 * Writes an LSTM, or layers one after the other, as an ONNX file.
 *
 * ```ts
 * await writeFile('lstm.onnx', writeOnnx(layer));
 * ```
 *
 * The file takes `x`, [batch, time, D], both sizes being open, and returns `y`: what the layer does, with its
 * `returnSequences`, `goBackwards` and, in outputs `h` and `c`, `returnState`; of a bidirectional layer these are `forward_h`,
 * `forward_c`, `backward_h` and `backward_c`. It computes what the layer does in inference without a mask.
 *
 * Layers may be `lstm`, `tf.layers.lstm`, `tf.layers.rnn` of one such cell, `tf.layers.bidirectional` of these with any
 * `mergeMode`, and `tf.layers.dense`, alone or in `timeDistributed`, `activation`, `dropout` and `inputLayer`. Cells may be
 * `lstmCell`, `basicLSTMCell`, whose forget bias goes into the bias, and `peepholeCell` with peepholes, coupled gates and
 * `gateClip`.
 *
 * Source: https://onnx.ai/onnx/operators/onnx__LSTM.html
 *
 * @param layers Built. Several, or a `tf.Sequential`, are chained: all LSTMs but the last must return sequences.
 * @returns The file's bytes: opset 14, IR version 8.
 * @throws RangeError for what ONNX cannot say, by name: other layers, other cells, activations that its LSTM does not have,
 *   `cellClip`, `projectionUnits`, `zoneout`, `returnGates` and `stateful`. Error for a layer that is not built.
 * @category ONNX
 */
export function writeOnnx(
  layers: tf.layers.Layer | readonly tf.layers.Layer[],
  options: WriteOnnxOptions = {},
): Uint8Array {
  checkOptions(WHERE, options, OPTIONS);
  const chain = [layers].flat().flatMap(within);
  const lstms = chain.filter((layer) => ways(layer) !== null);
  if (lstms.length === 0) {
    const rule = 'the layers must be LSTMs, or have one among them';
    throw invalidArgument(WHERE, rule, Array.isArray(layers) ? layers.map(describeValue) : layers);
  }
  const writer = new ChainWriter(options.initialState ?? false, lstms.length > 1);
  for (const [n, layer] of chain.entries()) writer.add(layer, n === chain.length - 1);
  const graph = writer.finish(lstms[0]?.name as string);
  const opsets = new Map([['', OPSET]]);
  return writeOnnxModel({
    irVersion: IR_VERSION,
    producerName: 'explicit-lstm',
    producerVersion: '',
    opsets,
    graph,
  });
}

/** The layers of a sequential model, and of those within it; a layer itself. */
function within(layer: tf.layers.Layer): tf.layers.Layer[] {
  if (typeof layer?.getClassName !== 'function') {
    throw invalidArgument(WHERE, 'the layers must be layers', layer);
  }
  if (layer.getClassName() === 'InputLayer') return [];
  return layer.getClassName() === 'Sequential' ? (layer as tf.Sequential).layers.flatMap(within) : [layer];
}

type MergeMode = 'concat' | 'sum' | 'mul' | 'ave' | null;

interface Ways {
  /** The forward layer and, bidirectional, the backward one. */
  layers: [LSTMLike, LSTMLike?];
  mergeMode: MergeMode;
}

/** The LSTMs of a layer; null for one that is none. */
function ways(layer: tf.layers.Layer): Ways | null {
  if (isLSTMLike(layer)) return { layers: [layer], mergeMode: 'concat' };
  const { forwardLayer, backwardLayer, mergeMode } = layer as unknown as {
    forwardLayer?: tf.layers.Layer;
    backwardLayer?: tf.layers.Layer;
    mergeMode?: MergeMode;
  };
  if (layer.getClassName() !== 'Bidirectional' || forwardLayer === undefined || backwardLayer === undefined)
    return null;
  if (!isLSTMLike(forwardLayer) || !isLSTMLike(backwardLayer)) return null;
  return { layers: [forwardLayer, backwardLayer], mergeMode: mergeMode ?? null };
}

/** What activations of ordinary layers are called as operators; those of the LSTM's are its own. */
const ACTIVATION_OPERATORS: Readonly<Record<string, string>> = {
  relu: 'Relu',
  sigmoid: 'Sigmoid',
  tanh: 'Tanh',
  softmax: 'Softmax',
  softplus: 'Softplus',
  softsign: 'Softsign',
  elu: 'Elu',
};

/** Without effect in inference. */
const INERT = ['Dropout', 'SpatialDropout1D', 'GaussianDropout', 'GaussianNoise', 'AlphaDropout'];

interface DenseLike extends tf.layers.Layer {
  kernel?: tf.LayerVariable;
  bias?: tf.LayerVariable | null;
  activation?: { getClassName(): string } | null;
}

class ChainWriter {
  private readonly graph = new GraphBuilder();
  /** What has been computed so far, [batch, time, features] or [batch, features]. */
  private value: Value = '';
  private features = 0;
  private hasTime = true;
  private hasEnded = false;

  constructor(
    private readonly takesStates: boolean,
    private readonly hasSeveral: boolean,
  ) {}

  add(layer: tf.layers.Layer, isLast: boolean): void {
    const lstm = ways(layer);
    if (lstm !== null) this.addLSTM(layer, lstm, isLast);
    else if (!INERT.includes(layer.getClassName())) this.addOther(layer);
  }

  finish(name: string) {
    if (!this.hasEnded) this.graph.output(this.value, 'y', this.shape());
    return this.graph.graph(name);
  }

  private shape(): (number | string)[] {
    return this.hasTime ? ['batch', 'time', this.features] : ['batch', this.features];
  }

  private start(features: number): void {
    if (this.value !== '') return;
    this.value = this.graph.input('x', ['batch', 'time', features]);
    this.features = features;
  }

  private addOther(layer: tf.layers.Layer): void {
    const className = layer.getClassName();
    const inner = className === 'TimeDistributed' ? (layer as unknown as { layer: tf.layers.Layer }).layer : layer;
    const refuse = (rule: string, received: unknown) => invalidArgument(WHERE, rule, received, { layer: layer.name });
    const kind = inner.getClassName();
    if (kind !== 'Dense' && kind !== 'Activation') {
      const rule =
        'the layers must be LSTMs, Bidirectional of these, Dense, TimeDistributed of Dense, Activation or Dropout';
      throw refuse(rule, layer);
    }
    const { kernel, bias, activation } = inner as DenseLike;
    if (kind === 'Dense') {
      if (kernel === undefined || !inner.built) throw refuse('the layer must be built first', layer);
      const [features, units] = kernel.shape as [number, number];
      this.start(features);
      const weights = this.graph.floats(`${layer.name}/kernel`, [features, units], valuesOf(kernel));
      this.value = this.one('MatMul', `${layer.name}/product`, [this.value, weights]);
      this.features = units;
      if (bias != null) {
        const added = this.graph.floats(`${layer.name}/bias`, [units], valuesOf(bias));
        this.value = this.one('Add', `${layer.name}/sum`, [this.value, added]);
      }
    }
    const name = activation?.getClassName() ?? 'linear';
    if (name === 'linear') return;
    const operator = ACTIVATION_OPERATORS[name];
    if (operator === undefined) throw refuse('activation must be one that ONNX has as an operator', name);
    const axis: OnnxAttribute[] = operator === 'Softmax' ? [{ name: 'axis', type: 'int', value: -1 }] : [];
    this.value = this.one(operator, `${layer.name}/${name}`, [this.value], axis);
  }

  private addLSTM(layer: tf.layers.Layer, { layers: [first, second], mergeMode }: Ways, isLast: boolean): void {
    const { name } = layer;
    const refuse = (rule: string, received: unknown) => invalidArgument(WHERE, rule, received, { layer: name });
    const both = second === undefined ? [first] : [first, second];
    for (const one of both) requireSayable(one, refuse);
    if (second !== undefined && (first.goBackwards || !second.goBackwards)) {
      throw refuse('the layer within Bidirectional must not have goBackwards', first.goBackwards);
    }
    const equations = both.map((one) => onnxEquations(WHERE, one)) as [OnnxEquations, OnnxEquations?];
    if (!this.hasTime) throw refuse('the layer before it must return sequences', layer);
    if (!isLast && first.returnState) throw refuse('returnState must be false, but for the last layer', true);
    if (!isLast && mergeMode === null) throw refuse("mergeMode must be given, but for the last layer's", null);
    const { units, features } = equations[0];
    this.start(features);
    const [sequence, h, c] = this.addNode(name, equations, first.goBackwards && second === undefined);
    this.hasTime = first.returnSequences;
    // As in the operator: [time, directions, batch, U], and [directions, batch, U].
    const batchFirst = this.hasTime
      ? this.one('Transpose', `${name}/batch_first`, [sequence], [integers('perm', [2, 0, 1, 3])])
      : this.one('Transpose', `${name}/batch_first`, [h], [integers('perm', [1, 0, 2])]);
    const merged = this.merge(name, batchFirst, mergeMode, units, both.length);
    this.features = mergeMode === 'concat' ? units * both.length : units;
    const outputs = merged.map((value) => (first.goBackwards && this.hasTime ? this.reversed(name, value) : value));
    this.value = outputs[0] as Value;
    if (!isLast) return;
    if (outputs.length > 1) {
      for (const [n, value] of outputs.entries())
        this.graph.output(value, n === 0 ? 'forward_y' : 'backward_y', this.shape());
      this.hasEnded = true;
    }
    if (!first.returnState) return;
    if (!this.hasEnded) this.graph.output(this.value, 'y', this.shape());
    this.hasEnded = true;
    for (const [n, prefix] of prefixes(both.length).entries()) {
      for (const [state, label] of [
        [h, 'h'],
        [c, 'c'],
      ] as const) {
        const index = this.graph.integers(`${name}/${prefix}${label}/direction`, [n]);
        const taken = this.one('Gather', `${name}/${prefix}${label}/one`, [state, index], [integer('axis', 0)]);
        const axis = this.graph.integers(`${name}/${prefix}${label}/axis`, [0]);
        const value = this.one('Squeeze', `${name}/${prefix}${label}`, [taken, axis]);
        this.graph.output(value, `${prefix}${label}`, ['batch', units]);
      }
    }
  }

  /** The operator, with the input as it wants it: Y, Y_h and Y_c. */
  private addNode(
    name: string,
    equations: [OnnxEquations, OnnxEquations?],
    goBackwards: boolean,
  ): [Value, Value, Value] {
    const all = equations.filter((one) => one !== undefined);
    const [{ units, features, coupled, gateClip, B, P }] = equations;
    const timeFirst = this.one('Transpose', `${name}/time_first`, [this.value], [integers('perm', [1, 0, 2])]);
    const weight = (label: 'W' | 'R' | 'B' | 'P', shape: number[]) =>
      this.graph.floats(
        `${name}/${label}`,
        [all.length, ...shape],
        joined(all.map((one) => one[label] as Float32Array)),
      );
    const inputs = [timeFirst, weight('W', [4 * units, features]), weight('R', [4 * units, units])];
    inputs.push(B === null ? '' : weight('B', [8 * units]), '');
    if (this.takesStates)
      inputs.push(this.states(name, 'h0', units, all.length), this.states(name, 'c0', units, all.length));
    else inputs.push('', '');
    if (P !== null) inputs.push(weight('P', [3 * units]));
    while (inputs.at(-1) === '') inputs.pop();
    const direction = all.length === 2 ? 'bidirectional' : goBackwards ? 'reverse' : 'forward';
    const activations = all.flatMap(({ activations: { f, g, h } }) => [f, g, h]);
    const attributes: OnnxAttribute[] = [
      integer('hidden_size', units),
      { name: 'direction', type: 'string', value: direction },
      { name: 'activations', type: 'strings', value: activations.map((activation) => activation.name) },
      ...numbersOf(activations, 'alpha'),
      ...numbersOf(activations, 'beta'),
    ];
    if (coupled) attributes.push(integer('input_forget', 1));
    if (gateClip !== null) attributes.push({ name: 'clip', type: 'float', value: gateClip });
    const outputs = ['Y', 'Y_h', 'Y_c'].map((output) => `${name}/${output}`);
    return this.graph.add('LSTM', name, inputs, attributes, outputs) as [Value, Value, Value];
  }

  /** The initial states, [directions, batch, U], of inputs [batch, U]. */
  private states(name: string, label: string, units: number, directions: number): Value {
    const before = this.hasSeveral ? `${name}/` : '';
    const ofEach = prefixes(directions).map((prefix) => {
      const input = this.graph.input(`${before}${prefix}${label}`, ['batch', units]);
      const axis = this.graph.integers(`${name}/${prefix}${label}/axis`, [0]);
      return this.one('Unsqueeze', `${name}/${prefix}${label}/direction_first`, [input, axis]);
    });
    if (ofEach.length === 1) return ofEach[0] as Value;
    return this.one('Concat', `${name}/${label}/directions`, ofEach, [integer('axis', 0)]);
  }

  /** From [batch, (time,) directions, U]. */
  private merge(name: string, value: Value, mergeMode: MergeMode, units: number, directions: number): Value[] {
    const axis = this.hasTime ? 2 : 1;
    if (mergeMode === 'concat') {
      const kept = this.hasTime ? [0, 0] : [0];
      const shape = this.graph.integers(`${name}/shape`, [...kept, directions * units]);
      return [this.one('Reshape', `${name}/merged`, [value, shape])];
    }
    const withoutAxis = integer('keepdims', 0);
    if (mergeMode === 'mul' || mergeMode === 'ave') {
      const operator = mergeMode === 'mul' ? 'ReduceProd' : 'ReduceMean';
      return [this.one(operator, `${name}/merged`, [value], [integers('axes', [axis]), withoutAxis])];
    }
    const axes = this.graph.integers(`${name}/directions_axis`, [axis]);
    if (mergeMode === 'sum') return [this.one('ReduceSum', `${name}/merged`, [value, axes], [withoutAxis])];
    const halves = ['forward', 'backward'].map((way) => `${name}/${way}`);
    const split = this.graph.add('Split', `${name}/ways`, [value], [integer('axis', axis)], halves);
    return split.map((half) => this.one('Squeeze', `${half}/y`, [half, axes]));
  }

  /** In the order in which it was read, the last timestep first. */
  private reversed(name: string, value: Value): Value {
    const [from, to, axis] = [-1, Number.MIN_SAFE_INTEGER, 1].map((one) =>
      this.graph.integers(`${name}/reversing`, [one]),
    );
    return this.one('Slice', `${name}/reversed`, [value, from, to, axis, from] as Value[]);
  }

  /** A node of one output, called after it. */
  private one(opType: string, name: string, inputs: readonly Value[], attributes: OnnxAttribute[] = []): Value {
    return this.graph.add(opType, `${name}/${opType}`, inputs, attributes, [name])[0] as Value;
  }
}

function requireSayable(layer: LSTMLike, refuse: (rule: string, received: unknown) => Error): void {
  if (!isExplicitLSTM(layer)) return;
  if (layer.getClassName() !== LSTM.className) {
    throw refuse(`the layer's class must be ${LSTM.className}`, layer.getClassName());
  }
  if (layer.returnGates) throw refuse("returnGates must be false, because ONNX's LSTM does not return them", true);
}

function prefixes(directions: number): string[] {
  return directions === 1 ? [''] : ['forward_', 'backward_'];
}

function integer(name: string, value: number): OnnxAttribute {
  return { name, type: 'int', value };
}

function integers(name: string, value: number[]): OnnxAttribute {
  return { name, type: 'ints', value };
}

/** The alphas or betas of those activations that have them. */
function numbersOf(activations: readonly OnnxActivation[], which: 'alpha' | 'beta'): OnnxAttribute[] {
  const value = activations.map((activation) => activation[which]).filter((number) => number !== null);
  return value.length === 0 ? [] : [{ name: `activation_${which}`, type: 'floats', value }];
}

function valuesOf(variable: tf.LayerVariable): Float32Array {
  return variable.read().dataSync() as Float32Array;
}

function joined(arrays: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(arrays.reduce((length, array) => length + array.length, 0));
  let at = 0;
  for (const array of arrays) {
    all.set(array, at);
    at += array.length;
  }
  return all;
}
