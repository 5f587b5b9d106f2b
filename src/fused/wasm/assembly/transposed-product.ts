import { Rows } from './rows';
import { bytesLaidOutFrom, layOutFrom, reserve } from './scratch';
import { hiddenUnits, Sequence } from './sequence';
import {
  addTransposedWeightedSum,
  GATES,
  isPackingWorthIt,
  packTransposedWeights,
  setWeights,
  transposedPanelsBytes,
  Weights,
} from './weights';
import { layOutWorkspace } from './workspace';

/** The kernel or the recurrent kernel, through which a gradient goes back. */
export let weights = changetype<Weights>(0);
/** The rows of dZ that go back next. */
export let dZ = changetype<Rows>(0);
let dZOfGate = changetype<Rows>(0);
let panels: usize = 0;

/**
 * @param rows How many rows of dZ go back at once.
 * @param depth Of the weights.
 */
export function layOutTransposedProduct(
  s: Sequence,
  address: usize,
  rows: i32,
  depth: i32,
  maskCount: i32,
): usize {
  layOutFrom(address);
  const columns = max(GATES * s.units, hiddenUnits(s));
  layOutWorkspace(usize(rows) * usize(columns), maskCount > 0 ? usize(rows) * usize(depth) : 0);
  weights = changetype<Weights>(reserve(offsetof<Weights>()));
  dZ = changetype<Rows>(reserve(offsetof<Rows>()));
  dZOfGate = changetype<Rows>(reserve(offsetof<Rows>()));
  panels = reserve(transposedPanelsBytes(depth, GATES * s.units, maskCount));
  return bytesLaidOutFrom(address);
}

/** @param masks Where the addresses of the dropout masks are. */
export function prepareTransposedProduct(s: Sequence, matrix: usize, depth: i32, maskCount: i32, masks: usize): void {
  setWeights(weights, matrix, depth, GATES * s.units, maskCount, masks);
  if (isPackingWorthIt(s.batch * s.timesteps)) packTransposedWeights(weights, panels);
}

/** result [rows, depth] += dZ · weightsᵀ; the rows of the result are `stride` bytes apart. */
export function addTransposedProduct(result: usize, stride: usize, descending: bool): void {
  addTransposedWeightedSum(result, stride, dZ, weights, dZOfGate, descending);
}
