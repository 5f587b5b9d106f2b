import { describeValue } from '../../core/errors.js';
import { FileError } from '../../formats/file-error.js';
import type { ConfigDict } from '../../host/types.js';
import { KEYS_OF_ANY_LAYER, type KeyRule, type LayerDialect, layerDialect } from './dialect.js';
import { activation, constraint, type Dialect, initializer, regularizer, requireRegistered } from './identifiers.js';
import { ARRAY, camelCase, isObject, type Json, OBJECT, own, required, SHAPE, STRING } from './json.js';
import type { KerasLayer } from './read-model.js';

/** What is to be made of a layer: a class of tfjs with a config, and the weights that it will ask for. */
export interface Translation {
  className: string;
  config: ConfigDict;
  weights: WeightOwner;
}

/** A layer's weights in Keras's order: its own, then those of the layers within. */
export interface WeightOwner {
  place: string;
  /** The class, by which Keras 3 names groups of weights. */
  className: string;
  /** What does not train is in brackets. */
  names: string[];
  trainable: boolean;
  parts: WeightPart[];
  /** Which of CuDNN's layers it was: its weights lie otherwise in the file. */
  cuDNN?: 'LSTM' | 'GRU';
}

/** A layer within a layer: in which field of Keras's, and of tfjs's. */
export interface WeightPart {
  inKeras: string;
  inTfjs: string;
  /** Where the field is a list. */
  index?: number;
  owner: WeightOwner;
}

const ADVICE = 'docs/convert.md lists what can be computed here; replace it in Keras, and save again';

/**
 * Translates a layer, with the layers within it.
 *
 * @throws FileError for a class that is not known, for a value that cannot be computed, or of another type than Keras's.
 */
export function translateLayer(layer: KerasLayer, dialect: Dialect): Translation {
  requireFloat(layer, dialect);
  const special = Object.hasOwn(SPECIAL, layer.className) ? SPECIAL[layer.className] : undefined;
  if (special !== undefined) return special(layer, dialect);
  return translatePlain(layer, dialect, dialectOf(layer));
}

export function dialectOf({ className, place }: KerasLayer): LayerDialect {
  const known = layerDialect(className);
  if (known !== undefined) return known;
  throw new FileError(place, `is of the class '${className.slice(0, 100)}', which cannot be computed here`, {
    advice: ADVICE,
  });
}

/** Layers whose class in tfjs depends on their config, or that have layers within. */
const SPECIAL: Readonly<Record<string, (layer: KerasLayer, dialect: Dialect) => Translation>> = {
  InputLayer: translateInput,
  Bidirectional: translateBidirectional,
  TimeDistributed: translateTimeDistributed,
  RNN: translateRNN,
  CuDNNGRU: translateCuDNN,
  CuDNNLSTM: translateCuDNN,
  LSTM: translateRecurrent,
  GRU: translateRecurrent,
  SimpleRNN: translateRecurrent,
};

function translatePlain(layer: KerasLayer, dialect: Dialect, entry: LayerDialect): Translation {
  const { tfjs, keys } = [entry, ...(entry.others ?? [])].find(({ keys: rules }) => fits(layer.config, rules)) ?? entry;
  const finish = Object.hasOwn(FINISH, layer.className) ? FINISH[layer.className] : undefined;
  const config = translateKeys(layer, dialect, keys);
  const weights = ownerOf(layer, entry.weights?.(layer.config) ?? []);
  return { className: tfjs, config: finish === undefined ? config : finish(config, layer), weights };
}

/** Whether a class of tfjs can do what a config says. */
function fits(config: Json, keys: Readonly<Record<string, KeyRule>>): boolean {
  return Object.entries(keys).every(([key, rule]) => {
    const given = own(config, key);
    if (rule.kind === 'fixed') return given === rule.value;
    if (rule.kind === 'word') return given == null || rule.among === undefined || rule.among.includes(String(given));
    if (rule.kind === 'one') return given == null || rule.rule.holds([given].flat()[0]);
    return rule.kind !== 'only' || given === undefined || isAmong(given, rule.values);
  });
}

const isAmong = (given: unknown, values: readonly unknown[]) =>
  values.some((allowed) => JSON.stringify(allowed) === JSON.stringify(given));

const WHOLE = { start: null, stop: null, step: null };

