import * as tf from '@tensorflow/tfjs';
import { describeValue, invalidArgument, invalidState } from '../core/errors.js';
import type { LSTMCell } from './lstm-cell.js';

/** A concrete tensor or tfjs's symbolic one, whose unknown dimensions are null. */
export type TensorLike = tf.Tensor | tf.SymbolicTensor;
type Shape = readonly (number | null)[];

/** What a check needs to know of a layer; `batchSize` is null unless the layer is stateful. */
export interface CheckedLayer {
  name: string;
  cell: LSTMCell;
  batchSize: number | null;
}

/**
 * Checks the input of a sequence: [B, T, D], T at least 1, D as built for.
 *
 * @throws RangeError
 */
export function requireSequence(where: string, layer: CheckedLayer, x: unknown): asserts x is TensorLike {
  const shape = shapeOf(x);
  const requireThat = (holds: boolean, rule: string) => {
    if (!holds) throw invalidArgument(where, `x must be ${rule}`, shape ?? x, { layer: layer.name });
  };
  requireThat(shape?.length === 3, 'a tensor [B, T, D]');
  const [batch, timesteps, features] = shape as [number | null, number | null, number | null];
  requireThat(timesteps !== 0, '[B, T, D] with T at least 1');
  const built = builtFeatures(layer.cell);
  requireThat(fits(features, built), `[B, T, D] with D = ${built}, as the layer was built`);
  requireThat(fits(batch, layer.batchSize), `[B, T, D] with B = ${layer.batchSize}, the stateful layer's batch size`);
  requireUsable(where, 'x', x, layer.name);
}

/**
 * Checks the states a sequence starts from: h and c, each [B, U].
 *
 * @throws RangeError
 */
export function requireStates(
  where: string,
  layer: Pick<CheckedLayer, 'cell' | 'name'>,
  states: unknown,
  batch: number | null,
  argument = 'initialState',
): asserts states is [TensorLike, TensorLike] {
  const expected = `[B, U] = [${batch ?? 'B'}, ${layer.cell.units}]`;
  if (!Array.isArray(states) || states.length !== 2) {
    throw invalidArgument(where, `${argument} must be the two tensors h and c`, states, { layer: layer.name });
  }
  for (const [index, name] of ['h', 'c'].entries()) {
    const shape = shapeOf(states[index]);
    const valid = shape?.length === 2 && fits(shape[0], batch) && shape[1] === layer.cell.units;
    if (!valid) {
      const rule = `${argument}[${index}] (${name}) must be ${expected}`;
      throw invalidArgument(where, rule, shape ?? states[index], { layer: layer.name });
    }
    requireUsable(where, `${argument}[${index}] (${name})`, states[index], layer.name);
  }
}

/**
 * Checks a mask: [B, T].
 *
 * @throws RangeError
 */
export function requireMask(
  where: string,
  layer: Pick<CheckedLayer, 'name'>,
  mask: unknown,
  x: TensorLike,
): asserts mask is tf.Tensor2D {
  const [batch, timesteps] = x.shape as [number, number];
  const shape = shapeOf(mask);
  if (!(mask instanceof tf.Tensor) || shape?.length !== 2 || shape[0] !== batch || shape[1] !== timesteps) {
    const rule = `mask must be [B, T] = [${batch}, ${timesteps}]`;
    throw invalidArgument(where, rule, shape ?? mask, { layer: layer.name });
  }
  requireUsable(where, 'mask', mask, layer.name);
}

/**
 * Checks a choice of units: indices below U, at least one, none twice.
 *
 * @throws RangeError
 */
export function requireUnits(where: string, layer: { name: string; cell: { units: number } }, units: unknown): void {
  const { units: count } = layer.cell;
  const isUnit = (unit: unknown) => Number.isSafeInteger(unit) && (unit as number) >= 0 && (unit as number) < count;
  const valid = Array.isArray(units) && units.length > 0 && units.every(isUnit) && new Set(units).size === units.length;
  if (!valid) {
    const rule = `units must be one or more different whole numbers from 0 to ${count - 1}`;
    throw invalidArgument(where, rule, units, { layer: layer.name });
  }
}

/**
 * Checks the input and the states of one timestep.
 *
 * @throws RangeError
 */
export function requireStepInputs(where: string, cell: LSTMCell, x: unknown, states: unknown): void {
  const features = builtFeatures(cell);
  if (features === null) throw invalidState(where, 'the cell must be built first', cell.name);
  const shape = shapeOf(x);
  if (shape?.length !== 2 || shape[1] !== features) {
    throw invalidArgument(where, `x must be [B, D] = [B, ${features}]`, shape ?? x, { layer: cell.name });
  }
  requireUsable(where, 'x', x, cell.name);
  requireStates(where, { cell, name: cell.name }, states, shape[0] ?? null, 'states');
}

/**
 * Checks weights against the ones a layer has.
 *
 * @throws RangeError
 */
export function requireWeights(where: string, layer: tf.layers.Layer, weights: unknown): void {
  const variables = layer.weights;
  const context = { layer: layer.name };
  const shapes = variables.map((variable) => variable.shape);
  if (!Array.isArray(weights) || weights.length !== variables.length) {
    throw invalidArgument(
      where,
      `weights must be ${variables.length} tensors of shapes ${describeValue(shapes)}`,
      weights,
      context,
    );
  }
  for (const [index, { originalName, shape }] of variables.entries()) {
    const received = shapeOf(weights[index]);
    if (received === null || !tf.util.arraysEqual(received as number[], shape as number[])) {
      const rule = `weights[${index}] (${originalName}) must be ${describeValue(shape)}`;
      throw invalidArgument(where, rule, received ?? weights[index], context);
    }
    requireUsable(where, `weights[${index}] (${originalName})`, weights[index], layer.name);
  }
}

/**
 * Checks that a tensor can be computed with. tfjs fails at it from deep inside, and a weight that is set to a disposed
 * tensor is lost for good. Symbolic tensors pass.
 *
 * @throws RangeError
 */
export function requireUsable(where: string, name: string, tensor: unknown, layer?: string): void {
  if (!(tensor instanceof tf.Tensor)) return;
  const context = layer === undefined ? {} : { layer };
  if (tensor.isDisposed) throw invalidArgument(where, `${name} must not be disposed`, tensor, context);
  if (tensor.dtype === 'string' || tensor.dtype === 'complex64') {
    throw invalidArgument(where, `${name} must hold real numbers`, tensor.dtype, context);
  }
}

/** The shape of anything tensor-like, else null. */
export function shapeOf(value: unknown): Shape | null {
  return value instanceof tf.Tensor || value instanceof tf.SymbolicTensor ? value.shape : null;
}

function builtFeatures(cell: LSTMCell): number | null {
  return cell.built ? (cell.kernel.shape[0] ?? null) : null;
}

function fits(dimension: number | null | undefined, required: number | null): boolean {
  return dimension == null || required === null || dimension === required;
}
