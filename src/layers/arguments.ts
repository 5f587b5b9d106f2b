import type * as tf from '@tensorflow/tfjs';
import { describeValue } from '../core/errors.js';
import {
  A_BOOLEAN,
  A_FUNCTION,
  A_POSITIVE_INTEGER,
  AN_INTEGER,
  aNumber,
  CHECKED_LATER,
  type OptionRule,
  oneOf,
  required,
  withoutSpelling,
} from '../core/options.js';
import type { UseFused } from '../fused/choose.js';
import { identifierConfig, type Role } from '../host/parse-identifier.js';
import type { BuiltInCell, ConfigDict, RegularizerIdentifier } from '../host/types.js';

/** The names of tfjs's activations and of this package's. */
export type Activation = NonNullable<tf.LSTMCellLayerArgs['activation']> | 'hardSigmoidKeras3';

/** What this package's cell takes beyond `tf.layers.lstmCell`'s arguments. */
interface AdditionalCellArgs {
  /** φ. Default: 'tanh'. */
  activation?: Activation;
  /** σ. Default: 'hardSigmoid', which is Keras 2's; 'hardSigmoidKeras3' is Keras 3's. */
  recurrentActivation?: Activation;
  /**
   * Seed of the dropout masks. Every mask drawn differs from the one before, and the sequence of masks is the same for
   * every layer made with the same seed. Default: not reproducible.
   */
  seed?: number;
  /**
   * Recurrent dropout without memory loss: the rate at which the candidate g is dropped, at each step anew, in training.
   * Default: 0.
   *
   * Semeniuta, Severyn and Barth 2016, "Recurrent Dropout without Memory Loss".
   */
  candidateDropout?: number;
  /**
   * Zoneout: the rate at which a unit's h keeps its previous value, at each step anew, in training. In inference h is the
   * mean of both, z h + (1 - z) h'. Default: 0.
   *
   * Krueger et al. 2017, "Zoneout: Regularizing RNNs by Randomly Preserving Hidden Activations".
   */
  zoneout?: number;
  /** The same for the cell state c; h' is computed from the c' before that. Default: 0. */
  zoneoutCell?: number;
}

/**
 * The arguments of `lstmCell`: those of `tf.layers.lstmCell`, with the same defaults, `seed`, `candidateDropout`, `zoneout`
 * and `zoneoutCell`.
 *
 * `implementation` has no effect. All rates are within [0, 1).
 */
export type LSTMCellArgs = Omit<tf.LSTMCellLayerArgs, keyof AdditionalCellArgs> & AdditionalCellArgs;

/**
 * The arguments of `lstm`: those of `tf.layers.lstm`, with the same defaults, and the ones below.
 *
 * `implementation` and `unroll` have no effect. `dropout` and `recurrentDropout` are within [0, 1): for each sequence one
 * dropout mask is drawn and used for all gates, as in tfjs; with `recurrentDropout`, one for each gate, as in Keras.
 */
export interface LSTMArgs extends Omit<tf.LSTMLayerArgs, 'cell' | keyof AdditionalCellArgs>, AdditionalCellArgs {
  /**
   * A penalty on the layer's outputs (output, h and c; not the gates) that is added to the loss in training. As in Keras,
   * it is divided by the batch size. Default: none.
   */
  activityRegularizer?: RegularizerIdentifier;
  /**
   * Also returns, after the usual outputs, the gates i, f, g, o and the cell state c of every timestep, each [B, T, U], in
   * processing order, like `returnSequences`. They are differentiable. At masked steps gates are 0 and c keeps its value.
   * Functional models only: Sequential, Bidirectional and TimeDistributed pass on only one output per layer. Default: false.
   */
  returnGates?: boolean;
  /**
   * `'auto'` uses a fused kernel if one applies, `false` uses plain tfjs ops, and `true` throws, with the reason, if no
   * fused kernel applies. Default: 'auto'.
   */
  useFused?: UseFused;
  /** Outputs 0 at masked steps, instead of the previous output. Default: false. */
  zeroOutputForMask?: boolean;
}

