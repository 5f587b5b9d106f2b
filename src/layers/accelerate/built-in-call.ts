import * as tf from '@tensorflow/tfjs';
import type { States } from '../../core/step.js';
import { NO_DROPOUT } from '../../core/weighted-sum.js';
import {
  type BuiltInClass,
  builtInCellClass,
  builtInLSTMClass,
  builtInStackClass,
  type CellClass,
  type StackClass,
} from '../../host/built-in-classes.js';
import type { BuiltInCell, Kwargs } from '../../host/types.js';
import type { Sequence } from '../../sequence/sequence.js';
import { LSTM_CELL_BRAND } from '../brand.js';
import { isDisposedWeight } from '../check-weights.js';
import { cellToRun } from '../foreign-lstm.js';
import { fitsKeptDropout, hasKeptDropout } from '../kept-dropout.js';
import type { AnyLSTMCell } from '../lstm-cell.js';

/** tfjs's own. */
export interface BuiltInClasses {
  lstm: BuiltInClass;
  cell: CellClass;
  stack: StackClass;
}

export function builtInClasses(): BuiltInClasses {
  return { lstm: builtInLSTMClass(), cell: builtInCellClass(), stack: builtInStackClass() };
}

export type AnyCell = AnyLSTMCell | BuiltInCell;

/** A call of one of tfjs's layers. */
export interface BuiltInCall {
  /** The layer's only cell, or those of its stack, the first to run first. */
  cells: readonly AnyCell[];
  /** With the states of all cells, in the layer's order: those of the last cell come first. */
  sequence: Sequence;
}

/**
 * Reads a call of `tf.layers.lstm`, or of `tf.layers.rnn` over cells of LSTMs, as tfjs does. Whatever is not as it should be
 * is tfjs's to broadcast or to refuse.
 *
 * @returns The call, in which nothing is broadcast and nothing is left to go wrong, or why it is none that a fused kernel
 *   could take over.
 */
export function readBuiltInCall(
  classes: BuiltInClasses,
  layer: tf.layers.RNN,
  inputs: tf.Tensor | tf.Tensor[],
  { initialState, mask = null }: Kwargs,
): BuiltInCall | string {
  const cells = cellsOf(classes, layer);
  if (typeof cells === 'string') return cells;
  const [x, ...others] = Array.isArray(inputs) ? inputs : [inputs];
  const features = builtFeatures(cells);
  if (features === null) return 'the layer is not built, or its weights are not as expected';
  if (others.length > 0 || !isReal(x, [null, null, features]) || x.size === 0) {
    return `the input is not a tensor [B, T, ${features}] of real numbers`;
  }
  const [batch, timesteps] = x.shape as [number, number];
  const states = initialState ?? (layer.stateful ? layer.states : null);
  const shapes = stateShapes(cells, batch);
  if (states !== null && !areStates(states, shapes)) {
    const listed = shapes.map((shape) => `[${shape}]`.replace(',', ', '));
    const areAlike = new Set(listed).size === 1;
    const all = areAlike ? `${COUNTS[shapes.length] ?? shapes.length} tensors ${listed[0]}` : listed.join(', ');
    return `the initial states are not ${all}`;
  }
  if (mask !== null && !isReal(mask, [batch, timesteps])) return `the mask is not a tensor [${batch}, ${timesteps}]`;
  if (layer.constructor !== classes.lstm && !cells.every((cell) => fitsDropout(cell, x))) {
    return "the cell's dropout masks are of another batch size, or the input is not float32";
  }
  const sequence: Sequence = {
    x: x as tf.Tensor3D,
    states,
    mask: mask as tf.Tensor2D | null,
    dropoutMasks: NO_DROPOUT,
  };
  return { cells, sequence };
}

const COUNTS: Record<number, string> = { 2: 'two' };

