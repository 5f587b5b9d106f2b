import { FileError } from '../../formats/file-error.js';
import { layerDialect } from './dialect.js';
import { requireRegistered } from './identifiers.js';
import { ARRAY, INTEGER, isObject, type Json, OBJECT, own, required, STRING } from './json.js';

/** A layer as Keras describes it. */
export interface KerasLayer {
  className: string;
  /** Among the layers of its model. */
  name: string;
  /** How an error names it. */
  place: string;
  config: Json;
  /** Of what kind it is: a layer; an operation on tensors, such as `y[:, -1]` or `2 * y`; or a model used as a layer. */
  kind: 'layer' | 'operation' | 'model';
  /** The layers and calls, where it is a model; as yet unread where it is none. */
  model: KerasModel | null;
}

/** An output of a call. */
export class KerasTensor {
  constructor(
    readonly call: KerasCall,
    readonly index: number,
  ) {}
}

/** One use of a layer. */
export interface KerasCall {
  layer: KerasLayer;
  /** Which of the layer's calls it is, as the file counts them. */
  number: number;
  /** The tensors of the first argument. */
  inputs: KerasTensor[];
  /** The tensors that a recurrent layer starts from. */
  states: KerasTensor[];
  /** All arguments of an operation in turn, with tensors in the place of Keras's descriptions. */
  args: unknown[];
  /** Those that have names, of an operation. */
  kwargs: Json;
  /**
   * What it is given for a mask: null for none, undefined where that is not said, as in Keras 2 and in Sequential. Tensors are
   * read where they are needed, as most calls in the making of masks are of no other use.
   */
  mask: MaskSource;
}

/** A mask as its making is written in the file; `other` is one that no layer of Keras makes. */
export type MaskSource = undefined | null | string;

/** A model: its layers, and their calls in an order in which they can be made. */
export interface KerasModel {
  name: string;
  isSequential: boolean;
  /** In the file's order, operations among them. */
  layers: KerasLayer[];
  calls: KerasCall[];
  inputs: KerasTensor[];
  outputs: KerasTensor[];
  trainable: boolean;
}

/** No more layers than tfjs can put in order in a few seconds. */
const MOST_LAYERS = 10_000;

const MODELS = ['Functional', 'Model', 'Sequential'];

/** Reads what a file says of its model. */
export class ModelReader {
  private count = 0;

  /** @param version Of the Keras that wrote the file: 2 or 3. */
  constructor(private readonly version: 2 | 3) {}

  /**
   * Reads a model's config: `{class_name, config}`.
   *
   * @throws FileError for what is no model of layers, for graphs with cycles or without an end, and for anything that has
   *   not the type that Keras gives it.
   */
  read(document: unknown, place = 'the model', path = ''): KerasModel {
    const object = required<Json>(document, OBJECT, place);
    requireRegistered(object, place);
    const className = required<string>(own(object, 'class_name'), STRING, `${place}: class_name`);
    if (!MODELS.includes(className)) {
      const advice = 'build it of layers, as keras.Sequential or keras.Model(inputs, outputs), and save it again';
      throw new FileError(place, `is of the class '${className.slice(0, 100)}', whose code is not in the file`, {
        advice,
      });
    }
    const config = own(object, 'config');
    // Keras before 2.2.3 wrote a bare list of layers.
    if (className === 'Sequential')
      return this.readSequential(Array.isArray(config) ? { layers: config } : config, place, path);
    return this.readFunctional(required<Json>(config, OBJECT, `${place}: config`), place, path);
  }

