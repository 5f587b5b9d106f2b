import { FileError } from '../../formats/file-error.js';
import type { ConfigDict } from '../../host/types.js';
import { layerDialect } from './dialect.js';
import type { Dialect } from './identifiers.js';
import { own } from './json.js';
import type { MaskSourceRule } from './layers/mask-from.js';
import { translateOperation } from './operations.js';
import {
  isTimeAxis,
  type KerasCall,
  type KerasLayer,
  type KerasModel,
  type KerasTensor,
  MASK,
  writtenTensor,
} from './read-model.js';
import { dialectOf, innerLayer, type Translation, translateLayer, type WeightOwner } from './translate-layer.js';

/** A layer to be built; once, however often it is called. */
export interface PlannedLayer {
  name: string;
  place: string;
  className: string;
  config: ConfigDict;
  /** Null for a layer that is not in the file: what an operation becomes, or what sees to masks. */
  weights: WeightOwner | null;
  /** Where the layer is a model. */
  model: PlannedModel | null;
}

export interface PlannedTensor {
  call: PlannedCall;
  index: number;
  /** What tfjs will take for its mask. */
  mask: Mask | null;
}

export interface PlannedCall {
  layer: PlannedLayer;
  inputs: PlannedTensor[];
}

export interface PlannedModel {
  name: string;
  /** Whether each call is on what the one before returns, and so a Sequential will do. */
  isSequential: boolean;
  calls: PlannedCall[];
  inputs: PlannedTensor[];
  outputs: PlannedTensor[];
}

/** A plan of a whole model, and its weights as the file has them. */
export interface Plan {
  model: PlannedModel;
  weights: WeightedModel;
}

/** The layers of a model in the file's order, with their weights. */
export interface WeightedModel {
  name: string;
  trainable: boolean;
  layers: { name: string; className: string; place: string; content: WeightOwner | WeightedModel }[];
}

/** A mask, wherever it comes from. */
interface Mask {
  /** As the file would write it, within the model where it is made. */
  text: string;
  madeIn: Graph;
  /** Of which masks it is made. */
  parts: { combine: MaskSourceRule; of: (Mask | null)[]; tensors: PlannedTensor[] } | null;
  /** A tensor that has it in tfjs. */
  carrier: PlannedTensor | null;
}

/** A tensor of the file's, and the mask that Keras gives it. */
interface Known {
  tensor: PlannedTensor;
  mask: Mask | null;
}

/** Models within models can grow without end by being called again and again. */
const MOST_CALLS = 50_000;

const NAME = /^[A-Za-z0-9][-A-Za-z0-9._/]*$/;

/**
 * Decides what is to be built of a model.
 *
 * @throws FileError for whatever cannot be computed.
 */
export function planModel(model: KerasModel, dialect: Dialect): Plan {
  return new Planner(model, dialect).plan();
}

class Planner {
  private readonly layers = new Map<KerasLayer, PlannedLayer>();
  private readonly models = new Map<KerasModel, { planned: PlannedModel; masks: (Mask | null)[] }>();
  private readonly names = new Set<string>();
  private readonly nameOf = new Map<KerasLayer, string>();
  private readonly hasMasks: boolean;
  private count = 0;

  constructor(
    private readonly root: KerasModel,
    readonly dialect: Dialect,
  ) {
    this.hasMasks = makesMasks(root);
    this.nameLayers();
  }

  plan(): Plan {
    const { planned } = this.planAlone(this.root);
    return { model: planned, weights: this.weightsOf(this.root) };
  }

  /** Outer layers come first, so that it is the inner ones whose names give way; and names that can stay as they are. */
  private nameLayers(): void {
    let level = [this.root];
    while (level.length > 0) {
      const layers = level.flatMap((model) => model.layers).filter(({ kind }) => kind !== 'operation');
      for (const layer of layers.filter(({ name }) => NAME.test(name))) this.nameLayer(layer);
      for (const layer of layers.filter(({ name }) => !NAME.test(name))) this.nameLayer(layer);
      level = layers.flatMap(({ model }) => (model === null ? [] : [model]));
    }
  }

  private nameLayer(layer: KerasLayer): void {
    const name = this.freeName(layer.name);
    if (name !== layer.name) {
      this.dialect.note(
        `${layer.place} is called '${name}' here: a name in tfjs is of letters, digits, - . _ and /, and there once only.`,
      );
    }
    this.nameOf.set(layer, name);
  }

