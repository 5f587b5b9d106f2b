import * as tf from '@tensorflow/tfjs';
import { fits, requireUsable, shapeOf, type TensorLike } from '../core/check-tensor.js';
import { invalidArgument } from '../core/errors.js';
import { closestName } from '../core/options.js';
import { quantitiesOf, type SizedCell } from '../core/quantities.js';
import type { States } from '../core/step.js';
import { NO_DROPOUT } from '../core/weighted-sum.js';
import type { LSTMToRun, Sequence } from './sequence.js';

/** What the inputs of a call are held to. */
export interface CallFacts {
  /** The layer's. */
  name: string;
  cell: SizedCell;
  /** D; null of a layer that is not built. */
  features: number | null;
  /** B; null unless the layer is stateful. */
  batchSize: number | null;
}

/** The keyword arguments of a call. */
export interface CallArguments {
  /** The states in the order of the cell's `stateNames`: [h, c], each [B, U], of the plain LSTM. */
  initialState?: unknown;
  /** [B, T], or a list that begins with one. */
  mask?: unknown;
  training?: unknown;
  constants?: unknown;
  [other: string]: unknown;
}

/**
 * Reads and checks a call with concrete tensors.
 *
 * @param inputs x, or [x, h, c] as a reloaded functional model passes it.
 * @returns The sequence, without dropout; its states are null where none were given.
 * @throws RangeError
 */
export function readCall(where: string, facts: CallFacts, inputs: unknown, kwargs: CallArguments): Sequence {
  checkCallArguments(where, facts.name, kwargs);
  const x = Array.isArray(inputs) ? inputs[0] : inputs;
  requireInput(where, facts, x);
  if (!(x instanceof tf.Tensor)) throw invalidArgument(where, 'x must be a concrete tensor', x, { layer: facts.name });
  const states = statesGiven(where, facts, inputs, kwargs);
  if (states !== null) {
    requireStates(where, facts, states, x.shape[0] as number);
    const symbolic = states.findIndex((state) => !(state instanceof tf.Tensor));
    if (symbolic >= 0) {
      const rule = `initialState[${symbolic}] (${facts.cell.stateNames[symbolic]}) must be a concrete tensor, like x`;
      throw invalidArgument(where, rule, states[symbolic], { layer: facts.name });
    }
  }
  const mask = Array.isArray(kwargs.mask) ? kwargs.mask[0] : kwargs.mask;
  if (mask != null) requireMask(where, facts.name, mask, x);
  return {
    x: x as tf.Tensor3D,
    states: states as States | null,
    mask: (mask as tf.Tensor2D | undefined) ?? null,
    dropoutMasks: NO_DROPOUT,
  };
}

/**
 * Reads and checks a call, in inference, of a layer that is built. Its states are those given, or else the layer's own.
 *
 * @throws RangeError
 */
export function readCallOf(where: string, layer: LSTMToRun, inputs: unknown, kwargs: CallArguments): Sequence {
  const { name, cell, states } = layer;
  const features = cell.kernel.shape[0] ?? null;
  const facts = { name, cell, features, batchSize: states?.[0]?.shape[0] ?? null };
  const sequence = readCall(where, facts, inputs, kwargs);
  return sequence.states === null ? { ...sequence, states } : sequence;
}

/**
 * Checks a call with symbolic tensors, which may build the layer.
 *
 * @throws RangeError
 */
export function checkSymbolicCall(where: string, facts: CallFacts, inputs: unknown, kwargs: CallArguments): void {
  checkCallArguments(where, facts.name, kwargs);
  const x = Array.isArray(inputs) ? inputs[0] : inputs;
  requireInput(where, facts, x);
  const states = statesGiven(where, facts, inputs, kwargs);
  if (states === null) return;
  requireStates(where, facts, states, x.shape[0] ?? null);
  const concrete = states.findIndex((state) => !(state instanceof tf.SymbolicTensor));
  if (concrete < 0) return;
  const rule = `initialState[${concrete}] must be symbolic, like x; make it an input of the model, and pass its value to predict`;
  throw invalidArgument(where, rule, states[concrete], { layer: facts.name });
}

/** Whether a call is made with tfjs's symbolic tensors, while a model is put together. */
export function isSymbolicCall(inputs: unknown): boolean {
  return (Array.isArray(inputs) ? inputs[0] : inputs) instanceof tf.SymbolicTensor;
}

const CALL_ARGUMENTS = ['initialState', 'mask', 'training', 'constants'];
const LAYER_ARGUMENTS = [
  'returnSequences',
  'returnState',
  'returnGates',
  'goBackwards',
  'stateful',
  'unroll',
  'useFused',
  'zeroOutputForMask',
];

/**
 * Checks the names of a call's keyword arguments: one that is close to a known one, such as Python's `initial_state`,
 * would be dropped in silence. Others pass, as tfjs hands on to all layers what one of them was given.
 *
 * @throws RangeError
 */
