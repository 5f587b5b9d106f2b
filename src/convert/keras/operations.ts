import { describeValue } from '../../core/errors.js';
import { FileError } from '../../formats/file-error.js';
import type { ConfigDict } from '../../host/types.js';
import { activation, type Dialect } from './identifiers.js';
import { INTEGER, INTEGERS, isObject, type Json, own, required, snakeCase } from './json.js';
import type { AxisSlice } from './layers/tensor-slice.js';
import { type KerasCall, KerasTensor } from './read-model.js';

/** What an operation on tensors becomes: a layer. */
export interface OperationPlan {
  className: string;
  config: ConfigDict;
  inputs: KerasTensor[];
}

/** An operation in the words of either Keras. */
interface Operation {
  place: string;
  /** `multiply`: the class in Keras 3, and in Keras 2 the function, without its module. */
  name: string;
  args: unknown[];
  /** What it is told by name, of its config in Keras 3. */
  options: Json;
  dialect: Dialect;
}

type Translator = (operation: Operation) => OperationPlan;

const ADVICE = 'write it as a layer, or as an operation, that is listed in docs/convert.md';

/** Operations that an Elementwise does, by all of Keras's names for them. */
const ELEMENTWISE = {
  abs: 'abs',
  absolute: 'abs',
  add: 'add',
  divide: 'divide',
  exp: 'exp',
  log: 'log',
  maximum: 'maximum',
  minimum: 'minimum',
  multiply: 'multiply',
  negative: 'negative',
  pow: 'power',
  power: 'power',
  reciprocal: 'reciprocal',
  rsqrt: 'rsqrt',
  sqrt: 'sqrt',
  square: 'square',
  subtract: 'subtract',
  true_divide: 'divide',
  truediv: 'divide',
} as const;

const UNARY = ['abs', 'exp', 'log', 'negative', 'reciprocal', 'rsqrt', 'sqrt', 'square'];

/** Operations of one number that are activations too. */
const ACTIVATIONS = [
  'hard_shrink',
  'hard_sigmoid',
  'hard_silu',
  'hard_tanh',
  'log_sigmoid',
  'log_softmax',
  'mish',
  'relu',
  'relu6',
  'selu',
  'sigmoid',
  'silu',
  'soft_shrink',
  'softmax',
  'softplus',
  'softsign',
  'sparse_plus',
  'sparse_sigmoid',
  'squareplus',
  'swish',
  'tanh',
  'tanh_shrink',
];

/** What these may be told besides: Keras's defaults, which are the activation's. */
const ACTIVATION_OPTIONS: Readonly<Record<string, unknown>> = { axis: -1, threshold: 0.5, b: 4 };

const TRANSLATORS: Readonly<Record<string, Translator>> = {
  concat: concatenation,
  concatenate: concatenation,
  elu: (operation) => oneInput(operation, 'ScaledELU', { alpha: number(operation, 'alpha', 1) }),
  flip: reversal,
  gelu: (operation) => {
    if (option(operation, 'approximate') === false) return oneInput(operation, 'Activation', { activation: 'gelu' });
    return oneInput(operation, 'Activation', { activation: 'gelu_new' });
  },
  get_item: slice,
  getitem: slice,
  leaky_relu: (operation) =>
    oneInput(operation, 'Rectifier', { negativeSlope: number(operation, 'negative_slope', 0.2) }),
  reverse: reversal,
  squeeze,
};
for (const name of Object.keys(ELEMENTWISE)) Object.assign(TRANSLATORS, { [name]: elementwise });
for (const name of ACTIVATIONS) Object.assign(TRANSLATORS, { [name]: activationLayer });
for (const name of ['max', 'mean', 'min', 'prod', 'sum']) {
  Object.assign(TRANSLATORS, { [name]: reduction, [`reduce_${name}`]: reduction });
}

/**
 * The layer that computes what an operation on tensors computes.
 *
 * @throws FileError for an operation that cannot be computed.
 */
export function translateOperation({ layer, args, kwargs }: KerasCall, dialect: Dialect): OperationPlan {
  const { place, className, config } = layer;
  const name =
    dialect.version === 3 ? snakeCase(className) : String(own(config, 'function') ?? '').replace(/^.*\./, '');
  const translate = Object.hasOwn(TRANSLATORS, name) ? TRANSLATORS[name] : undefined;
  if (translate === undefined) {
    const given = dialect.version === 3 ? className : name;
    throw new FileError(place, `is the operation '${given.slice(0, 100)}', which cannot be computed here`, {
      advice: ADVICE,
    });
  }
  const { name: _name, ...ofConfig } = config;
  const { name: _kwargsName, ...named } = kwargs;
  const options = dialect.version === 3 ? { ...ofConfig, ...named } : named;
  return translate({ place, name, args, options, dialect });
}

function unlike({ place, name }: Operation, what: string, value: unknown): FileError {
  return new FileError(place, `is '${name}' with ${what} ${describeValue(value)}, which cannot be computed here`, {
    advice: ADVICE,
  });
}

function option({ options }: Operation, name: string): unknown {
  return own(options, name);
}

function number(operation: Operation, name: string, otherwise: number): number {
  const value = option(operation, name) ?? otherwise;
  if (Number.isFinite(value)) return value as number;
  throw unlike(operation, name, value);
}

