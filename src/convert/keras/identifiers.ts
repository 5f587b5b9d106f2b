import { FileError } from '../../formats/file-error.js';
import type { ConfigDict } from '../../host/types.js';
import { camelCase, isObject, type Json, own } from './json.js';
import { LEAKY_SLOPES } from './layers/activations.js';

/** What is known of a model while its words are translated. */
export interface Dialect {
  /** 2 or 3: which Keras wrote the model. */
  version: 2 | 3;
  /** What `hard_sigmoid` is. */
  hardSigmoid: 'keras2' | 'keras3';
  /** Told what is not as it was, in a sentence. */
  note(text: string): void;
}

/** Keras's activations, and what tfjs or this package calls them. `hard_sigmoid` is two functions: see `HARD_SIGMOIDS`. */
export const ACTIVATIONS: Readonly<Record<string, string>> = {
  celu: 'celu',
  elu: 'elu',
  exponential: 'exponential',
  gelu: 'gelu',
  glu: 'glu',
  hard_shrink: 'hardShrink',
  hard_silu: 'hardSilu',
  hard_swish: 'hardSilu',
  hard_tanh: 'hardTanh',
  leaky_relu: 'leakyRelu',
  linear: 'linear',
  log_sigmoid: 'logSigmoid',
  log_softmax: 'logSoftmax',
  mish: 'mish',
  relu: 'relu',
  relu6: 'relu6',
  selu: 'selu',
  sigmoid: 'sigmoid',
  silu: 'swish',
  softmax: 'softmax',
  soft_shrink: 'softShrink',
  softplus: 'softplus',
  softsign: 'softsign',
  sparse_plus: 'sparsePlus',
  sparse_sigmoid: 'sparseSigmoid',
  sparsemax: 'sparsemax',
  squareplus: 'squareplus',
  swish: 'swish',
  tanh: 'tanh',
  tanh_shrink: 'tanhShrink',
};

export const HARD_SIGMOIDS = { keras2: 'hardSigmoid', keras3: 'hardSigmoidKeras3' } as const;

/** Classes of initializers: what tfjs calls them where it differs. */
export const INITIALIZERS: Readonly<Record<string, string>> = {
  Constant: 'Constant',
  GlorotNormal: 'GlorotNormal',
  GlorotUniform: 'GlorotUniform',
  HeNormal: 'HeNormal',
  HeUniform: 'HeUniform',
  Identity: 'Identity',
  LecunNormal: 'LeCunNormal',
  LecunUniform: 'LeCunUniform',
  Ones: 'Ones',
  Orthogonal: 'Orthogonal',
  RandomNormal: 'RandomNormal',
  RandomUniform: 'RandomUniform',
  TruncatedNormal: 'TruncatedNormal',
  VarianceScaling: 'VarianceScaling',
  Zeros: 'Zeros',
};

export const CONSTRAINTS: readonly string[] = ['MaxNorm', 'MinMaxNorm', 'NonNeg', 'UnitNorm'];

/** The classes that tfjs knows by another case, or that Keras abbreviates: `he_normal`, `OrthogonalInitializer`. */
const spelling = (name: string) => name.replace(/_/g, '').toLowerCase();
const bySpelling = (names: readonly string[]) => new Map(names.map((name) => [spelling(name), name]));
const INITIALIZER_NAMES = bySpelling(Object.keys(INITIALIZERS));
for (const [alias, name] of [
  ['normal', 'RandomNormal'],
  ['uniform', 'RandomUniform'],
  ['zero', 'Zeros'],
  ['one', 'Ones'],
  ['orthogonalinitializer', 'Orthogonal'],
  ['identityinitializer', 'Identity'],
] as const) {
  INITIALIZER_NAMES.set(alias, name);
}
const CONSTRAINT_NAMES = bySpelling(CONSTRAINTS);
for (const name of CONSTRAINTS) CONSTRAINT_NAMES.set(`${spelling(name)}constraint`, name);
const REGULARIZER_NAMES = bySpelling(['L1', 'L2', 'L1L2']);

/** A class with its config, however Keras wrote it: a name, `{class_name, config}`, or that with a function for a class. */
function described(value: unknown, place: string): { name: string; config: Json } {
  if (typeof value === 'string') return { name: value, config: {} };
  if (!isObject(value)) throw new FileError(place, 'must be a name or an object of a class and a config');
  requireRegistered(value, place);
  const [className, config] = [own(value, 'class_name'), own(value, 'config')];
  if (className === 'function' && typeof config === 'string') return { name: config, config: {} };
  if (typeof className !== 'string') throw new FileError(`${place}.class_name`, 'must be a name');
  if (config != null && !isObject(config)) throw new FileError(`${place}.config`, 'must be an object');
  return { name: className, config: config ?? {} };
}

