import { invalidArgument } from '../../core/errors.js';
import { GATE_NAMES } from '../../core/gates.js';

/**
 * The number of units of an LSTM bias of the given shape, [4U].
 *
 * @throws RangeError for any other shape.
 */
export function unitsOfBias(where: string, shape: number[]): number {
  if (shape.length !== 1) throw invalidArgument(where, 'the shape must be that of an LSTM bias, [4U]', shape);
  return unitsOfBlocks(where, shape);
}

/**
 * The number of units of an LSTM kernel of the given shape, [D, 4U] or [U, 4U].
 *
 * @throws RangeError for any other shape.
 */
export function unitsOfKernel(where: string, shape: number[]): number {
  if (shape.length !== 2) throw invalidArgument(where, 'the shape must be that of an LSTM kernel, [D, 4U]', shape);
  return unitsOfBlocks(where, shape);
}

function unitsOfBlocks(where: string, shape: number[]): number {
  const units = (shape.at(-1) ?? 0) / GATE_NAMES.length;
  if (Number.isInteger(units) && units >= 1) return units;
  throw invalidArgument(where, 'the last dimension must be 4U, a block for each gate', shape);
}
