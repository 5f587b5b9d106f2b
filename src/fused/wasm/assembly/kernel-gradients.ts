import { PANEL_COLUMNS, packPanels, packTransposedSlivers, panelsBytes } from './panels';
import { multiply } from './product';
import { layOutRow, writeUnitOutputs } from './row';
import { bytesLaidOutFrom, layOutFrom, reserve } from './scratch';
import { firstOfShare, sizeOfShare } from './shares';
import { hiddenUnits, inputDropoutMasks, maskedOut, recurrentDropoutMasks, Sequence, timestepOf } from './sequence';
import { addRow, FLOAT, multiplyAddRow, multiplyRow, VECTOR } from './vectors';
import { columnsOfProduct, GATES, productsFor } from './weights';
import { edge, layOutWorkspace, prepareWorkspace, slivers } from './workspace';

/** Rows of dZ that are taken at once: few enough for what meets them to stay in a cache, however long the sequences are. */
const ROWS_OF_CHUNK: i32 = 256;

/** What the rows are that a gradient is multiplied by: x, the h before each step, or what the units put out. */
const OF_INPUT: i32 = 0;
const OF_STATE: i32 = 1;
const OF_UNITS: i32 = 2;

let factor: usize = 0;
let panel: usize = 0;

function layOut(s: Sequence, depth: i32, columns: i32, address: usize): usize {
  layOutFrom(address);
  const rows = min(ROWS_OF_CHUNK, s.batch * s.timesteps);
  layOutWorkspace(usize(rows) * usize(depth), 0);
  factor = reserve(usize(rows) * usize(depth) * FLOAT);
  panel = reserve(panelsBytes(rows, PANEL_COLUMNS));
  return bytesLaidOutFrom(address);
}

export function kernelGradientScratchBytes(s: Sequence): usize {
  return layOut(s, s.features, GATES * s.units, 0);
}

export function recurrentKernelGradientScratchBytes(s: Sequence): usize {
  return layOut(s, hiddenUnits(s), GATES * s.units, 0);
}

/** dKernel = xᵀ · dZ, x being masked for each gate. */
export function kernelGradient(s: Sequence): void {
  const columns = GATES * s.units;
  layOut(s, s.features, columns, s.scratch);
  sumOverRows(s, s.dKernel, s.features, s.dZ, columns, s.inputDropoutMaskCount, inputDropoutMasks(s), OF_INPUT);
}

/** dRecurrentKernel = hᵀ · dZ, with the h before each step, masked for each gate. */
export function recurrentKernelGradient(s: Sequence): void {
  const columns = GATES * s.units;
  const depth = hiddenUnits(s);
  const masks = recurrentDropoutMasks(s);
  layOut(s, depth, columns, s.scratch);
  sumOverRows(s, s.dRecurrentKernel, depth, s.dZ, columns, s.recurrentDropoutMaskCount, masks, OF_STATE);
}

function layOutProjection(s: Sequence, address: usize): usize {
  layOut(s, s.units, s.projectionUnits, address);
  layOutRow(s);
  return bytesLaidOutFrom(address);
}

export function projectionGradientScratchBytes(s: Sequence): usize {
  return layOutProjection(s, 0);
}

/** dProjection = unitOutputsᵀ · dProjected. */
export function projectionGradient(s: Sequence): void {
  layOutProjection(s, s.scratch);
  prepareWorkspace();
  sumOverRows(s, s.dProjection, s.units, s.dProjected, s.projectionUnits, 0, 0, OF_UNITS);
}

export function peepholeGradientScratchBytes(_s: Sequence): usize {
  return 0;
}

/** dPeepholes, the sum of dZ ⊙ c: of i and f with the c before each step, of o with the new one. */
export function peepholeGradient(s: Sequence): void {
  const units = sizeOfShare(s, s.units);
  const block = usize(s.units) * FLOAT;
  const first = usize(firstOfShare(s, s.units)) * FLOAT;
  const result = s.dPeepholes + first;
  for (let gate: usize = 0; gate < 3; gate++) memory.fill(result + gate * block, 0, usize(units) * FLOAT);
  for (let row = 0; row < s.batch * s.timesteps; row++) {
    const sample = row / s.timesteps;
    const n = row % s.timesteps;
    if (maskedOut(s, sample, n)) continue;
    const dZ = s.dZ + usize(sample * s.timesteps + timestepOf(s, n)) * 4 * block + first;
    const c = s.cells + usize(row) * block + first;
    const previous = n > 0 ? c - block : s.c0 + usize(sample) * block + first;
    multiplyAddRow(result, dZ, previous, units);
    multiplyAddRow(result + block, dZ + block, previous, units);
    multiplyAddRow(result + 2 * block, dZ + 3 * block, c, units);
  }
}

export function biasGradientScratchBytes(_s: Sequence): usize {
  return 0;
}

