import * as tf from '@tensorflow/tfjs';
import { describeValue, invalidArgument } from '../../core/errors.js';
import { FileError } from '../../formats/file-error.js';
import { givenLayers } from '../../host/held-layers.js';
import type { ConfigDict } from '../../host/types.js';
import { LSTM_BRAND } from '../../layers/brand.js';
import type { KeyRule, LayerDialect } from './dialect.js';
import { hardSigmoidsOf, type Scaling } from './hard-sigmoid-scale.js';
import { ACTIVATIONS, type Dialect, HARD_SIGMOIDS, INITIALIZERS } from './identifiers.js';
import { camelCase, isObject, type Json } from './json.js';
import { kerasClass } from './keras-class.js';
import { translateLayer } from './translate-layer.js';

type Layer = tf.layers.Layer;

/** An object as Keras 3 writes it. */
export interface KerasObject {
  module: string;
  class_name: string;
  config: Record<string, unknown>;
  registered_name: null;
}

/** What describing a model gathers on the way. */
export interface Describing {
  /** The public function, for errors. */
  where: string;
  /** The layers and cells whose weights are multiplied by `HARD_SIGMOID_SCALE`. */
  scaled: Map<Layer, Scaling>;
  /** The layers whose two directions are to be unrolled in Keras. */
  unrolled: Set<Layer>;
  note(text: string): void;
}

/** What has no bearing on what a layer computes, is said elsewhere, or is for Keras to choose. */
const LEFT_OUT = new Set([
  'name',
  'trainable',
  'dtype',
  'batchInputShape',
  'inputDType',
  'inputDim',
  'inputLength',
  'implementation',
  'unroll',
  'useFused',
  'seed',
  'unitForgetBias',
  'layer',
  'cell',
  'cells',
  'numConstants',
]);

/** Deals with weights before they are trained only. */
const isInitializer = (key: string) => key.endsWith('Initializer');

/** What tfjs's GRU and ours take for granted, each another thing: so it is said. */
function stated(layer: Layer, className: string): Record<string, unknown> {
  if (className !== 'GRU' && className !== 'GRUCell') return {};
  return { reset_after: layer.getClassName() !== className };
}

/**
 * Says a layer in Keras's words, with the layers within it. What was said is translated back, as `loadKeras` does it, and
 * compared: so nothing is lost in silence.
 *
 * @throws RangeError for what Keras cannot represent.
 */
export function describeLayer(layer: Layer, describing: Describing): KerasObject {
  const { className, keys, config: inTfjs } = configOf(layer, describing);
  const config: Record<string, unknown> = { name: layer.name, dtype: 'float32', ...stated(layer, className) };
  // Some classes have no such argument.
  if (layer.trainable === false && layer.weights.length > 0) config.trainable = false;
  Object.assign(config, describeKeys(layer, inTfjs, keys, describing));
  const held = givenLayers(layer);
  if (className === 'Bidirectional') {
    const { forwardLayer, backwardLayer } = layer as unknown as Record<string, Layer>;
    config.layer = describeLayer(forwardLayer as Layer, describing);
    config.backward_layer = describeLayer(backwardLayer as Layer, describing);
    if (describing.unrolled.has(layer)) {
      for (const { config: ofDirection } of [config.layer, config.backward_layer] as KerasObject[]) {
        ofDirection.unroll = true;
      }
    }
  } else if (held !== null) {
    const { argument, layers } = held;
    config[argument] = Array.isArray(layers)
      ? layers.map((inner) => describeLayer(inner, describing))
      : describeLayer(layers, describing);
  }
  const described = kerasObject('keras.layers', className, config);
  // Stacked cells have nothing of their own.
  if (className !== 'StackedRNNCells') requireSame(layer, inTfjs, described, keys, describing);
  return described;
}

export function kerasObject(module: string, className: string, config: Record<string, unknown>): KerasObject {
  return { module, class_name: className, config, registered_name: null };
}

/** What a layer is in Keras, and its config, in which an explicit LSTM has its cell's arguments. */
function configOf(layer: Layer, { where }: Describing) {
  const known = kerasClass(layer);
  const cell = LSTM_BRAND in layer ? (layer as unknown as { cell: Layer }).cell : layer;
  if (known === undefined || (cell !== layer && kerasClass(cell)?.className !== `${known.className}Cell`)) {
    throw invalidArgument(where, 'every layer must be one that Keras has', cell.getClassName(), { layer: layer.name });
  }
  const saved = layer.getConfig();
  if (cell === layer) return { className: known.className, keys: known.keys, config: saved };
  const { cell: ofCell, ...config } = saved as ConfigDict & { cell?: { config: ConfigDict } };
  return { className: known.className, keys: known.keys, config: { ...ofCell?.config, ...config } as ConfigDict };
}

function describeKeys(
  layer: Layer,
  config: ConfigDict,
  keys: LayerDialect['keys'],
  describing: Describing,
): Record<string, unknown> {
  const described: Record<string, unknown> = {};
  for (const [key, rule] of Object.entries(keys)) {
    const inTfjs = ('to' in rule ? rule.to : undefined) ?? camelCase(key);
    if (rule.kind === 'fixed') described[key] = rule.value;
    if (['fixed', 'dropped', 'only'].includes(rule.kind) || !Object.hasOwn(config, inTfjs)) continue;
    // Of several names of one thing, such as those of two versions, the first is Keras 3's.
    if (Object.keys(described).some((other) => tfjsKey(other, keys[other] as KeyRule) === inTfjs)) continue;
    const given = config[inTfjs];
    if (given === undefined || key === 'seed') continue;
    described[key] = describeValueOf(layer, key, rule, given, describing);
  }
  return described;
}

