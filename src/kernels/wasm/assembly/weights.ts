import { packPanels, packSlivers, packTransposedPanels, panelsBytes } from './panels';
import { multiply } from './product';
import { addRowProduct, addTransposedRowProduct } from './row-product';
import { gatherRows, Rows, rowAddress, setEvenRows } from './rows';
import { FLOAT, multiplyAddRow } from './vectors';
import { edge, maskedRows, slivers } from './workspace';

export const GATES: i32 = 4;

/** A kernel or recurrent kernel [depth, 4U], with the dropout masks of what it is multiplied by. */
@unmanaged
export class Weights {
  matrix: usize;
  depth: i32;
  units: i32;
  /** None, one for all gates, or four; their addresses follow one another at `masks`. */
  maskCount: i32;
  masks: usize;
  /** Added to the masks' addresses. */
  maskOffset: usize;
  /** Packed, or 0 where so few rows meet the weights that packing does not pay. */
  panels: usize;
}

export function setWeights(
  weights: Weights,
  matrix: usize,
  depth: i32,
  units: i32,
  maskCount: i32,
  masks: usize,
): void {
  weights.matrix = matrix;
  weights.depth = depth;
  weights.units = units;
  weights.maskCount = maskCount;
  weights.masks = masks;
  weights.maskOffset = 0;
  weights.panels = 0;
}

/** Whether to pack weights for `products` products with `rows` rows each. */
export function isPackingWorthIt(rows: i32, products: i32): bool {
  return rows >= 2 && rows * products >= 4;
}

/** One product for all gates, unless each has a mask of its own. */
@inline
export function productsFor(maskCount: i32): i32 {
  return maskCount === GATES ? GATES : 1;
}

@inline
export function columnsOfProduct(units: i32, maskCount: i32): i32 {
  return maskCount === GATES ? units : GATES * units;
}

export function weightPanelsBytes(depth: i32, units: i32, maskCount: i32): usize {
  return usize(productsFor(maskCount)) * panelsBytes(depth, columnsOfProduct(units, maskCount));
}

export function transposedPanelsBytes(depth: i32, units: i32, maskCount: i32): usize {
  return usize(productsFor(maskCount)) * panelsBytes(columnsOfProduct(units, maskCount), depth);
}

@inline
function rowBytes(weights: Weights): usize {
  return usize(GATES * weights.units) * FLOAT;
}

@inline
function blockBytes(weights: Weights): usize {
  return usize(weights.units) * FLOAT;
}

/** Address of the dropout mask that a gate's product takes. */
@inline
function maskOfGate(weights: Weights, gate: i32): usize {
  return load<usize>(weights.masks + usize(gate) * sizeof<usize>()) + weights.maskOffset;
}

export function packWeights(weights: Weights, panels: usize): void {
  weights.panels = panels;
  const columns = columnsOfProduct(weights.units, weights.maskCount);
  for (let gate = 0; gate < productsFor(weights.maskCount); gate++) {
    const block = weights.matrix + usize(gate) * blockBytes(weights);
    packPanels(panels, block, rowBytes(weights), weights.depth, columns);
    panels += panelsBytes(weights.depth, columns);
  }
}

/** z [rows, 4U] += rows · weights, the rows being masked for each gate. Row r has row r % inner of a mask. */
export function addWeightedSum(z: usize, rows: Rows, weights: Weights, contiguous: Rows, descending: bool): void {
  const columns = columnsOfProduct(weights.units, weights.maskCount);
  let panels = weights.panels;
  for (let gate = 0; gate < productsFor(weights.maskCount); gate++) {
    let factor = rows;
    if (weights.maskCount > 0) {
      gatherRows(maskedRows, rows, maskOfGate(weights, gate));
      setEvenRows(contiguous, maskedRows, usize(rows.depth) * FLOAT, rows.count, rows.depth);
      factor = contiguous;
    }
    const result = z + usize(gate) * blockBytes(weights);
    if (panels === 0) {
      const block = weights.matrix + usize(gate) * blockBytes(weights);
      for (let row = 0; row < rows.count; row++) {
        const to = result + usize(row) * rowBytes(weights);
        addRowProduct(to, rowAddress(factor, row), block, rowBytes(weights), rows.depth, columns, descending);
      }
    } else {
      packSlivers(slivers, factor);
      multiply(result, rowBytes(weights), slivers, panels, rows.count, columns, rows.depth, true, edge);
      panels += panelsBytes(weights.depth, columns);
    }
  }
}

export function packTransposedWeights(weights: Weights, panels: usize): void {
  weights.panels = panels;
  const depth = columnsOfProduct(weights.units, weights.maskCount);
  for (let gate = 0; gate < productsFor(weights.maskCount); gate++) {
    const block = weights.matrix + usize(gate) * blockBytes(weights);
    packTransposedPanels(panels, block, rowBytes(weights), depth, weights.depth);
    panels += panelsBytes(depth, weights.depth);
  }
}

/**
 * result [rows, depth] += dZ · weightsᵀ, masked as the rows were that the weights met.
 *
 * @param dZ Rows [rows, 4U].
 * @param part Where to describe the columns of one gate.
 */
export function addTransposedWeightedSum(result: usize, dZ: Rows, weights: Weights, part: Rows, descending: bool): void {
  const depth = columnsOfProduct(weights.units, weights.maskCount);
  let panels = weights.panels;
  const resultBytes = usize(weights.depth) * FLOAT;
  for (let gate = 0; gate < productsFor(weights.maskCount); gate++) {
    memory.copy(changetype<usize>(part), changetype<usize>(dZ), offsetof<Rows>());
    part.source += usize(gate) * blockBytes(weights);
    part.depth = depth;
    const isMasked = weights.maskCount > 0;
    const to = isMasked ? maskedRows : result;
    if (isMasked) memory.fill(maskedRows, 0, usize(dZ.count) * resultBytes);
    if (panels === 0) {
      const block = weights.matrix + usize(gate) * blockBytes(weights);
      for (let row = 0; row < dZ.count; row++) {
        const from = rowAddress(part, row);
        addTransposedRowProduct(
          to + usize(row) * resultBytes,
          from,
          block,
          rowBytes(weights),
          depth,
          weights.depth,
          descending,
        );
      }
    } else {
      packSlivers(slivers, part);
      multiply(to, resultBytes, slivers, panels, dZ.count, weights.depth, depth, true, edge);
      panels += panelsBytes(depth, weights.depth);
    }
    if (isMasked) {
      const mask = maskOfGate(weights, gate);
      for (let row = 0; row < dZ.count; row++) {
        const maskRow = mask + usize(row % dZ.inner) * resultBytes;
        const at = usize(row) * resultBytes;
        multiplyAddRow(result + at, maskedRows + at, maskRow, weights.depth);
      }
    }
  }
}