/**
 * The defaults of Keras's LSTM that differ from tfjs's. Spread them into the arguments, before your own:
 *
 * ```ts
 * const layer = lstm({ ...KERAS_DEFAULTS, units: 64 });
 * ```
 *
 * Source: https://github.com/keras-team/keras/blob/v3.10.0/keras/src/layers/rnn/lstm.py
 */
export const KERAS_DEFAULTS = {
  recurrentActivation: 'sigmoid',
  kernelInitializer: 'glorotUniform',
  unitForgetBias: true,
} as const;

/** All that there is to know of an argument but what it does. */
export interface Argument {
  /** Who takes it: every layer of tfjs; a cell, and so the LSTM; every RNN of tfjs; or this package's LSTM alone. */
  of: 'any layer' | 'cell' | 'rnn' | 'lstm';
  /** What its value must be, or what tfjs makes of it from a name, a config or an instance. */
  type: OptionRule | Role;
  /** What is meant where it is not given; left out where that depends on others. Held to tfjs's own by a test. */
  default?: unknown;
  /**
   * What the built-in does with it: it saves it in its config, or takes it without; or it does not have it. Then this
   * package saves it where it is not the default, and `toBuiltIn` refuses it, or drops it with a note where it does
   * not bear on what is predicted.
   */
  inBuiltIn: 'saved' | 'unsaved' | 'refused' | 'dropped';
  /** Whether Keras fixtures have it: the defaults of tfjs and Keras differ for what they must always have. */
  inFixture: 'always' | 'when set' | 'never';
}

const OF_ANY_LAYER = {
  of: 'any layer',
  type: CHECKED_LATER,
  inBuiltIn: 'saved',
  inFixture: 'never',
} as const satisfies Argument;

const OF_WEIGHTS = { of: 'cell', default: null, inBuiltIn: 'saved', inFixture: 'when set' } as const;
const A_REGULARIZER = { ...OF_WEIGHTS, type: 'regularizer' } as const satisfies Argument;
const A_CONSTRAINT = { ...OF_WEIGHTS, type: 'constraint' } as const satisfies Argument;
const AN_INITIALIZER = { ...OF_WEIGHTS, type: 'initializer' } as const;

const A_RATE = aNumber('a number in [0, 1)', (value) => value >= 0 && value < 1);
const A_RATE_OF_STEPS = {
  of: 'cell',
  type: A_RATE,
  default: 0,
  inBuiltIn: 'refused',
  inFixture: 'never',
} as const satisfies Argument;

/**
 * Every argument of `lstm` and `lstmCell`, and nothing else: the compiler holds it to `LSTMArgs`. Checks, warnings, saving
 * and loading, conversion and fixtures go by it.
 */