  private readSequential(given: unknown, place: string, path: string): KerasModel {
    const config = required<Json>(given, OBJECT, `${place}: config`);
    const documents = required<unknown[]>(own(config, 'layers'), ARRAY, `${place}: layers`);
    const layers = documents.map((document, index) => this.readLayer(document, `layers[${index}]`, place, path));
    const calls: KerasCall[] = [];
    let tensor: KerasTensor | null = null;
    for (const layer of withInput(layers, config, place)) {
      const inputs: KerasTensor[] = tensor === null ? [] : [tensor];
      const call: KerasCall = { layer, number: 0, inputs, states: [], args: [], kwargs: {}, mask: undefined };
      calls.push(call);
      tensor = new KerasTensor(call, 0);
    }
    return {
      name: nameOf(config, 'sequential', place),
      isSequential: true,
      layers,
      calls,
      inputs: [new KerasTensor(calls[0] as KerasCall, 0)],
      outputs: [tensor as KerasTensor],
      trainable: own(config, 'trainable') !== false,
    };
  }

  private readFunctional(config: Json, place: string, path: string): KerasModel {
    const documents = required<unknown[]>(own(config, 'layers'), ARRAY, `${place}: layers`);
    const graph = new GraphReader(this.version, place);
    const layers = documents.map((document, index) => {
      const layer = this.readLayer(document, `layers[${index}]`, place, path);
      graph.add(layer, own(document as Json, 'inbound_nodes'));
      return layer;
    });
    const inputs = tensorList(own(config, 'input_layers'), `${place}: input_layers`);
    const outputs = tensorList(own(config, 'output_layers'), `${place}: output_layers`);
    const { calls, inputTensors, outputTensors } = graph.read(inputs, outputs);
    const name = nameOf(config, 'model', place);
    const trainable = own(config, 'trainable') !== false;
    return { name, isSequential: false, layers, calls, inputs: inputTensors, outputs: outputTensors, trainable };
  }

  private readLayer(document: unknown, where: string, modelPlace: string, modelPath: string): KerasLayer {
    if (++this.count > MOST_LAYERS) throw new FileError(modelPlace, `must have ${MOST_LAYERS} layers at most`);
    const found = modelPlace === 'the model' ? where : `${modelPlace}: ${where}`;
    const object = required<Json>(document, OBJECT, found);
    const className = required<string>(own(object, 'class_name'), STRING, `${found}.class_name`);
    const given = own(object, 'config');
    const config = className === 'Sequential' && Array.isArray(given) ? { layers: given } : given;
    const checked = required<Json>(config, OBJECT, `${found}.config`);
    const named = own(object, 'name') ?? own(checked, 'name');
    const name =
      named === undefined && MODELS.includes(className) ? className : required<string>(named, STRING, `${found}.name`);
    const path = modelPath === '' ? name : `${modelPath}/${name}`;
    const place = `layer '${path.slice(0, 200)}' (${className.slice(0, 100)})`;
    requireRegistered(object, place);
    const kind =
      isOperation(own(object, 'module'), className, checked) && (this.version === 3 || /Lambda$/.test(className))
        ? 'operation'
        : MODELS.includes(className)
          ? 'model'
          : 'layer';
    const model = kind === 'model' ? this.read({ class_name: className, config: checked }, place, path) : null;
    return { className, name, place, config: checked, kind, model };
  }
}

/** Keras 3's operations have classes of their own names, some of which layers have too; those of Keras 2 are lambdas. */
function isOperation(module: unknown, className: string, config: Json): boolean {
  if (className === 'TFOpLambda' || className === 'SlicingOpLambda') return true;
  if (className === 'InputLayer' || MODELS.includes(className)) return false;
  if (typeof module === 'string') return /^keras\.(src\.)?ops\b/.test(module);
  // In HDF5 files no module is named; but each layer has the first, or at least the second, which a few operations have too.
  return (
    !Object.hasOwn(config, 'trainable') && !(Object.hasOwn(config, 'dtype') && layerDialect(className) !== undefined)
  );
}

function nameOf(config: Json, otherwise: string, place: string): string {
  const name = own(config, 'name');
  return name == null ? otherwise : required<string>(name, STRING, `${place}: name`);
}

