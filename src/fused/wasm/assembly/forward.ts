import { clip } from './activations';
import { keepHidden, stepForward } from './forward-step';
import { layOutRow } from './row';
import { Rows, setEvenRows, setRows } from './rows';
import { bytesLaidOutFrom, layOutFrom, reserve } from './scratch';
import { awaitOthers, firstOfShare, isShared, sizeOfShare } from './shares';
import {
  hiddenUnits,
  inputDropoutMasks,
  isProjected,
  maskedOut,
  recurrentDropoutMasks,
  Sequence,
  stateBytes,
  timestepOf,
} from './sequence';
import { copyRow, FLOAT, loadLanes, storeLanes, VECTOR } from './vectors';
import {
  addWeightedSum,
  GATES,
  isPackingWorthIt,
  packWeights,
  panelsBytesOfUnits,
  setWeights,
  takePanels,
  takeUnits,
  Weights,
  weightPanelsBytes,
} from './weights';
import { layOutWorkspace, prepareWorkspace } from './workspace';

/** Rows of input that are projected at once: enough for a fast product, few enough to stay in a cache. */
const ROWS_OF_CHUNK: i32 = 256;

let kernel = changetype<Weights>(0);
let recurrentKernel = changetype<Weights>(0);
let kernelPanels: usize = 0;
let recurrentPanels: usize = 0;
let rows = changetype<Rows>(0);
let maskedCopy = changetype<Rows>(0);
/** Pre-activations of a chunk of timesteps, [steps, B, 4U]. */
let z: usize = 0;
/** The states, [B, P or U] and [B, U]. */
let h: usize = 0;
let c: usize = 0;
/** What the units put out, [B, U]: h, unless that is a projection of it. */
let unitOutputs: usize = 0;
let projection = changetype<Weights>(0);
let projectionPanels: usize = 0;
/** [B, P] */
let projected: usize = 0;

@inline
function stepsOfChunk(s: Sequence): i32 {
  return min(s.timesteps, max(1, ROWS_OF_CHUNK / s.batch));
}

@inline
function zRowBytes(s: Sequence): usize {
  return usize(GATES * s.units) * FLOAT;
}

function layOut(s: Sequence, address: usize): usize {
  layOutFrom(address);
  const chunkRows = stepsOfChunk(s) * s.batch;
  const factorFloats = max(usize(chunkRows) * usize(s.features), usize(s.batch) * usize(max(s.units, hiddenUnits(s))));
  layOutWorkspace(factorFloats, s.inputDropoutMaskCount + s.recurrentDropoutMaskCount > 0 ? factorFloats : 0);
  layOutRow(s);
  kernel = changetype<Weights>(reserve(offsetof<Weights>()));
  recurrentKernel = changetype<Weights>(reserve(offsetof<Weights>()));
  rows = changetype<Rows>(reserve(offsetof<Rows>()));
  maskedCopy = changetype<Rows>(reserve(offsetof<Rows>()));
  h = reserve(stateBytes(s, hiddenUnits(s)));
  c = reserve(stateBytes(s, s.units));
  z = reserve(usize(chunkRows) * zRowBytes(s) + VECTOR);
  kernelPanels = s.kernelPanels;
  if (kernelPanels === 0) kernelPanels = reserve(panelsBytesHere(s, s.features, s.inputDropoutMaskCount));
  recurrentPanels = s.recurrentPanels;
  if (recurrentPanels === 0) {
    recurrentPanels = reserve(panelsBytesHere(s, hiddenUnits(s), s.recurrentDropoutMaskCount));
  }
  unitOutputs = h;
  if (isProjected(s)) {
    unitOutputs = reserve(stateBytes(s, s.units));
    projected = reserve(stateBytes(s, s.projectionUnits));
    projection = changetype<Weights>(reserve(offsetof<Weights>()));
    projectionPanels = reserve(weightPanelsBytes(s.units, s.projectionUnits, 0));
  }
  return bytesLaidOutFrom(address);
}

function panelsBytesHere(s: Sequence, depth: i32, maskCount: i32): usize {
  if (isShared(s)) return panelsBytesOfUnits(depth, sizeOfShare(s, s.units));
  return weightPanelsBytes(depth, GATES * s.units, maskCount);
}

export function forwardScratchBytes(s: Sequence): usize {
  return layOut(s, 0);
}

/**
 * Runs a sequence and writes what it returns, and what the backward pass wants of it, where there is an address.
 *
 * Threads may divide the units of the plain LSTM among them, or one with any additions but a projection.
 */
