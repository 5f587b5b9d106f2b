import * as tf from '@tensorflow/tfjs';
import type { States } from '../../core/step.js';
import { NO_DROPOUT } from '../../core/weighted-sum.js';
import { weightsFor } from '../../core/weights.js';
import type { BuiltInClass, BuiltInLSTM } from '../../host/built-in-classes.js';
import type { Kwargs } from '../../host/types.js';
import type { Sequence } from '../../sequence/sequence.js';
import { isDisposedWeight } from '../check-weights.js';

/**
 * Reads a call as the built-in does. Whatever is not as it should be is the built-in's to broadcast or to refuse.
 *
 * @returns The sequence, in which nothing is broadcast and nothing is left to go wrong, or why the call is none that a
 *   fused kernel could take over.
 */
export function readBuiltInCall(
  builtIn: BuiltInClass,
  layer: BuiltInLSTM,
  inputs: tf.Tensor | tf.Tensor[],
  { initialState, mask = null }: Kwargs,
): Sequence | string {
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
  return { x: x as tf.Tensor3D, states, mask: mask as tf.Tensor2D | null, dropoutMasks: NO_DROPOUT };
}

/** D, where the weights are [D, 4U], [U, 4U] and [4U]; else null. */
function builtFeatures({ cell }: BuiltInLSTM): number | null {
  const features = cell.kernel?.shape[0] ?? null;
  if (features === null) return null;
  const areWeights = weightsFor(cell).every(({ property, shape }) => {
    const weight: tf.LayerVariable | null | undefined = cell[property];
    return weight != null && !isDisposedWeight(weight) && hasShape(weight, shape(features, cell.units));
  });
  return areWeights ? features : null;
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
