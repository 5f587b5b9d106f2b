import * as tf from '@tensorflow/tfjs';
import { invalidArgument } from '../core/errors.js';
import type { Kwargs } from '../host/types.js';
import type { States } from './run-sequence.js';
import { type CheckedLayer, requireMask, requireSequence, requireStates } from './validate-call.js';

/** What a call brought along, checked. */
export interface CallInputs {
  /** [B, T, D] */
  x: tf.Tensor3D;
  /** [B, U] each; null where the layer's own states, or zeros, are meant. */
  states: States | null;
  /** [B, T] */
  mask: tf.Tensor2D | null;
}

/**
 * Reads and checks the inputs of a call with concrete tensors: x, or [x, h, c] as a reloaded functional model passes it.
 *
 * @throws RangeError
 */
export function concreteInputs(where: string, layer: CheckedLayer, inputs: unknown, kwargs: Kwargs): CallInputs {
  const { x, initialState } = separateInputs(where, layer.name, inputs, kwargs);
  requireSequence(where, layer, x);
  if (!(x instanceof tf.Tensor)) throw invalidArgument(where, 'x must be a concrete tensor', x, { layer: layer.name });
  if (initialState != null) {
    requireStates(where, layer, initialState, x.shape[0] as number);
    requireConcreteStates(where, layer.name, initialState);
  }
  const mask = Array.isArray(kwargs.mask) ? kwargs.mask[0] : kwargs.mask;
  if (mask != null) requireMask(where, layer, mask, x);
  return { x: x as tf.Tensor3D, states: (initialState ?? null) as States | null, mask: mask ?? null };
}

/**
 * Checks the inputs of `apply`, where they may be symbolic, and which may build the layer.
 *
 * @returns The inputs, or null where they are symbolic.
 * @throws RangeError
 */
export function checkApplyInputs(
  where: string,
  layer: CheckedLayer,
  inputs: unknown,
  kwargs: Kwargs,
): CallInputs | null {
  const { x, initialState } = separateInputs(where, layer.name, inputs, kwargs);
  if (!(x instanceof tf.SymbolicTensor)) return concreteInputs(where, layer, inputs, kwargs);
  requireSequence(where, layer, x);
  if (initialState == null) return null;
  requireStates(where, layer, initialState, x.shape[0] ?? null);
  const concrete = initialState.findIndex((state) => !(state instanceof tf.SymbolicTensor));
  if (concrete >= 0) {
    const rule = `initialState[${concrete}] must be symbolic, as x is; give it to predict as an input of the model`;
    throw invalidArgument(where, rule, initialState[concrete], { layer: layer.name });
  }
  return null;
}

function requireConcreteStates(where: string, layer: string, states: readonly unknown[]): void {
  const symbolic = states.findIndex((state) => !(state instanceof tf.Tensor));
  if (symbolic < 0) return;
  const rule = `initialState[${symbolic}] (${'hc'[symbolic]}) must be a concrete tensor, as x is`;
  throw invalidArgument(where, rule, states[symbolic], { layer });
}

function separateInputs(
  where: string,
  layer: string,
  inputs: unknown,
  kwargs: Kwargs,
): { x: unknown; initialState: unknown } {
  if (kwargs.constants != null) {
    const rule = 'constants must not be given, as an LSTM has no use for them';
    throw invalidArgument(where, rule, kwargs.constants, { layer });
  }
  const [x, ...states] = Array.isArray(inputs) ? inputs : [inputs];
  if (states.length === 0) return { x, initialState: kwargs.initialState };
  if (kwargs.initialState != null) {
    throw invalidArgument(where, 'initialState must not be given by name and after x at once', kwargs.initialState, {
      layer,
    });
  }
  return { x, initialState: states };
}