  freeName(wanted: string): string {
    const base = NAME.test(wanted)
      ? wanted
      : wanted.replace(/[^-A-Za-z0-9._/]/g, '_').replace(/^[^A-Za-z0-9]+/, '') || 'layer';
    let name = base;
    for (let n = 1; this.names.has(name); n++) name = `${base}_${n}`;
    this.names.add(name);
    return name;
  }

  private weightsOf({ name, trainable, layers }: KerasModel): WeightedModel {
    const content = (layer: KerasLayer) =>
      layer.model === null ? (this.layer(layer).weights as WeightOwner) : this.weightsOf(layer.model);
    const counted = layers.filter(({ kind }) => kind !== 'operation');
    return {
      name,
      trainable,
      layers: counted.map((layer) => ({
        name: layer.name,
        className: layer.className,
        place: layer.place,
        content: content(layer),
      })),
    };
  }

  /** A layer's plan; of a model, without masks from outside. */
  layer(layer: KerasLayer): PlannedLayer {
    const known = this.layers.get(layer);
    if (known !== undefined) return known;
    const name = this.nameOf.get(layer) ?? this.freeName(layer.name);
    let planned: PlannedLayer;
    if (layer.model !== null) {
      const { planned: model } = this.planAlone(layer.model);
      planned = {
        name,
        place: layer.place,
        className: layer.className,
        config: {},
        weights: null,
        model: { ...model, name },
      };
    } else {
      const { className, config, weights } = this.translate(layer);
      planned = { name, place: layer.place, className, config: { ...config, name }, weights, model: null };
    }
    this.layers.set(layer, planned);
    return planned;
  }

  /** Another plan for a layer, which serves all its calls. */
  asIs(layer: KerasLayer, planned: PlannedLayer): PlannedLayer {
    const known = this.layers.get(layer) as PlannedLayer;
    if (known.className === planned.className) return known;
    Object.assign(known, planned);
    return known;
  }

  private translate(layer: KerasLayer): Translation {
    const translation = translateLayer(layer, this.dialect);
    const inner =
      layer.className === 'TimeDistributed' ? (own(layer.config, 'layer') as { class_name: string }).class_name : '';
    if (this.hasMasks && ['recurrent', 'consumed'].includes(layerDialect(inner)?.mask ?? '')) {
      throw new FileError(
        layer.place,
        `is a TimeDistributed of ${inner} in a model with masks, which tfjs would mix up`,
        {
          advice: 'leave out the mask, or reshape the sequences into the batch',
        },
      );
    }
    return translation;
  }

  /** The plan of a model that gets no masks from outside, and the masks that its outputs have in Keras. */
  planAlone(model: KerasModel): { planned: PlannedModel; masks: (Mask | null)[] } {
    const known = this.models.get(model);
    if (known !== undefined) return known;
    const graph = new Graph(this, model.isSequential);
    const inputs = new Map<KerasCall, Known>();
    for (const { call } of model.inputs) {
      const layer = this.layer(call.layer);
      inputs.set(call, { tensor: graph.call(layer, [])(0, null), mask: null });
    }
    const outputs = graph.run(model, inputs);
    const result = {
      planned: {
        name: this.freeNameOfRoot(model),
        isSequential: graph.isSequential,
        calls: graph.calls,
        inputs: model.inputs.map(({ call }) => (inputs.get(call) as Known).tensor),
        outputs: outputs.map(({ tensor }) => tensor),
      },
      masks: outputs.map(({ mask }) => mask),
    };
    this.models.set(model, result);
    return result;
  }

  private freeNameOfRoot(model: KerasModel): string {
    return model === this.root ? this.freeName(model.name) : model.name;
  }

  countCall(): void {
    if (++this.count > MOST_CALLS) throw new FileError('the model', `must call its layers ${MOST_CALLS} times at most`);
  }

  get isMasked(): boolean {
    return this.hasMasks;
  }
}

function makesMasks(model: KerasModel): boolean {
  return model.layers.some((layer) => {
    if (layer.model !== null) return makesMasks(layer.model);
    return (
      layer.className === 'Masking' || (layer.className === 'Embedding' && own(layer.config, 'mask_zero') === true)
    );
  });
}

type Outputs = (index: number, mask: Mask | null) => PlannedTensor;

