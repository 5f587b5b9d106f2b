import { packPanels, packTransposedSlivers, panelsBytes } from './panels';
import { multiply } from './product';
import { bytesLaidOutFrom, layOutFrom, reserve } from './scratch';
import { inputDropoutMasks, maskedOut, recurrentDropoutMasks, Sequence, timestepOf } from './sequence';
import { addRow, FLOAT, multiplyRow } from './vectors';
import { columnsOfProduct, GATES, productsFor } from './weights';
import { edge, layOutWorkspace, slivers } from './workspace';

/** Rows of dZ that are taken at once: bounds the memory that long sequences take. */
const ROWS_OF_CHUNK: i32 = 512;

let factor: usize = 0;
let panels: usize = 0;

function layOut(s: Sequence, depth: i32, address: usize): usize {
  layOutFrom(address);
  const rows = min(ROWS_OF_CHUNK, s.batch * s.timesteps);
  layOutWorkspace(usize(rows) * usize(depth), 0);
  factor = reserve(usize(rows) * usize(depth) * FLOAT);
  panels = reserve(panelsBytes(rows, GATES * s.units));
  return bytesLaidOutFrom(address);
}

export function kernelGradientScratchBytes(s: Sequence): usize {
  return layOut(s, s.features, 0);
}

export function recurrentKernelGradientScratchBytes(s: Sequence): usize {
  return layOut(s, s.units, 0);
}

/** dKernel = xᵀ · dZ, x being masked for each gate. */
export function kernelGradient(s: Sequence): void {
  layOut(s, s.features, s.scratch);
  sumOverRows(s, s.dKernel, s.features, s.inputDropoutMaskCount, inputDropoutMasks(s), true);
}

/** dRecurrentKernel = hᵀ · dZ, with the h before each step, masked for each gate. */
export function recurrentKernelGradient(s: Sequence): void {
  layOut(s, s.units, s.scratch);
  sumOverRows(s, s.dRecurrentKernel, s.units, s.recurrentDropoutMaskCount, recurrentDropoutMasks(s), false);
}

export function biasGradientScratchBytes(_s: Sequence): usize {
  return 0;
}

/** dBias, the sum of dZ over samples and timesteps. */
export function biasGradient(s: Sequence): void {
  const columns = GATES * s.units;
  const rowBytes = usize(columns) * FLOAT;
  memory.fill(s.dBias, 0, rowBytes);
  for (let row = 0; row < s.batch * s.timesteps; row++) addRow(s.dBias, s.dZ + usize(row) * rowBytes, columns);
}

function sumOverRows(s: Sequence, result: usize, depth: i32, maskCount: i32, masks: usize, ofInput: bool): void {
  const rows = s.batch * s.timesteps;
  const rowBytes = usize(GATES * s.units) * FLOAT;
  const columns = columnsOfProduct(s.units, maskCount);
  for (let first = 0; first < rows; first += ROWS_OF_CHUNK) {
    const count = min(ROWS_OF_CHUNK, rows - first);
    for (let gate = 0; gate < productsFor(maskCount); gate++) {
      const mask = maskCount > 0 ? load<usize>(masks + usize(gate) * sizeof<usize>()) : 0;
      const block = usize(gate * s.units) * FLOAT;
      for (let row = 0; row < count; row++) {
        const to = factor + usize(row * depth) * FLOAT;
        if (ofInput) writeInputRow(s, to, first + row, mask);
        else writeStateRow(s, to, first + row, mask);
      }
      packTransposedSlivers(slivers, factor, usize(depth) * FLOAT, depth, count);
      packPanels(panels, s.dZ + usize(first) * rowBytes + block, rowBytes, count, columns);
      multiply(result + block, rowBytes, slivers, panels, depth, columns, count, first > 0, edge);
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

/** The hidden state [U] before the step that reads this sample and timestep. */
function writeStateRow(s: Sequence, to: usize, row: i32, mask: usize): void {
  const bytes = usize(s.units) * FLOAT;
  const sample = row / s.timesteps;
  const n = timestepOf(s, row % s.timesteps);
  const previous = s.hiddens + usize(sample * s.timesteps + n - 1) * bytes;
  const from = n === 0 ? s.h0 + usize(sample) * bytes : previous;
  if (maskedOut(s, sample, n)) memory.fill(to, 0, bytes);
  else writeRow(to, from, mask, sample, s.units);
}

@inline
function writeRow(to: usize, from: usize, mask: usize, sample: i32, count: i32): void {
  if (mask === 0) memory.copy(to, from, usize(count) * FLOAT);
  else multiplyRow(to, from, mask + usize(sample * count) * FLOAT, count);
}
