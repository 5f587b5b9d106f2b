import { stepForward } from './forward-step';
import { Rows, setEvenRows, setRows } from './rows';
import { bytesLaidOutFrom, layOutFrom, reserve } from './scratch';
import { inputDropoutMasks, maskedOut, recurrentDropoutMasks, Sequence, stateBytes, timestepOf } from './sequence';
import { FLOAT, VECTOR } from './vectors';
import { addWeightedSum, GATES, isPackingWorthIt, packWeights, setWeights, Weights, weightPanelsBytes } from './weights';
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
/** The states, [B, U]. */
let h: usize = 0;
let c: usize = 0;

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
  const factorFloats = max(usize(chunkRows) * usize(s.features), usize(s.batch) * usize(s.units));
  layOutWorkspace(factorFloats, s.inputDropoutMaskCount + s.recurrentDropoutMaskCount > 0 ? factorFloats : 0);
  kernel = changetype<Weights>(reserve(offsetof<Weights>()));
  recurrentKernel = changetype<Weights>(reserve(offsetof<Weights>()));
  rows = changetype<Rows>(reserve(offsetof<Rows>()));
  maskedCopy = changetype<Rows>(reserve(offsetof<Rows>()));
  h = reserve(stateBytes(s));
  c = reserve(stateBytes(s));
  z = reserve(usize(chunkRows) * zRowBytes(s) + VECTOR);
  kernelPanels = reserve(weightPanelsBytes(s.features, s.units, s.inputDropoutMaskCount));
  recurrentPanels = reserve(weightPanelsBytes(s.units, s.units, s.recurrentDropoutMaskCount));
  return bytesLaidOutFrom(address);
}

export function forwardScratchBytes(s: Sequence): usize {
  return layOut(s, 0);
}

/** Runs a sequence and writes what it returns, and what the backward pass wants of it, where there is an address. */
export function forward(s: Sequence): void {
  layOut(s, s.scratch);
  prepareWorkspace();
  setWeights(kernel, s.kernel, s.features, s.units, s.inputDropoutMaskCount, inputDropoutMasks(s));
  setWeights(recurrentKernel, s.recurrentKernel, s.units, s.units, s.recurrentDropoutMaskCount, recurrentDropoutMasks(s));
  if (isPackingWorthIt(s.batch * s.timesteps)) packWeights(kernel, kernelPanels);
  if (isPackingWorthIt(s.batch * s.timesteps)) packWeights(recurrentKernel, recurrentPanels);
  setState(h, s.h0, stateBytes(s));
  setState(c, s.c0, stateBytes(s));
  const chunk = stepsOfChunk(s);
  for (let first = 0; first < s.timesteps; first += chunk) {
    const count = min(chunk, s.timesteps - first);
    projectInputs(s, first, count);
    for (let n = 0; n < count; n++) {
      const zOfStep = z + usize(n * s.batch) * zRowBytes(s);
      setEvenRows(rows, h, usize(s.units) * FLOAT, s.batch, s.units);
      addWeightedSum(zOfStep, rows, recurrentKernel, maskedCopy, (n & 1) === 1);
      stepForward(s, first + n, zOfStep, h, c);
    }
  }
  memory.copy(s.h, h, stateBytes(s));
  memory.copy(s.c, c, stateBytes(s));
  writeLastOutput(s);
}

/** Zeros where there is none. */
function setState(state: usize, first: usize, bytes: usize): void {
  if (first === 0) memory.fill(state, 0, bytes);
  else memory.copy(state, first, bytes);
}

/** z = x · kernel + bias for timesteps `first` to `first + count`, in the order of processing. */
function projectInputs(s: Sequence, first: i32, count: i32): void {
  const rowCount = count * s.batch;
  const rowBytes = zRowBytes(s);
  for (let row = 0; row < rowCount; row++) {
    if (s.bias === 0) memory.fill(z + usize(row) * rowBytes, 0, rowBytes);
    else memory.copy(z + usize(row) * rowBytes, s.bias, rowBytes);
  }
  const featureBytes = usize(s.features) * FLOAT;
  const sampleBytes = usize(s.timesteps) * featureBytes;
  const source = s.x + usize(timestepOf(s, first)) * featureBytes;
  const stepBytes: usize = s.goBackwards ? 0 - featureBytes : featureBytes;
  setRows(rows, source, stepBytes, s.batch, sampleBytes, rowCount, s.features);
  addWeightedSum(z, rows, kernel, maskedCopy, false);
}

function writeLastOutput(s: Sequence): void {
  memory.copy(s.lastOutput, h, stateBytes(s));
  if (!s.zeroOutputForMask) return;
  const rowBytes = usize(s.units) * FLOAT;
  for (let sample = 0; sample < s.batch; sample++) {
    if (maskedOut(s, sample, s.timesteps - 1)) memory.fill(s.lastOutput + usize(sample) * rowBytes, 0, rowBytes);
  }
}