/** dBias, the sum of dZ over samples and timesteps. */
export function biasGradient(s: Sequence): void {
  const columns = sizeOfShare(s, GATES * s.units);
  const first = usize(firstOfShare(s, GATES * s.units)) * FLOAT;
  const rowBytes = usize(GATES * s.units) * FLOAT;
  const result = s.dBias + first;
  memory.fill(result, 0, usize(columns) * FLOAT);
  const rows = s.batch * s.timesteps;
  let from = s.dZ + first;
  let row = 0;
  for (; row + 4 <= rows; row += 4, from += 4 * rowBytes) addFourRows(result, from, rowBytes, columns);
  for (; row < rows; row++, from += rowBytes) addRow(result, from, columns);
}

/** destination += the first of four rows, then the second and so on: so it is read and written once for all of them. */
function addFourRows(destination: usize, first: usize, rowBytes: usize, count: i32): void {
  const second = first + rowBytes;
  const third = second + rowBytes;
  const fourth = third + rowBytes;
  const whole = usize(count & ~3) * FLOAT;
  for (let at: usize = 0; at < whole; at += VECTOR) {
    let sum = f32x4.add(v128.load(destination + at), v128.load(first + at));
    sum = f32x4.add(sum, v128.load(second + at));
    sum = f32x4.add(sum, v128.load(third + at));
    v128.store(destination + at, f32x4.add(sum, v128.load(fourth + at)));
  }
  const rest = count & 3;
  for (let n: usize = 0; rest > 0 && n < 4; n++) addRow(destination + whole, first + n * rowBytes + whole, rest);
}

/**
 * result [depth, width] = rowsᵀ · gradients, over samples and timesteps.
 *
 * @param gradients [B, T, width]; of what the units put out, in processing order.
 */
function sumOverRows(
  s: Sequence,
  result: usize,
  depth: i32,
  gradients: usize,
  width: i32,
  maskCount: i32,
  masks: usize,
  kind: i32,
): void {
  const rows = s.batch * s.timesteps;
  const rowBytes = usize(width) * FLOAT;
  const columnsOfAll = columnsOfProduct(width, maskCount);
  const columns = sizeOfShare(s, columnsOfAll);
  const firstColumn = firstOfShare(s, columnsOfAll);
  for (let first = 0; first < rows; first += ROWS_OF_CHUNK) {
    const count = min(ROWS_OF_CHUNK, rows - first);
    for (let gate = 0; gate < productsFor(maskCount); gate++) {
      const mask = maskCount > 0 ? load<usize>(masks + usize(gate) * sizeof<usize>()) : 0;
      const block = usize(gate * s.units + firstColumn) * FLOAT;
      for (let row = 0; row < count; row++) {
        const to = factor + usize(row * depth) * FLOAT;
        if (kind === OF_INPUT) writeInputRow(s, to, first + row, mask);
        else if (kind === OF_STATE) writeStateRow(s, to, first + row, mask);
        else if (WITH_ADDITIONS) writeUnitsRow(s, to, first + row);
      }
      packTransposedSlivers(slivers, factor, usize(depth) * FLOAT, depth, count);
      const from = gradients + usize(first) * rowBytes + block;
      // Each panel is packed just before it is read: all of them would not stay in a cache.
      for (let column = 0; column < columns; column += PANEL_COLUMNS) {
        const at = usize(column) * FLOAT;
        const width = min(PANEL_COLUMNS, columns - column);
        packPanels(panel, from + at, rowBytes, count, width);
        multiply(result + block + at, rowBytes, slivers, panel, depth, width, count, first > 0, edge);
      }
    }
  }
}

/** Row [D] of x, by sample and timestep. A masked one is 0, as its gradient is: 0 times a NaN there would be NaN. */
function writeInputRow(s: Sequence, to: usize, row: i32, mask: usize): void {
  const bytes = usize(s.features) * FLOAT;
  const sample = row / s.timesteps;
  if (s.mask !== 0 && load<u8>(s.mask + usize(row)) === 0) memory.fill(to, 0, bytes);
  else writeRow(to, s.x + usize(row) * bytes, mask, sample, s.features);
}

/** The hidden state [P or U] before the step that reads this sample and timestep. */
function writeStateRow(s: Sequence, to: usize, row: i32, mask: usize): void {
  const bytes = usize(hiddenUnits(s)) * FLOAT;
  const sample = row / s.timesteps;
  const n = timestepOf(s, row % s.timesteps);
  const previous = s.hiddens + usize(sample * s.timesteps + n - 1) * bytes;
  const from = n === 0 ? s.h0 + usize(sample) * bytes : previous;
  if (maskedOut(s, sample, n)) memory.fill(to, 0, bytes);
  else writeRow(to, from, mask, sample, hiddenUnits(s));
}

/** What the units put out, [U], by sample and in processing order. */
function writeUnitsRow(s: Sequence, to: usize, row: i32): void {
  const bytes = usize(s.units) * FLOAT;
  writeUnitOutputs(s, to, s.savedGates + usize(row) * 4 * bytes, s.cells + usize(row) * bytes);
}

@inline
function writeRow(to: usize, from: usize, mask: usize, sample: i32, count: i32): void {
  if (mask === 0) memory.copy(to, from, usize(count) * FLOAT);
  else multiplyRow(to, from, mask + usize(sample * count) * FLOAT, count);
}