/** What an operation is given under any of these names, or in this place. */
function argument({ args, options }: Operation, index: number, ...names: string[]): unknown {
  const name = names.find((candidate) => Object.hasOwn(options, candidate));
  return args[index] ?? (name === undefined ? undefined : own(options, name));
}

function oneInput(operation: Operation, className: string, config: ConfigDict): OperationPlan {
  const x = argument(operation, 0, 'x', 'features', 'input_tensor', 'input', 'a', 'logits');
  if (!(x instanceof KerasTensor)) throw unlike(operation, 'an input', x);
  return { className, config, inputs: [x] };
}

function elementwise(operation: Operation): OperationPlan {
  const word = ELEMENTWISE[operation.name as keyof typeof ELEMENTWISE];
  if (UNARY.includes(word)) return oneInput(operation, 'Elementwise', { operation: word });
  const given = [argument(operation, 0, 'x1', 'x'), argument(operation, 1, 'x2', 'y')];
  const operands = given.map((operand) => {
    if (operand instanceof KerasTensor) return null;
    if (Number.isFinite(operand)) return operand as number;
    throw unlike(operation, 'an operand', operand);
  });
  const inputs = given.filter((operand) => operand instanceof KerasTensor);
  if (inputs.length === 0) throw unlike(operation, 'no tensor but', operands);
  return { className: 'Elementwise', config: { operation: word, operands: operands as number[] }, inputs };
}

function activationLayer(operation: Operation): OperationPlan {
  const { name, options, dialect, place } = operation;
  for (const [key, value] of Object.entries(options)) {
    const isDefault = value === null || ACTIVATION_OPTIONS[key] === value || value instanceof KerasTensor;
    if (!isDefault) throw unlike(operation, key.slice(0, 100), value);
  }
  return oneInput(operation, 'Activation', { activation: activation(name, dialect, place) });
}

function reduction(operation: Operation): OperationPlan {
  const axis = option(operation, 'axis') ?? operation.args[1];
  if (axis == null) throw unlike(operation, 'an axis of', axis);
  const axes = [required<number | number[]>(axis, INTEGERS, `${operation.place}: axis`)].flat();
  if (axes.length === 0 || axes.includes(0)) throw unlike(operation, 'an axis of', axis);
  if (option(operation, 'initial') != null) throw unlike(operation, 'initial', option(operation, 'initial'));
  const keepDims = option(operation, 'keepdims') === true;
  return oneInput(operation, 'Reduction', { operation: operation.name.replace('reduce_', ''), axis: axes, keepDims });
}

function concatenation(operation: Operation): OperationPlan {
  const given = argument(operation, 0, 'xs', 'values');
  const inputs = [given].flat().filter((item) => item instanceof KerasTensor);
  if (inputs.length < 2 || inputs.length !== [given].flat().length) throw unlike(operation, 'inputs', given);
  const axis = required<number>(
    option(operation, 'axis') ?? operation.args[1] ?? 0,
    INTEGER,
    `${operation.place}: axis`,
  );
  if (axis === 0) throw unlike(operation, 'an axis of', axis);
  return { className: 'Concatenate', config: { axis }, inputs };
}

const WHOLE = { start: null, stop: null, step: null };

/** `y[:, -1]`, of which Keras 3 writes the places as an argument and Keras 2 as an option. */
function slice(operation: Operation): OperationPlan {
  const given = option(operation, 'slice_spec') ?? argument(operation, 1, 'key');
  const slices = [given].flat().map((item) => {
    if (Number.isSafeInteger(item)) return item as number;
    const config = isObject(item) && own(item, 'class_name') === '__slice__' ? own(item, 'config') : item;
    if (isObject(item) && own(item, 'class_name') === '__ellipsis__') return 'ellipsis';
    if (!isObject(config) || !['start', 'stop', 'step'].every((key) => isPlace(own(config, key)))) {
      throw unlike(operation, 'the place', item);
    }
    return {
      start: own(config, 'start') ?? null,
      stop: own(config, 'stop') ?? null,
      step: own(config, 'step') ?? null,
    };
  });
  const [first] = slices;
  const isWhole = first === 'ellipsis' || JSON.stringify(first) === JSON.stringify(WHOLE);
  if (!isWhole) throw unlike(operation, 'the samples', given);
  return oneInput(operation, 'TensorSlice', { slices: slices as unknown as ConfigDict[] });
}

const isPlace = (value: unknown) => value == null || Number.isSafeInteger(value);

/** A slice of one axis, the others being whole. */
function sliceOfAxis(operation: Operation, taken: AxisSlice): OperationPlan {
  const [axis, ...others] = [option(operation, 'axis') ?? operation.args[1]].flat();
  const isAxis = Number.isSafeInteger(axis) && axis !== 0 && Math.abs(axis as number) <= 8 && others.length === 0;
  if (!isAxis) throw unlike(operation, 'an axis of', axis);
  const whole = (count: number) => new Array<AxisSlice>(count).fill(WHOLE);
  const place = axis as number;
  const slices = place > 0 ? [...whole(place), taken] : ['ellipsis', taken, ...whole(-place - 1)];
  return oneInput(operation, 'TensorSlice', { slices: slices as unknown as ConfigDict[] });
}

function reversal(operation: Operation): OperationPlan {
  return sliceOfAxis(operation, { ...WHOLE, step: -1 });
}

function squeeze(operation: Operation): OperationPlan {
  return sliceOfAxis(operation, 0);
}
