import { Rows, setRows } from './rows';
import { bytesLaidOutFrom, layOutFrom, reserve } from './scratch';
import { inputMasks, Sequence } from './sequence';
import { FLOAT } from './vectors';
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

/** Rows of dZ that are taken at once. */
const ROWS_OF_CHUNK: i32 = 256;

let kernel = changetype<Weights>(0);
let dZ = changetype<Rows>(0);
let dZOfGate = changetype<Rows>(0);
let panels: usize = 0;

function layOut(s: Sequence, address: usize): usize {
  layOutFrom(address);
  const rows = usize(min(ROWS_OF_CHUNK, s.batch * s.timesteps));
  layOutWorkspace(rows * usize(GATES * s.units), s.inputMaskCount > 0 ? rows * usize(s.features) : 0);
  kernel = changetype<Weights>(reserve(offsetof<Weights>()));
  dZ = changetype<Rows>(reserve(offsetof<Rows>()));
  dZOfGate = changetype<Rows>(reserve(offsetof<Rows>()));
  panels = reserve(transposedPanelsBytes(s.features, s.units, s.inputMaskCount));
  return bytesLaidOutFrom(address);
}

export function inputGradientScratchBytes(s: Sequence): usize {
  return layOut(s, 0);
}

/** dX = dZ · kernelᵀ, masked as x was. */
export function inputGradient(s: Sequence): void {
  layOut(s, s.scratch);
  const rows = s.batch * s.timesteps;
  setWeights(kernel, s.kernel, s.features, s.units, s.inputMaskCount, inputMasks(s));
  if (isPackingWorthIt(rows)) packTransposedWeights(kernel, panels);
  const featureBytes = usize(s.features) * FLOAT;
  memory.fill(s.dX, 0, usize(rows) * featureBytes);
  // The rows of one sample share a row of the dropout masks.
  const groups = s.inputMaskCount > 0 ? s.batch : 1;
  const rowsOfGroup = rows / groups;
  for (let group = 0; group < groups; group++) {
    kernel.maskOffset = usize(group) * featureBytes;
    for (let first = 0; first < rowsOfGroup; first += ROWS_OF_CHUNK) {
      addRows(s, group * rowsOfGroup + first, min(ROWS_OF_CHUNK, rowsOfGroup - first));
    }
  }
}

function addRows(s: Sequence, first: i32, count: i32): void {
  const zBytes = usize(GATES * s.units) * FLOAT;
  setRows(dZ, s.dZ + usize(first) * zBytes, zBytes, 1, 0, count, GATES * s.units);
  addTransposedWeightedSum(s.dX + usize(first * s.features) * FLOAT, dZ, kernel, dZOfGate, false);
}
