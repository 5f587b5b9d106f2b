import * as tf from '@tensorflow/tfjs';
import type { BuiltInClass, BuiltInLSTM } from '../../host/built-in-classes.js';
import type { Kwargs } from '../../host/types.js';
import { isDisposedWeight } from '../is-disposed.js';
import type { States } from '../run-sequence.js';

/** A call of a built-in layer in which nothing is broadcast, and nothing is left to go wrong. */
export interface BuiltInCall {
  /** [B, T, D], none of them 0. */
  x: tf.Tensor3D;
  /** [B, U] each; null for zeros. */
  states: States | null;
  /** [B, T] */
  mask: tf.Tensor2D | null;
  isTraining: boolean;
}

/**
 * Reads a call as the built-in does. Whatever is not as it should be is the built-in's to broadcast or to refuse.
 *
 * @returns What the call brought along, or why it is none that a kernel could take over.
 */
export function readBuiltInCall(
  builtIn: BuiltInClass,
  layer: BuiltInLSTM,
  inputs: tf.Tensor | tf.Tensor[],
  { training, initialState, mask = null }: Kwargs,
): BuiltInCall | string {
  if (layer.constructor !== builtIn) return 'the class of the layer is derived from the built-in one';
  if (Object.hasOwn(layer.cell, 'call')) return "the cell's call has been replaced";
  const [x, ...others] = Array.isArray(inputs) ? inputs : [inputs];
  const features = builtFeatures(layer);
  if (features === null) return 'the layer is not built, or its weights are not as expected';
  if (others.length > 0 || !isReal(x, [null, null, features]) || x.size === 0) {
    return `the input is not a tensor [B, T, ${features}] of real numbers`;
  }
  const [batch, timesteps] = x.shape as [number, number];
  const states = initialState ?? (layer.stateful ? layer.states : null);
  if (states !== null && !areStates(states, [batch, layer.cell.units])) {
    return `the initial states are not two tensors [${batch}, ${layer.cell.units}]`;
  }
  if (mask !== null && !isReal(mask, [batch, timesteps])) return `the mask is not a tensor [${batch}, ${timesteps}]`;
  return { x: x as tf.Tensor3D, states, mask: mask as tf.Tensor2D | null, isTraining: Boolean(training) };
}

/** D, where the weights are [D, 4U], [U, 4U] and [4U]; else null. */
function builtFeatures({ cell }: BuiltInLSTM): number | null {
  const { units, kernel, recurrentKernel, bias, useBias } = cell;
  const isWeight = (weight: tf.LayerVariable | null | undefined, shape: (number | null)[]) =>
    weight != null && !isDisposedWeight(weight) && hasShape(weight, shape);
  const blocks = 4 * units;
  const areWeights =
    isWeight(kernel, [null, blocks]) &&
    isWeight(recurrentKernel, [units, blocks]) &&
    (!useBias || isWeight(bias, [blocks]));
  return areWeights ? (kernel.shape[0] as number) : null;
}

function areStates(states: unknown, shape: [number, number]): states is States {
  return Array.isArray(states) && states.length === 2 && states.every((state) => isReal(state, shape));
}

const REAL = ['float32', 'int32', 'bool'];

function isReal(value: unknown, shape: (number | null)[]): value is tf.Tensor {
  return value instanceof tf.Tensor && !value.isDisposed && REAL.includes(value.dtype) && hasShape(value, shape);
}

function hasShape({ shape }: { shape: (number | null)[] }, expected: (number | null)[]): boolean {
  return shape.length === expected.length && expected.every((size, axis) => size === null || size === shape[axis]);
}