/** One model of tfjs in the making; models within it that hand masks on become part of it. */
class Graph {
  readonly calls: PlannedCall[] = [];

  constructor(
    private readonly planner: Planner,
    public isSequential: boolean,
  ) {}

  /** Plans the calls of a model whose inputs are known, and returns its outputs. */
  run(model: KerasModel, inputs: ReadonlyMap<KerasCall, Known>): Known[] {
    const known = new Map<string, Known>();
    const numbers = new Map<KerasCall, number>();
    const key = ({ call, index }: KerasTensor) => `${numbers.get(call)}:${index}`;
    const find = (tensor: KerasTensor): Known => {
      const found = known.get(key(tensor));
      if (found === undefined) throw new FileError(tensor.call.layer.place, `must have an output ${tensor.index}`);
      return found;
    };
    for (const [number, call] of model.calls.entries()) {
      numbers.set(call, number);
      const given = inputs.get(call);
      const outputs = given === undefined ? this.plan(call, find) : [given];
      for (const [index, output] of outputs.entries()) known.set(`${number}:${index}`, output);
    }
    return model.outputs.map(find);
  }

  /** Adds a call; its outputs are asked for one by one. */
  call(layer: PlannedLayer, given: PlannedTensor[]): Outputs {
    this.planner.countCall();
    // tfjs disposes a tensor that a layer takes twice before others have had it.
    const inputs = given.map((tensor, index) => (given.indexOf(tensor) < index ? this.copyFor(layer, tensor) : tensor));
    const call: PlannedCall = { layer, inputs };
    const last = this.calls[this.calls.length - 1];
    const follows =
      inputs.length === 0
        ? last === undefined
        : inputs.length === 1 && inputs[0]?.call === last && inputs[0]?.index === 0;
    if (!follows) this.isSequential = false;
    this.calls.push(call);
    const outputs: PlannedTensor[] = [];
    return (index, mask) => {
      outputs[index] ??= { call, index, mask };
      if (mask !== null) mask.carrier ??= outputs[index] as PlannedTensor;
      return outputs[index] as PlannedTensor;
    };
  }

  private plan(call: KerasCall, find: (tensor: KerasTensor) => Known): Known[] {
    const { layer } = call;
    if (layer.kind === 'operation') return [this.planOperation(call, find)];
    const inputs = call.inputs.map(find);
    if (inputs.length === 0) throw new FileError(layer.place, 'must be called on a tensor');
    if (layer.model !== null) return this.planModel(call, layer.model, inputs);
    const { mask } = dialectOf(layer);
    if (mask === 'merged' || layer.className === 'Dot') return [this.planMerge(call, inputs)];
    if (inputs.length > 1)
      throw new FileError(layer.place, `must be called on one tensor, but is called on ${inputs.length}`);
    const [input] = inputs as [Known];
    if (mask === 'recurrent') return this.planRecurrent(call, input, call.states.map(find));
    if (call.states.length > 0) throw new FileError(layer.place, 'must be called on one tensor');
    return [this.planPlain(call, input)];
  }

  private planOperation(call: KerasCall, find: (tensor: KerasTensor) => Known): Known {
    const { layer } = call;
    const { className, config, inputs } = translateOperation(call, this.planner.dialect);
    const planned: PlannedLayer = {
      name: this.planner.freeName(layer.name),
      place: layer.place,
      className,
      config,
      weights: null,
      model: null,
    };
    planned.config = { ...config, name: planned.name };
    const tensors = inputs.map((tensor) => this.withoutMask(find(tensor).tensor));
    return { tensor: this.call(planned, tensors)(0, null), mask: null };
  }

  private planPlain(call: KerasCall, input: Known): Known {
    const { layer } = call;
    const { mask: rule, isMaskLostInTfjs, isMaskLostInKeras2 } = dialectOf(layer);
    const written = writtenTensor(
      (call.inputs[0] as KerasTensor).call.layer.name,
      (call.inputs[0] as KerasTensor).call.number,
      (call.inputs[0] as KerasTensor).index,
    );
    if (rule === 'consumed') return this.planConsumer(call, input);
    const outputs = this.call(this.planner.layer(layer), [input.tensor]);
    if (rule === 'made') {
      const text = this.madeMask(layer, written);
      const mask = text === null ? null : this.mask(text, null);
      return { tensor: outputs(0, mask), mask };
    }
    if (rule === 'kept') {
      const isLost = isMaskLostInKeras2 && this.planner.dialect.version === 2;
      return { tensor: outputs(0, isMaskLostInTfjs ? null : input.tensor.mask), mask: isLost ? null : input.mask };
    }
    return { tensor: outputs(0, null), mask: null };
  }