/** @throws FileError for what somebody's own Python code registered. */
export function requireRegistered(object: Json, place: string): void {
  const registered = own(object, 'registered_name');
  if (typeof registered === 'string' && registered.includes('>')) {
    const advice = 'only what Keras itself has can be computed here; replace it in Keras, and save again';
    throw new FileError(place, `is '${registered.slice(0, 100)}', which is somebody's own Python code`, { advice });
  }
}

const ADVICE = 'replace it in Keras by one that is listed in docs/convert.md, and save again';

/** An activation's name in tfjs. */
export function activation(value: unknown, dialect: Dialect, place: string): string | null {
  if (value == null) return null;
  const { name, config } = described(value, place);
  if (name === 'hard_sigmoid' || name === 'HardSigmoid') return HARD_SIGMOIDS[dialect.hardSigmoid];
  const known = Object.hasOwn(ACTIVATIONS, name) ? ACTIVATIONS[name] : undefined;
  if (known !== undefined && Object.keys(config).length === 0) return known;
  const ofLayer = name === 'LeakyReLU' ? leakySlope(config) : undefined;
  if (ofLayer !== undefined) return `leakyRelu${ofLayer}`;
  throw new FileError(place, `is '${name.slice(0, 100)}', an activation that cannot be computed here`, {
    advice: ADVICE,
  });
}

/** The slope of a LeakyReLU that serves as another layer's activation, if it is one of those that have a name. */
function leakySlope(config: Json): number | undefined {
  const slope = [own(config, 'negative_slope') ?? own(config, 'alpha')].flat()[0];
  return LEAKY_SLOPES.find((known) => typeof slope === 'number' && Math.abs(known - slope) < 1e-7);
}

/** An initializer's config in tfjs. It never runs here, so that what tfjs lacks may be another. */
export function initializer(value: unknown, dialect: Dialect, place: string): ConfigDict | null {
  if (value == null) return null;
  const { name: given, config } = described(value, place);
  const name = INITIALIZER_NAMES.get(spelling(given));
  if (name === undefined) {
    dialect.note(
      `${place} was '${given.slice(0, 100)}', which tfjs lacks; the weights are the file's, but a new start would be zeros.`,
    );
    return { className: 'Zeros', config: {} };
  }
  const own: ConfigDict = {};
  for (const [key, item] of Object.entries(config)) {
    // The seed may be the state of a generator; the axes are tfjs's own choice.
    if (typeof item === 'number' && Number.isFinite(item)) own[camelCase(key)] = item;
    if (typeof item === 'string' && ['mode', 'distribution'].includes(key)) own[key] = camelCase(item);
  }
  if (own.distribution === 'untruncatedNormal') own.distribution = 'normal';
  return { className: INITIALIZERS[name] as string, config: own };
}

/** A regularizer's config in tfjs, which has one class for all of Keras's. */
export function regularizer(value: unknown, _dialect: Dialect, place: string): ConfigDict | null {
  if (value == null) return null;
  const { name: given, config } = described(value, place);
  const name = REGULARIZER_NAMES.get(spelling(given));
  if (name === undefined)
    throw new FileError(place, `is '${given.slice(0, 100)}', a regularizer that tfjs lacks`, { advice: ADVICE });
  const factor = (key: string) => {
    const stated = own(config, key);
    if (typeof stated === 'number' && Number.isFinite(stated)) return stated;
    // Keras's default where none is stated.
    return spelling(name) === key || (typeof value === 'string' && name === 'L1L2') ? 0.01 : 0;
  };
  return { className: 'L1L2', config: { l1: factor('l1'), l2: factor('l2') } };
}

export function constraint(value: unknown, _dialect: Dialect, place: string): ConfigDict | null {
  if (value == null) return null;
  const { name: given, config } = described(value, place);
  const name = CONSTRAINT_NAMES.get(spelling(given));
  if (name === undefined)
    throw new FileError(place, `is '${given.slice(0, 100)}', a constraint that tfjs lacks`, { advice: ADVICE });
  const own: ConfigDict = {};
  for (const [key, item] of Object.entries(config)) {
    const number = Array.isArray(item) && item.length === 1 ? item[0] : item;
    if (typeof number !== 'number') throw new FileError(`${place}.config.${key}`, 'must be a number, as tfjs has it');
    own[camelCase(key)] = number;
  }
  return { className: name, config: own };
}