/** The layers of a Sequential with an input layer in front, which older files have in the first layer's config. */
function withInput(layers: readonly KerasLayer[], config: Json, place: string): KerasLayer[] {
  const [first] = layers;
  if (first === undefined) throw new FileError(place, 'must have at least one layer');
  if (first.className === 'InputLayer') return [...layers];
  const shape =
    own(first.config, 'batch_shape') ?? own(first.config, 'batch_input_shape') ?? own(config, 'build_input_shape');
  if (shape == null && first.model !== null) {
    const inner = first.model.inputs[0]?.call.layer;
    if (inner?.className === 'InputLayer') return [{ ...inner, name: `${first.name}_input` }, ...layers];
  }
  if (shape == null) {
    const advice = 'call it once, or give it keras.Input(shape), and save it again';
    throw new FileError(place, 'has no shape of its input, as it was never built', { advice });
  }
  const dtype = first.className === 'Embedding' ? 'int32' : 'float32';
  const input: KerasLayer = {
    className: 'InputLayer',
    name: `${first.name}_input`,
    place: first.place,
    config: { batch_shape: shape, dtype, name: `${first.name}_input` },
    kind: 'layer',
    model: null,
  };
  return [input, ...layers];
}

/** `[name, call, output]`. */
type Address = readonly [string, number, number];

function address(value: unknown, place: string): Address {
  const [name, call, index] = required<unknown[]>(value, ARRAY, place);
  return [
    required<string>(name, STRING, `${place}[0]`),
    required<number>(call, INTEGER, `${place}[1]`),
    required<number>(index, INTEGER, `${place}[2]`),
  ];
}

/** A list of addresses; one address; or an object of them by name, in the order that Keras flattens it in. */
function tensorList(value: unknown, place: string): Address[] {
  if (isObject(value)) {
    return Object.keys(value)
      .sort()
      .flatMap((key) => tensorList(own(value, key), `${place}.${key.slice(0, 100)}`));
  }
  const list = required<unknown[]>(value, ARRAY, place);
  if (typeof list[0] === 'string') return [address(list, place)];
  return list.flatMap((item, index) => tensorList(item, `${place}[${index}]`));
}

interface RawCall {
  layer: KerasLayer;
  args: unknown[];
  kwargs: Json;
}

/** Where a tensor stands in the description of a call. */
class TensorAt {
  constructor(readonly address: Address) {}
}

/** Reads the calls of one functional model. */
class GraphReader {
  private readonly rawCalls = new Map<string, RawCall[]>();
  private readonly layers = new Map<string, KerasLayer>();
  private readonly read_ = new Map<RawCall, KerasCall>();

  constructor(
    private readonly version: 2 | 3,
    private readonly place: string,
  ) {}

  add(layer: KerasLayer, nodes: unknown): void {
    if (this.layers.has(layer.name)) throw new FileError(layer.place, 'has the name of another layer');
    this.layers.set(layer.name, layer);
    const list = required<unknown[]>(nodes ?? [], ARRAY, `${layer.place}: inbound_nodes`);
    const calls = list.map((node, index) => rawCall(layer, node, `${layer.place}: inbound_nodes[${index}]`));
    this.rawCalls.set(layer.name, layer.className === 'InputLayer' ? [{ layer, args: [], kwargs: {} }] : calls);
  }