export const ARGUMENTS = {
  name: OF_ANY_LAYER,
  trainable: OF_ANY_LAYER,
  weights: OF_ANY_LAYER,
  dtype: OF_ANY_LAYER,
  inputDType: OF_ANY_LAYER,
  inputShape: OF_ANY_LAYER,
  batchInputShape: OF_ANY_LAYER,
  batchSize: OF_ANY_LAYER,
  inputDim: OF_ANY_LAYER,
  inputLength: OF_ANY_LAYER,
  units: { of: 'cell', type: required(A_POSITIVE_INTEGER), inBuiltIn: 'saved', inFixture: 'always' },
  activation: { of: 'cell', type: 'activation', default: 'tanh', inBuiltIn: 'saved', inFixture: 'always' },
  recurrentActivation: {
    of: 'cell',
    type: 'activation',
    default: 'hardSigmoid',
    inBuiltIn: 'saved',
    inFixture: 'always',
  },
  useBias: { of: 'cell', type: A_BOOLEAN, default: true, inBuiltIn: 'saved', inFixture: 'always' },
  unitForgetBias: { of: 'cell', type: A_BOOLEAN, default: undefined, inBuiltIn: 'saved', inFixture: 'always' },
  dropout: { of: 'cell', type: A_RATE, default: 0, inBuiltIn: 'saved', inFixture: 'when set' },
  recurrentDropout: { of: 'cell', type: A_RATE, default: 0, inBuiltIn: 'saved', inFixture: 'when set' },
  dropoutFunc: { of: 'cell', type: A_FUNCTION, default: null, inBuiltIn: 'unsaved', inFixture: 'never' },
  implementation: { of: 'cell', type: CHECKED_LATER, default: undefined, inBuiltIn: 'saved', inFixture: 'never' },
  seed: { of: 'cell', type: AN_INTEGER, default: null, inBuiltIn: 'dropped', inFixture: 'never' },
  candidateDropout: A_RATE_OF_STEPS,
  zoneout: A_RATE_OF_STEPS,
  zoneoutCell: A_RATE_OF_STEPS,
  kernelInitializer: { ...AN_INITIALIZER, default: 'glorotNormal' },
  recurrentInitializer: { ...AN_INITIALIZER, default: 'orthogonal' },
  biasInitializer: { ...AN_INITIALIZER, default: 'zeros' },
  kernelRegularizer: A_REGULARIZER,
  recurrentRegularizer: A_REGULARIZER,
  biasRegularizer: A_REGULARIZER,
  kernelConstraint: A_CONSTRAINT,
  recurrentConstraint: A_CONSTRAINT,
  biasConstraint: A_CONSTRAINT,
  returnSequences: { of: 'rnn', type: A_BOOLEAN, default: false, inBuiltIn: 'saved', inFixture: 'when set' },
  returnState: { of: 'rnn', type: A_BOOLEAN, default: false, inBuiltIn: 'saved', inFixture: 'when set' },
  goBackwards: { of: 'rnn', type: A_BOOLEAN, default: false, inBuiltIn: 'saved', inFixture: 'when set' },
  stateful: { of: 'rnn', type: A_BOOLEAN, default: false, inBuiltIn: 'saved', inFixture: 'when set' },
  unroll: { of: 'rnn', type: A_BOOLEAN, default: false, inBuiltIn: 'saved', inFixture: 'never' },
  returnGates: { of: 'lstm', type: A_BOOLEAN, default: false, inBuiltIn: 'refused', inFixture: 'never' },
  useFused: {
    of: 'lstm',
    type: oneOf('auto', true, false),
    default: 'auto' as UseFused,
    inBuiltIn: 'dropped',
    inFixture: 'never',
  },
  zeroOutputForMask: { of: 'lstm', type: A_BOOLEAN, default: false, inBuiltIn: 'refused', inFixture: 'when set' },
  activityRegularizer: { of: 'lstm', type: 'regularizer', default: null, inBuiltIn: 'refused', inFixture: 'when set' },
} as const satisfies Record<keyof LSTMArgs, Argument> &
  Record<keyof LSTMCellArgs, { of: 'any layer' | 'cell' }> &
  Record<Exclude<keyof LSTMArgs, keyof LSTMCellArgs>, { of: 'any layer' | 'rnn' | 'lstm' }>;

type Table = typeof ARGUMENTS;
export type ArgumentName = keyof Table;
export type Owner = Argument['of'];

/** The names of the arguments that some of these take. */
export function argumentsOf(...owners: Owner[]): ArgumentName[] {
  return (Object.keys(ARGUMENTS) as ArgumentName[]).filter((name) => owners.includes(ARGUMENTS[name].of));
}

/** The arguments that the built-in does not have. */
type OwnName<Of extends Owner> = {
  [Name in ArgumentName]: Table[Name] extends { of: Of; inBuiltIn: 'refused' | 'dropped' } ? Name : never;
}[ArgumentName];

/** The values of these arguments, with the default where none was given. */
export type OwnArguments<Of extends 'cell' | 'lstm'> = {
  readonly [Name in OwnName<Of>]: NonNullable<LSTMArgs[Name]> | DefaultOf<Name>;
};
type DefaultOf<Name extends ArgumentName> = Table[Name] extends { default: null } ? null : never;

function ownNames(of: Owner): ArgumentName[] {
  return argumentsOf(of).filter((name) => isMissingInBuiltIn(ARGUMENTS[name].inBuiltIn));
}

export function isMissingInBuiltIn(inBuiltIn: Argument['inBuiltIn']): boolean {
  return inBuiltIn === 'refused' || inBuiltIn === 'dropped';
}