  private madeMask({ className, config }: KerasLayer, input: string): string | null {
    if (className === 'Embedding') return own(config, 'mask_zero') === true ? MASK.ofTokens(input) : null;
    const value = own(config, 'mask_value');
    return MASK.ofVectors(input, typeof value === 'number' ? value : 0);
  }

  private mask(text: string, parts: Mask['parts']): Mask {
    return { text, madeIn: this, parts, carrier: null };
  }

  /** A layer that ends a mask after it has made use of it. */
  private planConsumer(call: KerasCall, input: Known): Known {
    const { layer } = call;
    const mask = this.maskInUse(call, input, false);
    if (layer.className === 'GlobalAveragePooling1D' && (mask !== null || own(layer.config, 'keepdims') === true)) {
      const plain = this.planner.layer(layer);
      const average: PlannedLayer = {
        ...plain,
        className: 'MaskedAverage1D',
        config: { name: plain.name, keepDims: own(layer.config, 'keepdims') === true },
      };
      return {
        tensor: this.call(this.planner.asIs(layer, average), [this.withMask(input.tensor, mask)])(0, null),
        mask: null,
      };
    }
    if (mask !== null) {
      const advice = 'leave out the mask, or compute it by layers that are listed in docs/convert.md';
      throw new FileError(layer.place, `is a ${layer.className} of masked steps, which cannot be computed here`, {
        advice,
      });
    }
    return { tensor: this.call(this.planner.layer(layer), [input.tensor])(0, null), mask: null };
  }

  private planRecurrent(call: KerasCall, input: Known, states: Known[]): Known[] {
    const { layer } = call;
    const mask = this.maskInUse(call, input, states.length > 0);
    requireZeros(layer, mask !== null);
    const x = this.withMask(input.tensor, mask);
    const outputs = this.call(this.planner.layer(layer), [x, ...states.map(({ tensor }) => tensor)]);
    const inner =
      layer.className === 'Bidirectional'
        ? (own(layer.config, 'layer') as { config: Record<string, unknown> }).config
        : layer.config;
    const returnsSequences = own(inner, 'return_sequences') === true;
    const count = outputCount(layer, inner);
    const inKeras = returnsSequences ? input.mask : null;
    // tfjs's executor takes the mask of the first output for that of all.
    const inTfjs = returnsSequences ? x.mask : null;
    const sequences = layer.className === 'Bidirectional' && own(layer.config, 'merge_mode') === null ? 2 : 1;
    return Array.from({ length: count }, (_, index) => ({
      tensor: outputs(index, inTfjs),
      mask: index < sequences ? inKeras : null,
    }));
  }

  /** The mask that Keras uses in a call. */
  private maskInUse(call: KerasCall, input: Known, hasStates: boolean): Mask | null {
    const { mask: ofInput } = input;
    const { version } = this.planner.dialect;
    // Keras 3 gives no mask to a call on several tensors, unless it is told.
    if (version === 3 && hasStates) return call.mask == null ? null : this.explicitMask(call, ofInput);
    if (call.mask === undefined) return ofInput;
    if (call.mask === null) return version === 2 || ofInput === null || this.isCrossed(ofInput) ? ofInput : null;
    return this.explicitMask(call, ofInput);
  }

  /** A mask that the file spells out; as a rule the one that the input has anyway. */
  private explicitMask(call: KerasCall, ofInput: Mask | null): Mask | null {
    if (call.mask === MASK.ALL_ONES) return null;
    if (ofInput !== null && call.mask === ofInput.text) return ofInput;
    const advice = 'call it without a mask of your own: by Masking, or by an Embedding with mask_zero';
    throw new FileError(call.layer.place, 'is given a mask whose making cannot be followed', { advice });
  }

  /** Whether a mask has come from one model into another: a file tells nothing of those. */
  private isCrossed(mask: Mask): boolean {
    return (
      mask.text.startsWith('crossed ') ||
      (mask.parts?.of.some((part) => part !== null && this.isCrossed(part)) ?? false)
    );
  }