  /** Walks back from the outputs: what is not reached makes masks, or is of no use. */
  read(
    inputs: Address[],
    outputs: Address[],
  ): { calls: KerasCall[]; inputTensors: KerasTensor[]; outputTensors: KerasTensor[] } {
    const inputCalls = inputs.map((at) => this.find(at, 'input'));
    for (const call of inputCalls) {
      if (call.layer.className !== 'InputLayer')
        throw new FileError(call.layer.place, 'is an input of the model, but no InputLayer');
    }
    if (outputs.length === 0) throw new FileError(this.place, 'must have an output');
    const calls: KerasCall[] = [];
    const isOpen = new Map<RawCall, boolean>();
    const stack: RawCall[] = [...inputCalls, ...outputs.map((at) => this.find(at, 'output'))].reverse();
    while (stack.length > 0) {
      const raw = stack[stack.length - 1] as RawCall;
      if (this.read_.has(raw)) {
        stack.pop();
        continue;
      }
      const waiting = tensorsOf(raw)
        .map((at) => this.find(at, 'call'))
        .filter((needed) => !this.read_.has(needed));
      if (waiting.length === 0) {
        stack.pop();
        const call = this.readCall(raw);
        this.read_.set(raw, call);
        calls.push(call);
        continue;
      }
      if (isOpen.get(raw))
        throw new FileError(raw.layer.place, 'is called on what comes out of it: the graph must have no cycle');
      isOpen.set(raw, true);
      for (const needed of waiting) stack.push(needed);
    }
    const given = new Set(inputCalls);
    for (const [raw] of this.read_) {
      if (raw.layer.className === 'InputLayer' && !given.has(raw)) {
        throw new FileError(raw.layer.place, 'is needed, but is no input of the model');
      }
    }
    return {
      calls,
      inputTensors: inputs.map((at) => this.tensor(at, 'input')),
      outputTensors: outputs.map((at) => this.tensor(at, 'output')),
    };
  }

  private readCall(raw: RawCall): KerasCall {
    const { layer, args, kwargs } = raw;
    const resolved = args.map((arg) => this.resolved(arg));
    const named: Record<string, unknown> = {};
    for (const [key, value] of Object.entries(kwargs))
      if (!isMaskKey(key) && key !== 'initial_state') named[key] = this.resolved(value);
    const call: KerasCall = {
      layer,
      number: (this.rawCalls.get(layer.name) as RawCall[]).indexOf(raw),
      inputs: tensorsIn(resolved[0]),
      states: [],
      args: resolved,
      kwargs: named,
      mask: Object.hasOwn(kwargs, 'mask') ? this.maskSource(kwargs.mask) : undefined,
    };
    if (layer.kind === 'operation') return call;
    const states = tensorsIn([resolved.slice(1), this.resolved(own(kwargs, 'initial_state') ?? [])]);
    this.requireKnownArguments(layer, args, named);
    return { ...call, states };
  }

  /** A layer's other arguments say nothing, or something that cannot be computed. */
  private requireKnownArguments(layer: KerasLayer, args: readonly unknown[], named: Json): void {
    for (const arg of args.slice(1)) {
      if (arg !== null && tensorsWithin(arg).length === 0)
        throw new FileError(layer.place, 'is called with an argument that cannot be computed here');
    }
    for (const [key, value] of Object.entries(named)) {
      if (value == null || value === false || (Array.isArray(value) && value.length === 0)) continue;
      const advice =
        key === 'training'
          ? 'call it without training=True, and save the model again'
          : 'leave it out, and save the model again';
      throw new FileError(layer.place, `is called with '${key.slice(0, 100)}', which cannot be computed here`, {
        advice,
      });
    }
  }

  private resolved(value: unknown): unknown {
    if (value instanceof TensorAt) return this.tensor(value.address, 'call');
    return Array.isArray(value) ? value.map((item) => this.resolved(item)) : value;
  }

  private tensor(at: Address, whose: 'call' | 'input' | 'output'): KerasTensor {
    const [, , index] = at;
    const call = this.read_.get(this.find(at, whose)) as KerasCall;
    return new KerasTensor(call, index);
  }

  /** The call that an address names. How calls are counted depends on who counts. */
  private find([name, index]: Address, whose: 'call' | 'input' | 'output'): RawCall {
    const calls = this.rawCalls.get(name);
    const layer = this.layers.get(name);
    if (calls === undefined || layer === undefined) {
      throw new FileError(this.place, `names a layer '${name.slice(0, 100)}', which it does not have`);
    }
    const found = calls[index - this.offset(layer, whose)] ?? (calls.length === 1 && index <= 1 ? calls[0] : undefined);
    if (found === undefined)
      throw new FileError(layer.place, `must be called ${index + 1} times, but is called ${calls.length} times`);
    return found;
  }

