import { packPanels, packSlivers, packTransposedPanels, panelsBytes } from './panels';
import { addRowProduct, multiply } from './product';
import { gatherRows, rowAddress, Rows, setEvenRows } from './rows';
import { addUnpackedRowProduct, addUnpackedTransposedRowProduct } from './unpacked-row-product';
import { FLOAT, multiplyAddRow } from './vectors';
import { edge, maskedRows, slivers } from './workspace';

export const GATES: i32 = 4;

/** A kernel or recurrent kernel [depth, 4U], or a projection, with the dropout masks of what it is multiplied by. */
@unmanaged
export class Weights {
  matrix: usize;
  depth: i32;
  columns: i32;
  /** How many products there are, and how many columns each takes: one with all of them, or one a gate. */
  products: i32;
  productColumns: i32;
  /** None, one for all gates, or four; their addresses follow one another at `masks`. */
  maskCount: i32;
  masks: usize;
  /** Added to the masks' addresses. */
  maskOffset: usize;
  /** The weights, or their transpose, packed; 0 where so few rows meet them that packing does not pay. */
  panels: usize;
  /** Of the weights themselves: where these are among the panels that are given, and from one product's to the next's. */
  panelsOffset: usize;
  panelsStride: usize;
}

export function setWeights(
  weights: Weights,
  matrix: usize,
  depth: i32,
  columns: i32,
  maskCount: i32,
  masks: usize,
): void {
  weights.matrix = matrix;
  weights.depth = depth;
  weights.columns = columns;
  weights.products = productsFor(maskCount);
  weights.productColumns = columnsOfProduct(columns, maskCount);
  weights.maskCount = maskCount;
  weights.masks = masks;
  weights.maskOffset = 0;
  weights.panels = 0;
  weights.panelsOffset = 0;
  weights.panelsStride = panelsBytes(depth, weights.productColumns);
}

/**
 * Leaves the products `units` columns of each gate, from the given one on.
 *
 * @param arePanelsOfAll Whether there are panels of all units, of which these take theirs: whole ones.
 */
export function takeUnits(weights: Weights, first: i32, units: i32, arePanelsOfAll: bool): void {
  weights.matrix += usize(first) * FLOAT;
  weights.products = GATES;
  weights.productColumns = units;
  weights.panelsOffset = arePanelsOfAll ? panelsBytes(weights.depth, first) : 0;
  weights.panelsStride = panelsBytes(weights.depth, arePanelsOfAll ? weights.columns / GATES : units);
}

/** Takes panels that are packed. */
export function takePanels(weights: Weights, panels: usize): void {
  weights.panels = panels + weights.panelsOffset;
}

/** Whether to pack weights that this many rows will meet. */
export function isPackingWorthIt(rows: i32): bool {
  return rows >= 4;
}

/** One product for all gates, unless each has a mask of its own. */
@inline
export function productsFor(maskCount: i32): i32 {
  return maskCount === GATES ? GATES : 1;
}

/** How many of the columns a product takes. */
@inline
export function columnsOfProduct(columns: i32, maskCount: i32): i32 {
  return columns / productsFor(maskCount);
}

export function weightPanelsBytes(depth: i32, columns: i32, maskCount: i32): usize {
  return usize(productsFor(maskCount)) * panelsBytes(depth, columnsOfProduct(columns, maskCount));
}

/** Of the weights of some units of each gate. */
export function panelsBytesOfUnits(depth: i32, units: i32): usize {
  return usize(GATES) * panelsBytes(depth, units);
}

export function transposedPanelsBytes(depth: i32, columns: i32, maskCount: i32): usize {
  return usize(productsFor(maskCount)) * panelsBytes(columnsOfProduct(columns, maskCount), depth);
}

@inline
function rowBytes(weights: Weights): usize {
  return usize(weights.columns) * FLOAT;
}

/** Where a product's columns begin in a row. */
@inline
function blockOffset(weights: Weights, product: i32): usize {
  return usize(product * (weights.columns / GATES)) * FLOAT;
}

@inline
function maskOfProduct(weights: Weights, product: i32): usize {
  const mask = weights.maskCount === GATES ? product : 0;
  return load<usize>(weights.masks + usize(mask) * sizeof<usize>()) + weights.maskOffset;
}

export function packWeights(weights: Weights, panels: usize): void {
  takePanels(weights, panels);
  const columns = weights.productColumns;
  for (let product = 0; product < weights.products; product++) {
    const destination = weights.panels + usize(product) * weights.panelsStride;
    packPanels(destination, weights.matrix + blockOffset(weights, product), rowBytes(weights), weights.depth, columns);
  }
}