/** The cells that a layer takes a sequence through, or why they cannot be run in its place. */
function cellsOf(classes: BuiltInClasses, layer: tf.layers.RNN): readonly AnyCell[] | string {
  const { cell } = layer as tf.layers.RNN & { cell: tf.layers.RNNCell };
  if (layer.constructor !== classes.lstm && layer.constructor !== tf.layers.RNN) {
    return 'the class of the layer is derived from the built-in one';
  }
  const cells: AnyCell[] = [];
  const refusal = gatherCells(classes, cell, cells);
  return refusal ?? cells;
}

/** @returns Null, or why a cell is none that can be run. */
function gatherCells(classes: BuiltInClasses, cell: tf.layers.RNNCell, cells: AnyCell[]): string | null {
  if (isCallReplaced(cell)) return "the cell's call has been replaced";
  if (cell.constructor === classes.cell || LSTM_CELL_BRAND in cell) {
    cells.push(cell as AnyCell);
    return null;
  }
  if (cell.constructor !== classes.stack) return `the cell of class ${cell.getClassName()} is not an LSTM's`;
  for (const one of (cell as InstanceType<StackClass>).cells) {
    const refusal = gatherCells(classes, one, cells);
    if (refusal !== null) return refusal;
  }
  return null;
}

/** Whether a cell's `call` is somebody's own: on the cell itself or, of this package's, in a class derived from them. */
function isCallReplaced(cell: tf.layers.RNNCell): boolean {
  if (Object.hasOwn(cell, 'call')) return true;
  if (!(LSTM_CELL_BRAND in cell)) return false;
  let prototype: object = Object.getPrototypeOf(cell);
  while (!Object.hasOwn(prototype, 'call')) prototype = Object.getPrototypeOf(prototype);
  // By name, as the cell may be of another build of this package.
  return (prototype.constructor as { className?: string }).className !== 'ExplicitLSTMCell';
}

/** D, where the weights of all cells are of the shapes that they should be; else null. */
function builtFeatures(cells: readonly AnyCell[]): number | null {
  const [first] = cells;
  let width = first?.kernel?.shape[0] ?? null;
  const features = width;
  for (const cell of cells) {
    if (width === null || !hasWeights(cell, width)) return null;
    width = cellToRun(cell).widthOf('h');
  }
  return features;
}

/** Whether a cell has the weights, such as [D, 4U], [U, 4U] and [4U], that it should have. */
export function hasWeights(cell: AnyCell, features: number): boolean {
  return cellToRun(cell).weightFacts.every(({ property, shape }) => {
    const weight = (cell as unknown as Record<string, tf.LayerVariable | null | undefined>)[property];
    return weight != null && !isDisposedWeight(weight) && hasShape(weight, shape(features, cell.units));
  });
}

function stateShapes(cells: readonly AnyCell[], batch: number): [number, number][] {
  const shapesOf = (cell: AnyCell) => {
    const run = cellToRun(cell);
    return run.stateNames.map((name): [number, number] => [batch, run.widthOf(name)]);
  };
  return [...cells].reverse().flatMap(shapesOf);
}

function areStates(states: unknown, shapes: [number, number][]): states is States {
  return (
    Array.isArray(states) && states.length === shapes.length && shapes.every((shape, n) => isReal(states[n], shape))
  );
}

/** Whether a tfjs cell that keeps its dropout masks can use them for this input. */
export function fitsDropout(cell: AnyCell, x: tf.Tensor): boolean {
  if (LSTM_CELL_BRAND in cell) return true;
  const builtIn = cell as BuiltInCell;
  return !hasKeptDropout(builtIn) || (x.dtype === 'float32' && fitsKeptDropout(builtIn, x.shape[0] as number));
}

const REAL = ['float32', 'int32', 'bool'];

/** Whether a value is a tensor of real numbers; null is for any size. */
export function isReal(value: unknown, shape: (number | null)[]): value is tf.Tensor {
  return value instanceof tf.Tensor && !value.isDisposed && REAL.includes(value.dtype) && hasShape(value, shape);
}

function hasShape({ shape }: { shape: (number | null)[] }, expected: (number | null)[]): boolean {
  return shape.length === expected.length && expected.every((size, axis) => size === null || size === shape[axis]);
}