  /** A model called as a layer had a first call by itself, which Keras counts in some places. */
  private offset({ model }: KerasLayer, whose: 'call' | 'input' | 'output'): number {
    if (model === null) return 0;
    if (this.version === 2) return 1;
    return whose === 'output' && !model.isSequential ? 1 : 0;
  }

  /** How a mask is made, in terms of what the model is given: equal masks are written alike. */
  private maskSource(given: unknown): MaskSource {
    if (given == null) return null;
    const list = [given].flat(3).filter((item) => item != null);
    if (list.length === 0) return null;
    if (list.length > 1) return list.map((item) => this.written(item, 0)).join(', ');
    return this.written(list[0], 0);
  }

  private written(value: unknown, depth: number): string {
    if (depth > 100) return 'other';
    if (!(value instanceof TensorAt)) return JSON.stringify(value) ?? 'other';
    const [name, , index] = value.address;
    const raw = this.find(value.address, 'call');
    if (raw.layer.kind !== 'operation')
      return writtenTensor(name, (this.rawCalls.get(name) as RawCall[]).indexOf(raw), index);
    const args = raw.args.flat(2).map((arg) => this.written(arg, depth + 1));
    return maskOperation(raw.layer, args);
  }
}

/** The name of a tensor within its model. */
export function writtenTensor(layer: string, call: number, index: number): string {
  return `${JSON.stringify(layer)}:${call}:${index}`;
}

/** Masks that Keras's layers make, as a file's operations make them: a mask that both say is the same one. */
export const MASK = {
  ofTokens: (tokens: string) => `${tokens}!=0`,
  ofVectors: (vectors: string, value: number) => `any(${vectors}!=${JSON.stringify(value)})`,
  combined: (combine: 'any' | 'all' | 'steps', masks: readonly string[]) => `${combine}(${masks.join('|')})`,
  ALL_ONES: 'ones',
};

function maskOperation({ className, config }: KerasLayer, args: readonly string[]): string {
  const [first = 'other', second = 'other'] = args;
  switch (className) {
    case 'NotEqual':
      return `${first}!=${second}`;
    case 'LogicalOr':
      // Keras widens masks in this way before it puts them together.
      return second === 'zeros' ? first : MASK.combined('any', [first, second]);
    case 'ZerosLike':
      return 'zeros';
    case 'OnesLike':
      return MASK.ALL_ONES;
    case 'ExpandDims':
      return first;
    case 'Concatenate':
      return `concatenate ${isTimeAxis(own(config, 'axis')) ? 'steps' : 'any'}(${args.join('|')})`;
    case 'Any': {
      const concatenated = /^concatenate (.*)$/.exec(first)?.[1];
      if (concatenated === undefined) return `any(${first})`;
      return args.length === 1 && concatenated.startsWith('any') && /[(|]ones[|)]/.test(concatenated)
        ? MASK.ALL_ONES
        : concatenated;
    }
    default:
      return 'other';
  }
}

/** Whether Concatenate joins steps rather than features. */
export function isTimeAxis(axis: unknown): boolean {
  return axis === 1 || axis === -2;
}

function isMaskKey(key: string): boolean {
  return key === 'mask' || key.endsWith('_mask');
}

/** A call as either Keras writes it, with tensors in the place of their descriptions. */
function rawCall(layer: KerasLayer, node: unknown, place: string): RawCall {
  if (isObject(node)) {
    const args = required<unknown[]>(own(node, 'args') ?? [], ARRAY, `${place}.args`);
    const kwargs = required<Json>(own(node, 'kwargs') ?? {}, OBJECT, `${place}.kwargs`);
    const named: Record<string, unknown> = Object.create(null);
    for (const [key, value] of Object.entries(kwargs))
      named[key] = withTensors(value, `${place}.kwargs.${key.slice(0, 100)}`);
    const positional = args.map((arg, index) => withTensors(arg, `${place}.args[${index}]`));
    // A layer may be called by the name of its first argument only.
    for (const first of ['inputs', 'sequences', 'x']) {
      if (positional.length === 0 && Object.hasOwn(named, first)) {
        positional.push(named[first]);
        delete named[first];
      }
    }
    return { layer, args: positional, kwargs: { ...named } };
  }
  return rawCallOfKeras2(layer, node, place);
}