/** What of a config is more than the keys one by one. */
const FINISH: Readonly<Record<string, (config: ConfigDict, layer: KerasLayer) => ConfigDict>> = {
  ActivityRegularization: (config) => ({ ...config, activation: 'linear' }),
  Cropping1D: ({ cropping, ...config }) => {
    const [before, after] = pair(cropping);
    const range = { start: before, stop: after === 0 ? null : -after, step: null };
    return { ...config, slices: [WHOLE, range] };
  },
  Identity: (config) => ({ ...config, activation: 'linear' }),
  Rescaling: ({ scale, offset, ...config }, { place }) => {
    const factor = (scale as number | undefined) ?? 1;
    if (factor <= 0) throw new FileError(`${place}: scale`, 'must be positive to be computed here', { advice: ADVICE });
    return { ...config, axis: null, mean: offset ?? 0, variance: factor * factor, invert: true };
  },
  Subtract: (config) => ({ ...config, operation: 'subtract', operands: [null, null] as unknown as number[] }),
  ZeroPadding1D: ({ padding, ...config }) => ({ ...config, padding: pair(padding) }),
};

/** Two numbers, which Keras writes as one where they are alike. */
function pair(given: unknown): [number, number] {
  const [before = 0, after = before] = [given].flat() as number[];
  return [before, after];
}

function ownerOf({ place, className, config }: KerasLayer, names: string[], parts: WeightPart[] = []): WeightOwner {
  return { place, className, names, parts, trainable: own(config, 'trainable') !== false };
}

/** A recurrent layer keeps its weights in its cell. */
function translateRecurrent(given: KerasLayer, dialect: Dialect): Translation {
  const layer = asComputed(given);
  const { className, config, weights } = translatePlain(layer, dialect, dialectOf(layer));
  const cell: WeightOwner = { ...weights, className: `${layer.className}Cell` };
  const owner = ownerOf(layer, [], [{ inKeras: 'cell', inTfjs: 'cell', owner: cell }]);
  if (layer.className !== 'GRU') return { className, config, weights: owner };
  return { className, config: overCell(config, layerDialect('GRUCell') as LayerDialect), weights: owner };
}

/** An unrolled layer of Keras repeats its output at masked steps, whatever it is told: the layer that says so. */
function asComputed(layer: KerasLayer): KerasLayer {
  if (own(layer.config, 'unroll') !== true) return layer;
  return { ...layer, config: { ...layer.config, zero_output_for_mask: false } };
}

/** Keras 2's layers for GPUs alone: LSTM and GRU with what CuDNN has for activations. */
function translateCuDNN(layer: KerasLayer, dialect: Dialect): Translation {
  const cuDNN = layer.className === 'CuDNNLSTM' ? 'LSTM' : 'GRU';
  const given = {
    ...layer.config,
    activation: 'tanh',
    recurrent_activation: 'sigmoid',
    use_bias: true,
    ...(cuDNN === 'GRU' ? { reset_after: true } : {}),
  };
  const { className, config, weights } = translateRecurrent({ ...layer, className: cuDNN, config: given }, dialect);
  const [part] = weights.parts as [WeightPart];
  const parts = [{ ...part, owner: { ...part.owner, cuDNN } }];
  return { className, config, weights: { ...weights, className: layer.className, parts } } as Translation;
}

/** The config of a layer over a cell, of one that has the cell's arguments among its own. */
function overCell(config: ConfigDict, cell: LayerDialect): ConfigDict {
  const ofLayer: ConfigDict = {};
  const ofCell: ConfigDict = { name: `${config.name}_cell` };
  const names = new Set(Object.keys(cell.keys).map(camelCase));
  for (const [key, item] of Object.entries(config)) (names.has(key) ? ofCell : ofLayer)[key] = item;
  // Before there was a choice, Keras did it in the other way.
  ofCell.resetAfter ??= false;
  return { ...ofLayer, cell: { className: cell.tfjs, config: ofCell } };
}

/** The config of a layer, key by key. */
function translateKeys(layer: KerasLayer, dialect: Dialect, keys: Readonly<Record<string, KeyRule>>): ConfigDict {
  const result: ConfigDict = { name: layer.name };
  for (const [key, given] of Object.entries(layer.config)) {
    const rule = Object.hasOwn(keys, key)
      ? keys[key]
      : Object.hasOwn(KEYS_OF_ANY_LAYER, key)
        ? KEYS_OF_ANY_LAYER[key]
        : undefined;
    const place = `${layer.place}: ${key.slice(0, 100)}`;
    if (rule === undefined) {
      // Keras adds keys from version to version. What is not set has no effect.
      if (given == null || given === false) continue;
      throw new FileError(place, `is ${describeValue(given)}, which cannot be computed here`, { advice: ADVICE });
    }
    const translated = translateValue(rule, given, dialect, place);
    if (translated !== undefined)
      result[('to' in rule ? rule.to : undefined) ?? camelCase(key)] = translated as ConfigDict[string];
  }
  const penalty = own(layer.config, 'activity_regularizer');
  if (penalty != null && !Object.hasOwn(keys, 'activity_regularizer')) {
    dialect.note(
      `${layer.place}: the activity regularizer is left out, as tfjs cannot compute it; it counts in training only.`,
    );
  }
  return result;
}