/**
 * What a variant's cell takes besides: name, rule and default, by which it is checked, warned of, saved and loaded. An
 * argument of every cell that it lists is held to this rule too, and has this default.
 */
export type VariantArguments = Readonly<Record<string, Pick<Argument, 'type' | 'default'>>>;

/** An argument of every cell that a variant leaves no choice of, with the reason as it follows 'because'. */
export function withoutChoice(value: string | number | undefined, reason: string): VariantArguments[string] {
  const what = value === undefined ? 'left out' : `${describeValue(value)} or left out`;
  return { type: { must: `${what}, because ${reason}`, holds: (given) => given === value }, default: value };
}

/**
 * Arguments with the variant's defaults of those that every cell has, and with the variant's words as they are spelt here:
 * tfjs writes every text of a saved config in Python's snake case, and 'CIFG' as 'cifg'.
 */
export function withVariantDefaults(args: LSTMCellArgs, variant: VariantArguments): LSTMCellArgs {
  const names = Object.keys(variant);
  if (names.length === 0 || !isPlainObject(args)) return args;
  const all: Record<string, unknown> = { ...args };
  for (const name of names) {
    const { type, default: otherwise } = variant[name] as VariantArguments[string];
    if (name in ARGUMENTS) all[name] ??= otherwise;
    if (typeof type !== 'string') all[name] = asSpeltHere(all[name], type);
  }
  return all as unknown as LSTMCellArgs;
}

function asSpeltHere(value: unknown, { values = [] }: OptionRule): unknown {
  if (typeof value !== 'string' || values.includes(value)) return value;
  const plain = withoutSpelling(value);
  return values.find((word) => typeof word === 'string' && withoutSpelling(word) === plain) ?? value;
}

/** Reads, from checked arguments, those that this package adds to a built-in cell or layer. */
export function ownArguments<Of extends 'cell' | 'lstm'>(
  of: Of,
  args: LSTMArgs | LSTMCellArgs,
  variant: VariantArguments = {},
): OwnArguments<Of> {
  const given: Readonly<Record<string, unknown>> = { ...args };
  const own: Record<string, unknown> = {};
  for (const name of ownNames(of)) own[name] = given[name] ?? (ARGUMENTS[name] as Argument).default;
  for (const name of Object.keys(variant)) own[name] = given[name] ?? variant[name]?.default;
  return own as OwnArguments<Of>;
}

/** What `getConfig` adds to the built-in's keys: what is set, so that saved models stay comparable. */
export function savedArguments(
  own: OwnArguments<'cell'> | OwnArguments<'lstm'>,
  variant: VariantArguments = {},
): ConfigDict {
  const saved: ConfigDict = {};
  for (const [name, value] of Object.entries(own)) {
    const argument = variant[name] ?? (ARGUMENTS[name as ArgumentName] as Argument);
    if (value === argument.default) continue;
    const config = typeof argument.type === 'string' ? identifierConfig(argument.type, value) : value;
    saved[name] = config as ConfigDict;
  }
  return saved;
}

/** Adds what configs leave out to the arguments of the cell that replaces another. */
export function withUnsavedArguments(config: ConfigDict, cell: Pick<BuiltInCell, 'dropoutFunc'>): LSTMCellArgs {
  const args: Record<string, unknown> = { ...config };
  for (const name of argumentsOf('cell')) {
    const value: unknown = cell[name as 'dropoutFunc'];
    if (ARGUMENTS[name].inBuiltIn === 'unsaved' && value != null) args[name] = value;
  }
  return args as unknown as LSTMCellArgs;
}

/**
 * Copies arguments, with the plain objects and arrays in them, so that what tfjs writes into a config while it reads it
 * does not reach the caller's. Instances, such as initializers, are shared; JSON would lose functions and infinities.
 *
 * @param change What else is to become of each copied object, the innermost first.
 */
export function copyArguments<Value>(value: Value, change?: (copy: Record<string, unknown>) => void): Value {
  if (Array.isArray(value)) return value.map((item) => copyArguments(item, change)) as Value;
  if (!isPlainObject(value)) return value;
  const copy = Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, copyArguments(inner, change)]));
  change?.(copy);
  return copy as Value;
}

export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