export function checkCallArguments(where: string, layer: string, kwargs: CallArguments): void {
  for (const name in kwargs) {
    if (CALL_ARGUMENTS.includes(name)) continue;
    const meant = closestName(name, CALL_ARGUMENTS);
    if (meant !== undefined) throw invalidArgument(where, `the argument must be spelt '${meant}'`, name, { layer });
    const ofLayer = closestName(name, LAYER_ARGUMENTS);
    if (ofLayer === undefined) continue;
    throw invalidArgument(where, `${ofLayer} must be given to the layer when it is created, not to a call`, name, {
      layer,
    });
  }
  if (kwargs.constants == null) return;
  const rule = 'constants must not be given, because an LSTM does not use them';
  throw invalidArgument(where, rule, kwargs.constants, { layer });
}

function statesGiven(
  where: string,
  { name: layer }: CallFacts,
  inputs: unknown,
  { initialState }: CallArguments,
): unknown[] | null {
  if (!Array.isArray(inputs) || inputs.length === 1) return (initialState as unknown[] | undefined) ?? null;
  if (initialState == null) return inputs.slice(1);
  const rule = 'initialState must not be given both by name and after x';
  throw invalidArgument(where, rule, initialState, { layer });
}

/** [B, T, D], T at least 1, D as built for. */
function requireInput(where: string, facts: CallFacts, x: unknown): asserts x is TensorLike {
  const shape = shapeOf(x);
  const rule = brokenRule(shape, facts);
  if (rule !== null) throw invalidArgument(where, `x must be ${rule}`, shape ?? x, { layer: facts.name });
  requireUsable(where, 'x', x, facts.name);
}

function brokenRule(shape: readonly (number | null)[] | null, { features, batchSize }: CallFacts): string | null {
  if (shape?.length !== 3) return 'a tensor [B, T, D]';
  if (shape[1] === 0) return '[B, T, D] with T at least 1';
  if (!fits(shape[2], features)) return `[B, T, D] with D = ${features}, as the layer was built`;
  if (!fits(shape[0], batchSize)) return `[B, T, D] with B = ${batchSize}, the stateful layer's batch size`;
  return null;
}

/**
 * Checks the states that something starts from, [B, width] each.
 *
 * @throws RangeError
 */
export function requireStates(
  where: string,
  { name, cell }: Pick<CallFacts, 'name' | 'cell'>,
  states: unknown,
  batch: number | null,
  argument = 'initialState',
): asserts states is TensorLike[] {
  const { stateNames, units } = cell;
  if (!Array.isArray(states) || states.length !== stateNames.length) {
    throw invalidArgument(where, `${argument} must be ${listed(stateNames)}`, states, { layer: name });
  }
  for (const [index, stateName] of stateNames.entries()) {
    const state = states[index];
    const shape = shapeOf(state);
    const width = cell.widthOf(stateName);
    if (shape?.length !== 2 || !fits(shape[0], batch) || shape[1] !== width) {
      const letter = width === units ? 'U' : 'N';
      const rule = `${argument}[${index}] (${stateName}) must be [B, ${letter}] = [${batch ?? 'B'}, ${width}]`;
      throw invalidArgument(where, rule, shape ?? state, { layer: name });
    }
    requireUsable(where, `${argument}[${index}] (${stateName})`, state, name);
  }
}

function listed(names: readonly string[]): string {
  if (names.length === 1) return `a list of one tensor, ${names[0]}`;
  const count = names.length === 2 ? 'two' : names.length;
  return `the ${count} tensors ${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}

function requireMask(where: string, layer: string, mask: unknown, x: tf.Tensor): asserts mask is tf.Tensor2D {
  const [batch, timesteps] = x.shape as [number, number];
  const shape = shapeOf(mask);
  if (!(mask instanceof tf.Tensor) || shape?.length !== 2 || shape[0] !== batch || shape[1] !== timesteps) {
    const rule = `mask must be [B, T] = [${batch}, ${timesteps}]`;
    throw invalidArgument(where, rule, shape ?? mask, { layer });
  }
  requireUsable(where, 'mask', mask, layer);
}

/**
 * Checks a choice of units: indices below U, at least one, none twice.
 *
 * @throws RangeError
 */
export function requireUnits(where: string, { name, cell }: Pick<CallFacts, 'name' | 'cell'>, units: unknown): void {
  const count = cell.units;
  const others = quantitiesOf(cell).filter((quantity) => cell.widthOf(quantity) !== count);
  if (others.length > 0) {
    const rule = `units must be left out where a cell's ${others.join(', ')} are not [B, U]`;
    throw invalidArgument(where, rule, units, { layer: name });
  }
  const isUnit = (unit: unknown) => Number.isSafeInteger(unit) && (unit as number) >= 0 && (unit as number) < count;
  const valid = Array.isArray(units) && units.length > 0 && units.every(isUnit) && new Set(units).size === units.length;
  if (valid) return;
  const rule = `units must be one or more different whole numbers from 0 to ${count - 1}`;
  throw invalidArgument(where, rule, units, { layer: name });
}