function translateValue(rule: KeyRule, given: unknown, dialect: Dialect, place: string): unknown {
  switch (rule.kind) {
    case 'dropped':
      return undefined;
    case 'only': {
      if (isAmong(given, rule.values)) return undefined;
      const allowed = rule.values.map((value) => JSON.stringify(value)).join(' or ');
      throw new FileError(
        place,
        `must be ${allowed}, as nothing else can be computed here, got ${describeValue(given)}`,
        {
          advice: rule.advice ?? ADVICE,
        },
      );
    }
    case 'value':
      if (given == null && !rule.rule.holds(null)) return undefined;
      return given === null ? null : required(given, rule.rule, place);
    case 'one': {
      const item = Array.isArray(given) && given.length === 1 ? given[0] : given;
      return item == null ? undefined : required(item, rule.rule, place);
    }
    case 'fixed':
      return undefined;
    case 'word':
      if (given != null && rule.among !== undefined && !rule.among.includes(String(given))) {
        throw new FileError(place, `must be ${rule.among.join(' or ')}, got ${describeValue(given)}`, {
          advice: ADVICE,
        });
      }
      return given == null ? undefined : camelCase(required<string>(given, STRING, place));
    default: {
      const translate = { activation, initializer, regularizer, constraint }[rule.kind];
      return translate(given, dialect, place) ?? undefined;
    }
  }
}

const DTYPES: Readonly<Record<string, 'float32' | 'int32' | 'bool'>> = {
  bool: 'bool',
  bfloat16: 'float32',
  float16: 'float32',
  float32: 'float32',
  float64: 'float32',
  int16: 'int32',
  int32: 'int32',
  int64: 'int32',
  int8: 'int32',
  uint8: 'int32',
};

/** A layer computes in float32 here. */
function requireFloat({ config, place, className }: KerasLayer, dialect: Dialect): void {
  const given = own(config, 'dtype');
  if (given == null || className === 'InputLayer') return;
  const name = policyName(given, `${place}: dtype`);
  if (name === 'float32' || /^u?int(32|64)$/.test(name) || name === 'bool') return;
  if (!/^(mixed_)?b?float\d+$/.test(name)) {
    throw new FileError(`${place}: dtype`, `is '${name.slice(0, 100)}', which cannot be computed here`, {
      advice: 'save the model before quantizing it',
    });
  }
  dialect.note(`${place} computes in ${name} in Keras and in float32 here: numbers differ by its rounding.`);
}

function policyName(given: unknown, place: string): string {
  if (typeof given === 'string') return given;
  const policy = required<Json>(given, OBJECT, place);
  requireRegistered(policy, place);
  const className = String(own(policy, 'class_name'));
  // A quantized policy says so in its class.
  if (!['DTypePolicy', 'Policy', 'FloatDTypePolicy'].includes(className)) return `of the policy ${className}`;
  const config = required<Json>(own(policy, 'config'), OBJECT, `${place}.config`);
  return required<string>(own(config, 'name'), STRING, `${place}.config.name`);
}

function translateInput(layer: KerasLayer): Translation {
  const { config, place } = layer;
  const shape = own(config, 'batch_shape') ?? own(config, 'batch_input_shape');
  const dtype = own(config, 'dtype');
  const name = dtype == null ? 'float32' : policyName(dtype, `${place}: dtype`);
  const known = Object.hasOwn(DTYPES, name) ? DTYPES[name] : undefined;
  if (known === undefined) {
    throw new FileError(`${place}: dtype`, `is '${name.slice(0, 100)}', which tfjs cannot feed`, {
      advice: 'leave out what reads it, such as TextVectorization, and save the rest',
    });
  }
  for (const key of ['sparse', 'ragged', 'optional']) {
    if (own(config, key) === true) throw new FileError(`${place}: ${key}`, 'must be false', { advice: ADVICE });
  }
  return {
    className: 'InputLayer',
    config: {
      name: layer.name,
      batchInputShape: [...required<(number | null)[]>(shape, SHAPE, `${place}: batch_shape`)],
      dtype: known,
    },
    weights: ownerOf(layer, []),
  };
}