/** `[[name, call, output, kwargs], …]`, of an operation without the outer brackets. */
function rawCallOfKeras2(layer: KerasLayer, node: unknown, place: string): RawCall {
  const list = required<unknown[]>(node, ARRAY, place);
  if (layer.kind === 'operation') return operationOfKeras2(layer, list, place);
  const items = typeof list[0] === 'string' ? [list] : list;
  const tensors: TensorAt[] = [];
  const kwargs: Record<string, unknown> = Object.create(null);
  for (const [index, item] of items.entries()) {
    const here = `${place}[${index}]`;
    const parts = required<unknown[]>(item, ARRAY, here);
    tensors.push(new TensorAt(address(parts, here)));
    for (const [key, value] of Object.entries(required<Json>(parts[3] ?? {}, OBJECT, `${here}[3]`)))
      kwargs[key] = value;
  }
  const isRecurrent = layer.kind !== 'model' && !isMergeOfKeras2(layer);
  // What a recurrent layer starts from follows what it reads.
  if (isRecurrent && tensors.length > 1) return { layer, args: [tensors[0], tensors.slice(1)], kwargs: { ...kwargs } };
  return { layer, args: [tensors], kwargs: { ...kwargs } };
}

/** `[name, call, output, kwargs]`, in which other tensors are, or a list of those; a constant has a name of its own. */
function operationOfKeras2(layer: KerasLayer, list: readonly unknown[], place: string): RawCall {
  const isList = Array.isArray(list[0]);
  const items = (isList ? list : [list]).map((item, index) => required<unknown[]>(item, ARRAY, `${place}[${index}]`));
  const given = items.map((item) => (item[0] === '_CONSTANT_VALUE' ? item[2] : new TensorAt(address(item, place))));
  const kwargs: Record<string, unknown> = Object.create(null);
  const isTensor = (value: unknown) =>
    Array.isArray(value) && typeof value[0] === 'string' && value.slice(1, 3).every(Number.isSafeInteger);
  for (const [key, value] of Object.entries(required<Json>(items[0]?.[3] ?? {}, OBJECT, `${place}[3]`))) {
    kwargs[key] = isTensor(value) ? new TensorAt(address(value, `${place}[3].${key.slice(0, 100)}`)) : value;
  }
  return { layer, args: [isList ? given : given[0]], kwargs: { ...kwargs } };
}

const TAKES_STATES = ['LSTM', 'GRU', 'SimpleRNN', 'RNN', 'Bidirectional', 'CuDNNLSTM', 'CuDNNGRU'];

function isMergeOfKeras2({ className }: KerasLayer): boolean {
  return !TAKES_STATES.includes(className);
}

function withTensors(value: unknown, place: string): unknown {
  if (Array.isArray(value)) return value.map((item, index) => withTensors(item, `${place}[${index}]`));
  if (!isObject(value)) return value;
  if (own(value, 'class_name') !== '__keras_tensor__') return value;
  const config = required<Json>(own(value, 'config'), OBJECT, `${place}.config`);
  return new TensorAt(address(own(config, 'keras_history'), `${place}.config.keras_history`));
}

/** The tensors that a call needs, apart from masks. */
function tensorsOf({ args, kwargs }: RawCall): Address[] {
  const named = Object.entries(kwargs).filter(([key]) => !isMaskKey(key));
  return tensorsWithin([args, named.map(([, value]) => value)]).map(({ address }) => address);
}

function tensorsWithin(value: unknown): TensorAt[] {
  if (value instanceof TensorAt) return [value];
  return Array.isArray(value) ? value.flatMap(tensorsWithin) : [];
}

function tensorsIn(value: unknown): KerasTensor[] {
  if (Array.isArray(value)) return value.flatMap(tensorsIn);
  return value instanceof KerasTensor ? [value] : [];
}