export function forward(s: Sequence): void {
  layOut(s, s.scratch);
  prepareWorkspace();
  const columns = GATES * s.units;
  setWeights(kernel, s.kernel, s.features, columns, s.inputDropoutMaskCount, inputDropoutMasks(s));
  const recurrentMasks = recurrentDropoutMasks(s);
  setWeights(recurrentKernel, s.recurrentKernel, hiddenUnits(s), columns, s.recurrentDropoutMaskCount, recurrentMasks);
  const firstUnit = firstOfShare(s, s.units);
  const units = sizeOfShare(s, s.units);
  if (isShared(s)) takeUnits(kernel, firstUnit, units, s.kernelPanels !== 0);
  if (isShared(s)) takeUnits(recurrentKernel, firstUnit, units, s.recurrentPanels !== 0);
  if (s.isKernelPacked) takePanels(kernel, kernelPanels);
  else if (s.kernelPanels !== 0 || isPackingWorthIt(s.batch * s.timesteps)) packWeights(kernel, kernelPanels);
  if (s.isRecurrentKernelPacked) takePanels(recurrentKernel, recurrentPanels);
  else if (s.recurrentPanels !== 0 || isPackingWorthIt(s.batch * s.timesteps)) packWeights(recurrentKernel, recurrentPanels);
  if (isProjected(s)) prepareProjection(s);
  // Where others read h while it changes, the new one is written beside the old one, in turns to where the last one is wanted.
  let newH = unitOutputs;
  if (isShared(s)) {
    h = s.h;
    newH = s.lastOutput;
  }
  if (s.share === 0) setState(h, s.h0, stateBytes(s, hiddenUnits(s)));
  if (isShared(s)) awaitOthers();
  setState(c, s.c0, stateBytes(s, s.units));
  const chunk = stepsOfChunk(s);
  for (let first = 0; first < s.timesteps; first += chunk) {
    const count = min(chunk, s.timesteps - first);
    projectInputs(s, first, count, firstUnit, units);
    for (let n = 0; n < count; n++) {
      const zOfStep = z + usize(n * s.batch) * zRowBytes(s);
      setEvenRows(rows, h, usize(hiddenUnits(s)) * FLOAT, s.batch, hiddenUnits(s));
      addWeightedSum(zOfStep + usize(firstUnit) * FLOAT, rows, recurrentKernel, maskedCopy, (n & 1) === 1);
      stepForward(s, first + n, zOfStep, isShared(s) ? h : newH, newH, c, firstUnit, units);
      if (isProjected(s)) projectStep(s, first + n);
      if (isShared(s)) {
        awaitOthers();
        const oldH = h;
        h = newH;
        newH = oldH;
      }
    }
  }
  const unitBytes = usize(s.units) * FLOAT;
  const firstBytes = usize(firstUnit) * FLOAT;
  for (let row: usize = 0; row < usize(s.batch); row++) {
    copyRow(s.c + row * unitBytes + firstBytes, c + row * unitBytes + firstBytes, units);
  }
  if (s.share !== 0) return;
  if (h !== s.h) memory.copy(s.h, h, stateBytes(s, hiddenUnits(s)));
  writeLastOutput(s);
}

/** Zeros where there is none. */
function setState(state: usize, first: usize, bytes: usize): void {
  if (first === 0) memory.fill(state, 0, bytes);
  else memory.copy(state, first, bytes);
}

/** z = x · kernel + bias for timesteps `first` to `first + count`, in the order of processing. */
function projectInputs(s: Sequence, first: i32, count: i32, firstUnit: i32, units: i32): void {
  const rowCount = count * s.batch;
  const rowBytes = zRowBytes(s);
  const own = usize(firstUnit) * FLOAT;
  // All of a row, unless others write the rest of it.
  const runs = isShared(s) ? GATES : 1;
  const runBytes = isShared(s) ? usize(units) * FLOAT : rowBytes;
  for (let row = 0; row < rowCount; row++) {
    for (let run = 0; run < runs; run++) {
      const at = usize(run * s.units) * FLOAT + own;
      if (s.bias === 0) memory.fill(z + usize(row) * rowBytes + at, 0, runBytes);
      else memory.copy(z + usize(row) * rowBytes + at, s.bias + at, runBytes);
    }
  }
  const featureBytes = usize(s.features) * FLOAT;
  const sampleBytes = usize(s.timesteps) * featureBytes;
  const source = s.x + usize(timestepOf(s, first)) * featureBytes;
  const stepBytes: usize = s.goBackwards ? 0 - featureBytes : featureBytes;
  setRows(rows, source, stepBytes, s.batch, sampleBytes, rowCount, s.features);
  addWeightedSum(z + own, rows, kernel, maskedCopy, false);
}

function prepareProjection(s: Sequence): void {
  setWeights(projection, s.projection, s.units, s.projectionUnits, 0, 0);
  if (isPackingWorthIt(s.batch * s.timesteps)) packWeights(projection, projectionPanels);
  memory.fill(unitOutputs, 0, stateBytes(s, s.units));
}

/** h = unitOutputs · projection, bounded, where the step is not masked; and its entries in the results. */
function projectStep(s: Sequence, n: i32): void {
  const width = s.projectionUnits;
  const rowBytes = usize(width) * FLOAT;
  memory.fill(projected, 0, usize(s.batch) * rowBytes);
  setEvenRows(rows, unitOutputs, usize(s.units) * FLOAT, s.batch, s.units);
  addWeightedSum(projected, rows, projection, maskedCopy, (n & 1) === 1);
  for (let sample = 0; sample < s.batch; sample++) {
    const from = projected + usize(sample) * rowBytes;
    const to = h + usize(sample) * rowBytes;
    const masked = maskedOut(s, sample, n);
    for (let u = 0; !masked && u < width; u += 4) {
      const at = usize(u) * FLOAT;
      storeLanes(to + at, clip(loadLanes(from + at, width - u), s.projectionClip), width - u);
    }
    keepHidden(s, usize(sample * s.timesteps + n), masked, to, 0, width);
  }
}

function writeLastOutput(s: Sequence): void {
  memory.copy(s.lastOutput, s.h, stateBytes(s, hiddenUnits(s)));
  if (!s.zeroOutputForMask) return;
  const rowBytes = usize(hiddenUnits(s)) * FLOAT;
  for (let sample = 0; sample < s.batch; sample++) {
    if (maskedOut(s, sample, s.timesteps - 1)) memory.fill(s.lastOutput + usize(sample) * rowBytes, 0, rowBytes);
  }
}