/** A layer within another: `{class_name, config}`. */
export function innerLayer(outer: KerasLayer, key: string, given: unknown): KerasLayer {
  const place = `${outer.place}: ${key}`;
  const object = required<Json>(given, OBJECT, place);
  requireRegistered(object, place);
  const className = required<string>(own(object, 'class_name'), STRING, `${place}.class_name`);
  const config = required<Json>(own(object, 'config'), OBJECT, `${place}.config`);
  const name = required<string>(own(config, 'name') ?? key, STRING, `${place}.config.name`);
  return { className, name, place, config, kind: 'layer', model: null };
}

const RECURRENT = ['LSTM', 'GRU', 'SimpleRNN', 'RNN', 'CuDNNLSTM', 'CuDNNGRU'];

function translateBidirectional(layer: KerasLayer, dialect: Dialect): Translation {
  const { layer: given, backward_layer: backwardGiven, ...rest } = layer.config;
  const forward = innerLayer(layer, 'layer', given);
  if (!RECURRENT.includes(forward.className)) {
    throw new FileError(
      forward.place,
      `is of the class '${forward.className.slice(0, 100)}', which cannot run in both directions here`,
      { advice: ADVICE },
    );
  }
  if (backwardGiven != null) requireMirrored(layer, forward, innerLayer(layer, 'backward_layer', backwardGiven));
  const name = forward.name.replace(/^(forward_)+/, '');
  const returnsSequences = own(forward.config, 'return_sequences') === true;
  // Keras 2 and 3 output zeros at masked steps of sequences, whatever the layer says.
  const hasZeros = ['LSTM', 'GRU', 'RNN', 'CuDNNLSTM', 'CuDNNGRU'].includes(forward.className);
  const own_ = { zero_output_for_mask: hasZeros && returnsSequences };
  const inner = translateLayer({ ...forward, name, config: { ...forward.config, ...own_ } }, dialect);
  const config = translateKeys(
    { ...layer, config: rest },
    dialect,
    (layerDialect('Bidirectional') as LayerDialect).keys,
  );
  const parts = (['forward', 'backward'] as const).map(
    (direction): WeightPart => ({
      inKeras: `${direction}_layer`,
      inTfjs: `${direction}Layer`,
      owner: inner.weights,
    }),
  );
  return {
    className: 'Bidirectional',
    config: { ...config, layer: { className: inner.className, config: inner.config } },
    weights: ownerOf(layer, [], parts),
  };
}

/** Both directions have the same config but for these: tfjs makes the second out of the first. */
const DIFFERENT_IN_DIRECTIONS = ['name', 'go_backwards', 'seed', 'zero_output_for_mask', 'trainable', 'dtype'];

function requireMirrored(layer: KerasLayer, forward: KerasLayer, backward: KerasLayer): void {
  const differs = (rule: string) => {
    const advice =
      'tfjs makes the second direction from the first: call two layers instead, one of them with go_backwards=True';
    return new FileError(backward.place, rule, { advice });
  };
  if (forward.className !== backward.className)
    throw differs(`must be of the class of the other direction, ${forward.className}`);
  for (const key of new Set([...Object.keys(forward.config), ...Object.keys(backward.config)])) {
    if (DIFFERENT_IN_DIRECTIONS.includes(key)) continue;
    const [a, b] = [own(forward.config, key), own(backward.config, key)].map(withoutIdentity);
    if (JSON.stringify(a) !== JSON.stringify(b))
      throw differs(`must have the ${key.slice(0, 100)} of the other direction`);
  }
  const directions = [forward, backward].map(({ config }) => own(config, 'go_backwards') === true);
  if (directions[0] === directions[1]) throw differs('must go the other way');
  if (directions[0]) throw new FileError(layer.place, 'must go forwards first', { advice: ADVICE });
}

/** A value without what tells one object from another like it. */
function withoutIdentity(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutIdentity);
  if (!isObject(value)) return value;
  const kept = Object.entries(value).filter(([key]) => !['shared_object_id', 'seed', 'name', 'dtype'].includes(key));
  return kept.map(([key, item]) => [key, withoutIdentity(item)]);
}