export function packTransposedWeights(weights: Weights, panels: usize): void {
  weights.panels = panels;
  const depth = weights.productColumns;
  for (let product = 0; product < weights.products; product++) {
    const block = weights.matrix + blockOffset(weights, product);
    packTransposedPanels(panels, block, rowBytes(weights), depth, weights.depth);
    panels += panelsBytes(depth, weights.depth);
  }
}

/**
 * z [rows, columns] += rows · weights, the rows being masked for each gate: row r by row r % inner of a mask.
 *
 * @param masked Where to describe the masked rows.
 * @param descending Whether to read weights from their end on.
 */
export function addWeightedSum(z: usize, rows: Rows, weights: Weights, masked: Rows, descending: bool): void {
  const columns = weights.productColumns;
  for (let product = 0; product < weights.products; product++) {
    let factor = rows;
    const isNewFactor = product === 0 || weights.maskCount === GATES;
    if (weights.maskCount > 0) {
      if (isNewFactor) gatherRows(maskedRows, rows, maskOfProduct(weights, product));
      setEvenRows(masked, maskedRows, usize(rows.depth) * FLOAT, rows.count, rows.depth);
      factor = masked;
    }
    const result = z + blockOffset(weights, product);
    if (weights.panels !== 0) {
      const panels = weights.panels + usize(product) * weights.panelsStride;
      if (isNewFactor && factor.count > 1) packSlivers(slivers, factor);
      addPackedProduct(result, rowBytes(weights), factor, panels, columns, descending);
    } else {
      const block = weights.matrix + blockOffset(weights, product);
      for (let row = 0; row < rows.count; row++) {
        const to = result + usize(row) * rowBytes(weights);
        addUnpackedRowProduct(to, rowAddress(factor, row), block, rowBytes(weights), rows.depth, columns);
      }
    }
  }
}

/**
 * result [rows, depth] += dZ · weightsᵀ, masked as the rows were that the weights met.
 *
 * @param stride Bytes from one row of the result to the next; the masks' rows are as far apart.
 * @param dZ Rows [rows, columns].
 * @param part Where to describe the columns of one product.
 */
export function addTransposedWeightedSum(
  result: usize,
  stride: usize,
  dZ: Rows,
  weights: Weights,
  part: Rows,
  descending: bool,
): void {
  const depth = weights.productColumns;
  const productBytes = usize(weights.depth) * FLOAT;
  const isMasked = weights.maskCount > 0;
  const resultBytes = isMasked ? productBytes : stride;
  for (let product = 0; product < weights.products; product++) {
    memory.copy(changetype<usize>(part), changetype<usize>(dZ), offsetof<Rows>());
    part.source += blockOffset(weights, product);
    part.depth = depth;
    const to = isMasked ? maskedRows : result;
    if (isMasked) memory.fill(to, 0, usize(dZ.count) * productBytes);
    if (weights.panels !== 0) {
      const panels = weights.panels + usize(product) * panelsBytes(depth, weights.depth);
      if (part.count > 1) packSlivers(slivers, part);
      addPackedProduct(to, resultBytes, part, panels, weights.depth, descending);
    } else {
      const block = weights.matrix + blockOffset(weights, product);
      for (let row = 0; row < dZ.count; row++) {
        const toRow = to + usize(row) * resultBytes;
        addUnpackedTransposedRowProduct(toRow, rowAddress(part, row), block, rowBytes(weights), depth, weights.depth);
      }
    }
    if (isMasked) addMaskedRows(result, stride, to, dZ, maskOfProduct(weights, product), weights.depth);
  }
}

/** @param factor Its slivers are there, unless it is a single row. */
@inline
function addPackedProduct(
  result: usize,
  stride: usize,
  factor: Rows,
  panels: usize,
  columns: i32,
  descending: bool,
): void {
  if (factor.count === 1) {
    addRowProduct(result, rowAddress(factor, 0), panels, columns, factor.depth, descending, edge);
  } else {
    multiply(result, stride, slivers, panels, factor.count, columns, factor.depth, true, edge);
  }
}

/** result += products ⊙ mask. */
function addMaskedRows(result: usize, stride: usize, products: usize, rows: Rows, mask: usize, depth: i32): void {
  for (let row = 0; row < rows.count; row++) {
    const product = products + usize(row * depth) * FLOAT;
    multiplyAddRow(result + usize(row) * stride, product, mask + usize(row % rows.inner) * stride, depth);
  }
}
