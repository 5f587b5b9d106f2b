import * as tf from '@tensorflow/tfjs';
import { invalidArgument } from '../core/errors.js';
import type { LSTMArgs, LSTMCellArgs } from '../layers/arguments.js';

/** Plain numbers with a shape, in row-major order. They are not tensors, so nothing needs to be disposed. */
export interface FixtureTensor {
  shape: number[];
  values: Float32Array;
}

/** A tensor with a name. */
export interface NamedFixtureTensor extends FixtureTensor {
  /** Such as `kernel`, `forward.kernel`, `cells.0.kernel`, `layers.1.kernel`. */
  name: string;
}

/** A mask over time. */
export interface FixtureMask {
  /** [B, T] */
  shape: number[];
  /** 1 at valid steps, 0 at masked ones. */
  values: Uint8Array;
}

/** The arguments of `tf.layers.rnn` other than its cells. */
export type StackArgs = Pick<LSTMArgs, 'returnSequences' | 'returnState' | 'goBackwards' | 'stateful'>;

/** An LSTM, by its arguments. */
export interface LSTMFixtureConfig {
  kind: 'lstm';
  args: LSTMArgs;
}
/** A Bidirectional LSTM. */
export interface BidirectionalFixtureConfig {
  kind: 'bidirectional';
  mergeMode: 'concat' | 'sum' | 'mul' | 'ave' | null;
  /** The forward direction's. */
  layer: LSTMFixtureConfig;
}
/** An RNN over stacked LSTM cells. */
export interface StackedCellsFixtureConfig {
  kind: 'stackedCells';
  cells: LSTMCellArgs[];
  args: StackArgs;
}
/** A layer that is not a Sequential. */
export type SingleFixtureConfig = LSTMFixtureConfig | BidirectionalFixtureConfig | StackedCellsFixtureConfig;
/** A Sequential of LSTM layers. */
export interface SequentialFixtureConfig {
  kind: 'sequential';
  layers: SingleFixtureConfig[];
}
/** The layer that a fixture was made from. */
export type FixtureConfig = SingleFixtureConfig | SequentialFixtureConfig;

/** One call of the layer, in inference mode. */
export interface FixtureCall {
  /** True: a stateful layer's states are reset before this call. */
  resetStates: boolean;
  /** [B, T, D] */
  input: FixtureTensor;
  mask: FixtureMask | null;
  /** Each [B, U], in tfjs's order (stacked cells: the last cell's first). Empty: zeros, or what a stateful layer kept. */
  initialStates: NamedFixtureTensor[];
  /** Every output in tfjs's order: `output`, then, with returnState, the states. */
  outputs: NamedFixtureTensor[];
}

export const TRACE_NAMES = ['i', 'f', 'g', 'o', 'c', 'h'] as const;
/** A quantity of which a fixture holds every timestep. */
export type TraceName = (typeof TRACE_NAMES)[number];

/**
 * The gates and states of one LSTM at every timestep, each [B, T, U]. Index t is the input's timestep; at masked steps
 * c and h keep their values and the gates are 0.
 */
export interface FixtureGates extends Record<TraceName, FixtureTensor> {
  /** 'backward' if time is read backwards. */
  direction: 'forward' | 'backward';
  /** Index among stacked cells; 0 if cells are not stacked. */
  cell: number;
  /** Index in a Sequential, otherwise 0. */
  layer: number;
}

/** Gradients of loss = the sum over all outputs of sum(output * cotangent). */
export interface FixtureGradients {
  loss: number;
  /** One for each output, with the output's shape. */
  cotangents: NamedFixtureTensor[];
  weights: NamedFixtureTensor[];
  input: FixtureTensor;
  initialStates: NamedFixtureTensor[];
}

/** What a Keras layer computed from given inputs. Written by `fixtures/export_keras.py`, read by `loadFixture`. */
export interface Fixture {
  name: string;
  description: string;
  producer: { keras: string; backend: string; seed: number };
  config: FixtureConfig;
  /** In tfjs's order; gate blocks i, f, g, o. */
  weights: NamedFixtureTensor[];
  /** [4U], the bias that Keras gives a new layer with this config; null if it is random, absent or not of one cell. */
  initialBias: FixtureTensor | null;
  /** What Keras adds to the loss after the first call; null without regularizers. */
  regularizationLoss: number | null;
  /** At least one; several only for a stateful layer. */
  calls: FixtureCall[];
  /** Of the first call; one entry for every LSTM in the layer. */
  gates: FixtureGates[];
  /** Of the first call; null if there are none to compare with. */
  gradients: FixtureGradients | null;
}

/** Whether any layer keeps its states from call to call. */
export function isStateful(config: FixtureConfig): boolean {
  if (config.kind === 'sequential') return config.layers.some(isStateful);
  return (config.kind === 'bidirectional' ? config.layer.args : config.args).stateful === true;
}

/** Plain numbers -> a tensor, which the caller disposes. */
export function toTensor({ shape, values }: FixtureTensor): tf.Tensor {
  return tf.tensor(values, shape, 'float32');
}

/** Whether a value is what `loadFixture` returns, and not the JSON or a path. */
export function isFixture(value: unknown): value is Fixture {
  const { config, calls, weights, gates } = (value ?? {}) as Partial<Fixture>;
  const isLoaded = typeof config === 'object' && config !== null && ArrayBuffer.isView(calls?.[0]?.input?.values);
  return isLoaded && Array.isArray(weights) && Array.isArray(gates);
}

/**
 * Checks that a value is what `loadFixture` returns.
 *
 * @throws RangeError
 */
export function requireFixture(where: string, fixture: unknown): void {
  if (!isFixture(fixture)) throw invalidArgument(where, 'fixture must be what loadFixture returns', fixture);
}