function translateTimeDistributed(layer: KerasLayer, dialect: Dialect): Translation {
  const { layer: given, ...rest } = layer.config;
  const inner = innerLayer(layer, 'layer', given);
  const { className, config, weights } = translateLayer(inner, dialect);
  const own_ = translateKeys({ ...layer, config: rest }, dialect, {});
  return {
    className: 'TimeDistributed',
    config: { ...own_, layer: { className, config } },
    weights: ownerOf(layer, [], [{ inKeras: 'layer', inTfjs: 'layer', owner: weights }]),
  };
}

/** tfjs's RNN over a cell; over one LSTM or GRU cell it is our LSTM. */
function translateRNN(layer: KerasLayer, dialect: Dialect): Translation {
  const { cell: given, ...rest } = layer.config;
  const outer = { ...layer, config: rest };
  const cells = cellsOf(layer, given);
  const isOurs = cells[0]?.className === 'LSTMCell' || cells[0]?.className === 'GRUCell';
  if (cells.length === 1 && isOurs && !isStack(given)) {
    const [cell] = cells as [KerasLayer];
    const { name: _name, dtype: _dtype, trainable: _trainable, ...ofCell } = cell.config;
    const ofOneLayer = cell.className === 'GRUCell' ? 'GRU' : 'LSTM';
    const merged = translateRecurrent({ ...layer, className: ofOneLayer, config: { ...ofCell, ...rest } }, dialect);
    const parts = merged.weights.parts.map((part) => ({
      ...part,
      owner: { ...part.owner, className: cell.className },
    }));
    return { ...merged, weights: { ...ownerOf(layer, []), parts } };
  }
  for (const key of ['return_state', 'stateful']) {
    if (own(rest, key) === true && cells.length > 1) {
      throw new FileError(
        `${layer.place}: ${key}`,
        'must be false over several cells, whose states tfjs counts backwards',
        { advice: ADVICE },
      );
    }
  }
  const translated = cells.map((cell) => {
    const { className, config, weights } = translateLayer(cell, dialect);
    const isGru = cell.className === 'GRUCell';
    const description = { className, config: isGru ? { resetAfter: false, ...config } : config };
    return { description, weights };
  });
  const config = translateKeys(asComputed(outer), dialect, (layerDialect('RNN') as LayerDialect).keys);
  const [first] = translated as [(typeof translated)[number], ...typeof translated];
  if (translated.length === 1 && !isStack(given)) {
    return {
      className: 'RNN',
      config: { ...config, cell: first.description },
      weights: ownerOf(layer, [], [{ inKeras: 'cell', inTfjs: 'cell', owner: first.weights }]),
    };
  }
  const stack: WeightOwner = {
    place: layer.place,
    className: 'StackedRNNCells',
    names: [],
    trainable: true,
    parts: translated.map(({ weights }, index) => ({ inKeras: 'cells', inTfjs: 'cells', index, owner: weights })),
  };
  return {
    className: 'RNN',
    config: {
      ...config,
      cell: {
        className: 'StackedRNNCells',
        config: { name: `${layer.name}_cells`, cells: translated.map(({ description }) => description) },
      },
    },
    weights: ownerOf(layer, [], [{ inKeras: 'cell', inTfjs: 'cell', owner: stack }]),
  };
}

const CELLS = ['LSTMCell', 'GRUCell', 'SimpleRNNCell'];

const isStack = (given: unknown) =>
  Array.isArray(given) || (isObject(given) && own(given, 'class_name') === 'StackedRNNCells');

function cellsOf(layer: KerasLayer, given: unknown): KerasLayer[] {
  const list = Array.isArray(given) ? given : stackedCells(layer, given);
  if (list.length === 0) throw new FileError(`${layer.place}: cell`, 'must be a cell, or several');
  return list.map((item, index) => {
    const cell = innerLayer(layer, list.length === 1 ? 'cell' : `cells[${index}]`, item);
    if (CELLS.includes(cell.className)) return cell;
    throw new FileError(
      cell.place,
      `is of the class '${cell.className.slice(0, 100)}', a cell that cannot be computed here`,
      { advice: ADVICE },
    );
  });
}

function stackedCells(layer: KerasLayer, given: unknown): unknown[] {
  const { className, config, place } = innerLayer(layer, 'cell', given);
  return className === 'StackedRNNCells'
    ? required<unknown[]>(own(config, 'cells'), ARRAY, `${place}.config.cells`)
    : [given];
}