  private planMerge(call: KerasCall, inputs: Known[]): Known {
    const { layer } = call;
    const masks = inputs.map(({ mask }) => mask);
    const merged = layer.className === 'Dot' ? null : this.mergedMask(layer, masks, inputs);
    // tfjs makes masks of the wrong shape out of several, or throws.
    const tensors = inputs.map(({ tensor }) => this.withoutMask(tensor));
    return { tensor: this.call(this.planner.layer(layer), tensors)(0, null), mask: merged };
  }

  private mergedMask({ className, config, place }: KerasLayer, masks: (Mask | null)[], inputs: Known[]): Mask | null {
    const present = masks.filter((mask) => mask !== null);
    if (present.length === 0) return null;
    const { version } = this.planner.dialect;
    const steps = className === 'Concatenate' && isTimeAxis(own(config, 'axis'));
    const texts = (of: (Mask | null)[]) => of.map((mask) => mask?.text ?? MASK.ALL_ONES);
    if (steps) {
      return this.mask(MASK.combined('steps', texts(masks)), {
        combine: 'steps',
        of: masks,
        tensors: inputs.map(({ tensor }) => tensor),
      });
    }
    if (version === 2) return this.combined('all', present);
    if (['Multiply', 'Maximum', 'Minimum'].includes(className)) {
      const advice = 'Keras 3 replaces what is masked in a way of its own; drop the masks in front of it';
      throw new FileError(place, `is a ${className} of masked steps, which cannot be computed here`, { advice });
    }
    return present.length < masks.length ? null : this.combined('any', present);
  }

  private combined(combine: 'any' | 'all', masks: Mask[]): Mask {
    const [first] = masks as [Mask];
    const text = masks.reduce(
      (left, right) => (left === '' ? right.text : MASK.combined(combine, [left, right.text])),
      '',
    );
    const joined =
      combine === 'any' && masks.length > 2
        ? text
        : MASK.combined(
            combine,
            masks.map((mask) => mask.text),
          );
    return masks.length === 1 ? first : this.mask(joined, { combine, of: masks, tensors: [] });
  }

  private planModel(call: KerasCall, model: KerasModel, inputs: Known[]): Known[] {
    const { layer } = call;
    if (model.inputs.length !== inputs.length) {
      throw new FileError(
        layer.place,
        `must be called on ${model.inputs.length} tensors, but is called on ${inputs.length}`,
      );
    }
    const { masks } = this.planner.planAlone(model);
    const isCrossed = inputs.some(({ mask }) => mask !== null) || masks.some((mask) => mask !== null);
    if (isCrossed) return this.inline(layer, model, inputs);
    const planned = this.planner.layer(layer);
    const tensors = inputs.map(({ tensor }) => (this.planner.isMasked ? this.withoutMask(tensor) : tensor));
    const outputs = this.call(planned, tensors);
    return model.outputs.map((_, index) => ({ tensor: outputs(index, null), mask: null }));
  }

  /** Takes the layers of a model into this one: tfjs lets no mask into a model within, nor out of it. */
  private inline(layer: KerasLayer, model: KerasModel, inputs: Known[]): Known[] {
    this.planner.dialect.note(
      `${layer.place}: its layers are part of the model around it here, as masks pass between the two.`,
    );
    this.isSequential = false;
    const given = new Map<KerasCall, Known>();
    for (const [index, { call }] of model.inputs.entries()) {
      const { tensor, mask } = inputs[index] as Known;
      given.set(call, { tensor, mask: this.crossed(mask) });
    }
    return this.run(model, given).map(({ tensor, mask }) => ({ tensor, mask: this.crossed(mask) }));
  }

  private crossed(mask: Mask | null): Mask | null {
    if (mask === null || mask.text.startsWith('crossed ')) return mask;
    return { ...mask, text: `crossed ${mask.text}`, parts: { combine: 'any', of: [mask], tensors: [] } };
  }

  /** A tensor as it is, with no mask in tfjs. */
  private withoutMask(tensor: PlannedTensor): PlannedTensor {
    return tensor.mask === null ? tensor : this.insert('none', [tensor], null);
  }

