import { setRows } from './rows';
import { inputDropoutMasks, Sequence } from './sequence';
import {
  addTransposedProduct,
  dZ,
  layOutTransposedProduct,
  prepareTransposedProduct,
  weights,
} from './transposed-product';
import { FLOAT } from './vectors';
import { GATES } from './weights';

/** Rows of dZ that are taken at once. */
const ROWS_OF_CHUNK: i32 = 256;

function layOut(s: Sequence, address: usize): usize {
  const rows = min(ROWS_OF_CHUNK, s.batch * s.timesteps);
  return layOutTransposedProduct(s, address, rows, s.features, s.inputDropoutMaskCount);
}

export function inputGradientScratchBytes(s: Sequence): usize {
  return layOut(s, 0);
}

/** dX = dZ · kernelᵀ, masked as x was. */
export function inputGradient(s: Sequence): void {
  layOut(s, s.scratch);
  const rows = s.batch * s.timesteps;
  prepareTransposedProduct(s, s.kernel, s.features, s.inputDropoutMaskCount, inputDropoutMasks(s));
  const featureBytes = usize(s.features) * FLOAT;
  memory.fill(s.dX, 0, usize(rows) * featureBytes);
  // The rows of one sample share a row of the dropout masks.
  const groups = s.inputDropoutMaskCount > 0 ? s.batch : 1;
  const rowsOfGroup = rows / groups;
  for (let group = 0; group < groups; group++) {
    weights.maskOffset = usize(group) * featureBytes;
    for (let first = 0; first < rowsOfGroup; first += ROWS_OF_CHUNK) {
      addRows(s, group * rowsOfGroup + first, min(ROWS_OF_CHUNK, rowsOfGroup - first));
    }
  }
}

function addRows(s: Sequence, first: i32, count: i32): void {
  const zBytes = usize(GATES * s.units) * FLOAT;
  setRows(dZ, s.dZ + usize(first) * zBytes, zBytes, 1, 0, count, GATES * s.units);
  addTransposedProduct(s.dX + usize(first * s.features) * FLOAT, usize(s.features) * FLOAT, false);
}