const tfjsKey = (key: string, rule: KeyRule) => ('to' in rule ? rule.to : undefined) ?? camelCase(key);

const snakeKey = (key: string) => key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

function describeValueOf(layer: Layer, key: string, rule: KeyRule, given: unknown, describing: Describing): unknown {
  if (given === null) return null;
  switch (rule.kind) {
    case 'activation':
      return describeActivation(layer, key, given as string, describing);
    case 'initializer':
      return describeInitializer(given as ConfigDict);
    case 'regularizer':
      return describeClass('keras.regularizers', given as ConfigDict);
    case 'constraint':
      return describeClass('keras.constraints', given as ConfigDict);
    case 'word':
      return snakeKey(given as string);
    default:
      return Array.isArray(given) ? given.map(openSize) : given;
  }
}

/** A size that is left open: null in tfjs. */
const openSize = (size: unknown) => size ?? -1;

const KERAS_ACTIVATIONS = new Map(
  Object.entries(ACTIVATIONS)
    .reverse()
    .map(([inKeras, inTfjs]) => [inTfjs, inKeras]),
);

function describeActivation(layer: Layer, key: string, name: string, describing: Describing): string {
  if (name === HARD_SIGMOIDS.keras3) return 'hard_sigmoid';
  if (name === HARD_SIGMOIDS.keras2) {
    const owner = ownerOfWeights(layer);
    const found = hardSigmoidsOf(owner).find(({ argument }) => argument === camelCase(key));
    const scaling = found?.scaling ?? null;
    if (scaling === null) {
      const rule = `${camelCase(key)} must be one that Keras 3 has, which 0.2x + 0.5 is not`;
      throw invalidArgument(describing.where, rule, name, { layer: layer.name });
    }
    describing.scaled.set(owner, scaling);
    return 'hard_sigmoid';
  }
  const known = KERAS_ACTIVATIONS.get(name);
  if (known !== undefined) return known;
  throw invalidArgument(describing.where, `${camelCase(key)} must be one that Keras has`, name, { layer: layer.name });
}

/** Who has a layer's weights. */
function ownerOfWeights(layer: Layer): Layer {
  const { cell } = layer as unknown as { cell?: unknown };
  return cell instanceof tf.layers.Layer ? cell : layer;
}

const KERAS_INITIALIZERS = new Map(Object.entries(INITIALIZERS).map(([inKeras, inTfjs]) => [inTfjs, inKeras]));

/** One that Keras lacks is zeros there: the weights are in the file. */
function describeInitializer({ className, config }: ConfigDict): KerasObject {
  const known = KERAS_INITIALIZERS.get(className as string);
  if (known === undefined) return kerasObject('keras.initializers', 'Zeros', {});
  const own = Object.entries(config as ConfigDict).map(([key, value]) => {
    const isWord = key === 'mode' || key === 'distribution';
    return [snakeKey(key), isWord ? snakeKey(value as string) : value];
  });
  return kerasObject('keras.initializers', known, Object.fromEntries(own));
}

function describeClass(module: string, { className, config }: ConfigDict): KerasObject {
  const own = Object.entries(config as ConfigDict).map(([key, value]) => [snakeKey(key), value]);
  return kerasObject(module, className as string, Object.fromEntries(own));
}

/** Translates the description back, as `loadKeras` does it, and compares. */
function requireSame(
  layer: Layer,
  inTfjs: ConfigDict,
  described: KerasObject,
  keys: LayerDialect['keys'],
  { where }: Describing,
): void {
  const { class_name: className, config } = described;
  const dialect: Dialect = { version: 3, hardSigmoid: 'keras3', note() {} };
  let translated: ConfigDict;
  try {
    const place = `layer '${layer.name}'`;
    translated = translateLayer(
      { className, name: layer.name, place, config, kind: 'layer', model: null },
      dialect,
    ).config;
  } catch (cause) {
    if (!(cause instanceof FileError)) throw cause;
    throw invalidArgument(where, `a layer must be one that Keras has: ${cause.message}`, className, {
      layer: layer.name,
      cause,
    });
  }
  // What an explicit layer's cell takes is among the arguments of tfjs's layer.
  const { cell } = translated as { cell?: { config?: ConfigDict } };
  const known: ConfigDict = { ...cell?.config, ...translated };
  for (const [key, value] of Object.entries(inTfjs)) {
    // What is the same for the whole class is said by the class here.
    if (LEFT_OUT.has(key) || isInitializer(key) || keys[snakeKey(key)]?.kind === 'fixed') continue;
    const again = known[key];
    const isNone = value == null || value === false || value === 0;
    if (isNone && (again == null || again === false || again === 0)) continue;
    if (value === HARD_SIGMOIDS.keras2 && again === HARD_SIGMOIDS.keras3) continue;
    if (sameValue(value, again)) continue;
    const rule = `${key} must be one that Keras has`;
    throw invalidArgument(where, rule, isObject(value) ? describeValue(JSON.stringify(value)) : value, {
      layer: layer.name,
    });
  }
}

function sameValue(one: unknown, other: unknown): boolean {
  const sorted = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.length === 1 ? sorted(value[0]) : value.map(openSize).map(sorted);
    if (!isObject(value)) return value;
    return Object.entries(value as Json)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, item]) => [key, sorted(item)]);
  };
  return JSON.stringify(sorted(one)) === JSON.stringify(sorted(other));
}