  /** A tensor whose mask in tfjs is the one that Keras uses. */
  private withMask(tensor: PlannedTensor, mask: Mask | null): PlannedTensor {
    if (mask === null) {
      // An earlier layer's would be handed on.
      return this.planner.isMasked ? this.insert('ones', [tensor], null) : tensor;
    }
    if (tensor.mask !== null && isSame(tensor.mask, mask)) return tensor;
    const carrier = this.carrierOf(mask);
    if (carrier !== null) return this.insert('any', [tensor, carrier], mask);
    const { combine, of, tensors } = mask.parts as NonNullable<Mask['parts']>;
    const sources = of.map((part, index) =>
      part === null ? this.withoutMask(tensors[index] as PlannedTensor) : this.tensorWith(part),
    );
    return this.insert(combine, [tensor, ...sources], mask);
  }

  private carrierOf(mask: Mask): PlannedTensor | null {
    if (mask.carrier !== null) return mask.carrier;
    const { parts } = mask;
    return parts?.of.length === 1 && parts.of[0] != null ? this.carrierOf(parts.of[0]) : null;
  }

  /** Some tensor that has this mask in tfjs. */
  private tensorWith(mask: Mask): PlannedTensor {
    const carrier = this.carrierOf(mask);
    if (carrier !== null) return carrier;
    const { combine, of, tensors } = mask.parts as NonNullable<Mask['parts']>;
    const sources = of.map((part, index) =>
      part === null ? this.withoutMask(tensors[index] as PlannedTensor) : this.tensorWith(part),
    );
    return this.insert(combine, [sources[0] as PlannedTensor, ...sources], mask);
  }

  /** The same tensor again, with its mask only for what combines masks. */
  private copyFor({ className }: PlannedLayer, tensor: PlannedTensor): PlannedTensor {
    if (className !== 'MaskFrom') return this.insert('none', [tensor], null);
    const name = this.planner.freeName('as_is');
    const place = `layer '${name}' (Activation)`;
    const config = { name, activation: 'linear' };
    return this.call({ name, place, className: 'Activation', config, weights: null, model: null }, [tensor])(
      0,
      tensor.mask,
    );
  }

  private insert(combine: MaskSourceRule, inputs: PlannedTensor[], mask: Mask | null): PlannedTensor {
    const names = { none: 'as_is', ones: 'stop_mask', any: 'mask', all: 'mask', steps: 'mask' };
    const name = this.planner.freeName(names[combine]);
    const layer: PlannedLayer = {
      name,
      place: `layer '${name}' (MaskFrom)`,
      className: 'MaskFrom',
      config: { name, combine },
      weights: null,
      model: null,
    };
    return this.call(layer, inputs)(0, mask);
  }
}

function isSame(a: Mask, b: Mask): boolean {
  const plain = (mask: Mask): Mask =>
    mask.text.startsWith('crossed ') && mask.parts?.of[0] != null ? plain(mask.parts.of[0]) : mask;
  return plain(a) === plain(b);
}

/** Both directions of masked sequences output zeros at masked steps, which tfjs's own recurrent layers cannot. */
function requireZeros(layer: KerasLayer, isMasked: boolean): void {
  if (layer.className !== 'Bidirectional' || !isMasked) return;
  const inner = innerLayer(layer, 'layer', own(layer.config, 'layer'));
  if (inner.className !== 'SimpleRNN' || own(inner.config, 'return_sequences') !== true) return;
  const advice = 'use an LSTM or a GRU, or leave out the mask';
  throw new FileError(layer.place, 'is a Bidirectional SimpleRNN of masked sequences, which tfjs cannot compute', {
    advice,
  });
}

/** How many tensors a recurrent layer returns. */
function outputCount({ className, config }: KerasLayer, inner: Readonly<Record<string, unknown>>): number {
  const both = className === 'Bidirectional';
  const sequences = both && own(config, 'merge_mode') === null ? 2 : 1;
  if (own(inner, 'return_state') !== true) return sequences;
  const innerClass = both ? (own(config, 'layer') as { class_name: string }).class_name : className;
  const cell = own(inner, 'cell');
  const ofCell =
    typeof cell === 'object' && cell !== null
      ? String(own(cell as Readonly<Record<string, unknown>>, 'class_name'))
      : '';
  const states = innerClass === 'LSTM' || innerClass === 'CuDNNLSTM' || ofCell === 'LSTMCell' ? 2 : 1;
  return sequences + (both ? 2 : 1) * states;
}
