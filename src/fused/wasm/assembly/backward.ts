import { stepBackward } from './backward-step';
import { fade } from './gradients';
import { keepStep } from './kept-steps';
import { layOutRow } from './row';
import { Rows, setEvenRows } from './rows';
import { bytesLaidOutFrom, reserve } from './scratch';
import { awaitOthers, firstOfShare, isShared, sizeOfShare } from './shares';
import {
  hiddenUnits,
  isProjected,
  maskedOut,
  recurrentDropoutMasks,
  Sequence,
  stateBytes,
  timestepOf,
} from './sequence';
import {
  addTransposedProduct,
  dZ,
  layOutTransposedProduct,
  prepareTransposedProduct,
  weights,
} from './transposed-product';
import { addRow, copyRow, FLOAT, loadLanes, storeLanes } from './vectors';
import {
  addTransposedWeightedSum,
  GATES,
  isPackingWorthIt,
  packTransposedWeights,
  setWeights,
  transposedPanelsBytes,
  Weights,
} from './weights';
import { prepareWorkspace } from './workspace';

/** Gradient with respect to what the units put out, [B, U], where h is a projection of it. */
let dUnitOutputs: usize = 0;
let projection = changetype<Weights>(0);
let projectionPanels: usize = 0;
let dProjected = changetype<Rows>(0);
let part = changetype<Rows>(0);

function layOut(s: Sequence, address: usize): usize {
  layOutTransposedProduct(s, address, s.batch, ownHiddenUnits(s), s.recurrentDropoutMaskCount);
  layOutRow(s);
  if (isProjected(s)) {
    dUnitOutputs = reserve(stateBytes(s, s.units));
    projection = changetype<Weights>(reserve(offsetof<Weights>()));
    projectionPanels = reserve(transposedPanelsBytes(s.units, s.projectionUnits, 0));
    dProjected = changetype<Rows>(reserve(offsetof<Rows>()));
    part = changetype<Rows>(reserve(offsetof<Rows>()));
  }
  return bytesLaidOutFrom(address);
}

/** Of the hidden state's units those whose gradient is computed here. */
@inline
function ownHiddenUnits(s: Sequence): i32 {
  return isShared(s) ? sizeOfShare(s, s.units) : hiddenUnits(s);
}

export function backwardScratchBytes(s: Sequence): usize {
  return layOut(s, 0);
}

/**
 * Backpropagation through time: from the gradients of what the forward pass returned to those of the pre-activations, dZ,
 * of the projection before it is bounded, and of the initial states. Threads may divide the units among them as in the
 * forward pass.
 */
export function backward(s: Sequence): void {
  layOut(s, s.scratch);
  prepareWorkspace();
  const zBytes = usize(GATES * s.units) * FLOAT;
  const first = firstOfShare(s, s.units);
  const units = sizeOfShare(s, s.units);
  const own = usize(first) * FLOAT;
  const ownRows = s.recurrentKernel + usize(first) * zBytes;
  prepareTransposedProduct(s, ownRows, ownHiddenUnits(s), s.recurrentDropoutMaskCount, recurrentDropoutMasks(s));
  weights.maskOffset = own;
  if (isProjected(s)) prepareProjection(s);
  const dH = s.dH0;
  copyOwnColumns(s, dH, s.dH, hiddenUnits(s), first, ownHiddenUnits(s));
  copyOwnColumns(s, s.dC0, s.dC, s.units, first, units);
  addGradientOfLastOutput(s, dH, first, ownHiddenUnits(s));
  const stateRow = usize(hiddenUnits(s)) * FLOAT;
  for (let n = s.timesteps - 1; n >= 0; n--) {
    if (s.laterDH !== 0) keepStep(s, n, dH, s.dC0, first, units);
    if (isProjected(s)) {
      goBackThroughProjection(s, n, dH);
      stepBackward(s, n, dUnitOutputs, s.dC0, 0, first, units);
    } else {
      stepBackward(s, n, dH, s.dC0, s.dOutputs, first, units);
    }
    if (isShared(s)) awaitOthers();
    const source = s.dZ + usize(timestepOf(s, n)) * zBytes;
    setEvenRows(dZ, source, usize(s.timesteps) * zBytes, s.batch, GATES * s.units);
    addTransposedProduct(dH + own, stateRow, (n & 1) === 1);
  }
}

/** Copies `count` columns, from `first` on, of a matrix [B, width]. */
function copyOwnColumns(s: Sequence, destination: usize, source: usize, width: i32, first: i32, count: i32): void {
  for (let sample = 0; sample < s.batch; sample++) {
    const at = usize(sample * width + first) * FLOAT;
    copyRow(destination + at, source + at, count);
  }
}

function addGradientOfLastOutput(s: Sequence, dH: usize, first: i32, count: i32): void {
  for (let sample = 0; sample < s.batch; sample++) {
    if (s.zeroOutputForMask && maskedOut(s, sample, s.timesteps - 1)) continue;
    const at = usize(sample * hiddenUnits(s) + first) * FLOAT;
    addRow(dH + at, s.dLastOutput + at, count);
  }
}

function prepareProjection(s: Sequence): void {
  setWeights(projection, s.projection, s.units, s.projectionUnits, 0, 0);
  if (isPackingWorthIt(s.batch * s.timesteps)) packTransposedWeights(projection, projectionPanels);
  memory.fill(dUnitOutputs, 0, stateBytes(s, s.units));
}

/**
 * From the hidden state of one timestep to what the units put out.
 *
 * @param dH Gradient with respect to h, [B, P]. Becomes 0, or at a masked step all that reaches the h before it.
 */
function goBackThroughProjection(s: Sequence, n: i32, dH: usize): void {
  const width = s.projectionUnits;
  const rowBytes = usize(width) * FLOAT;
  for (let sample = 0; sample < s.batch; sample++) {
    const at = usize(sample * s.timesteps + n) * rowBytes;
    const masked = maskedOut(s, sample, n);
    if (s.dOutputs !== 0 && !(masked && s.zeroOutputForMask)) addRow(dH, s.dOutputs + at, width);
    memory.fill(s.dProjected + at, 0, rowBytes);
    for (let u = 0; !masked && u < width; u += 4) {
      const here = usize(u) * FLOAT;
      const h = f32x4.abs(loadLanes(s.hiddens + at + here, width - u));
      const isBounded = f32x4.ge(h, f32x4.splat(s.projectionClip));
      const gradient = fade(v128.andnot(loadLanes(dH + here, width - u), isBounded));
      storeLanes(s.dProjected + at + here, gradient, width - u);
      storeLanes(dH + here, i32x4.splat(0), width - u);
    }
    dH += rowBytes;
  }
  setEvenRows(dProjected, s.dProjected + usize(n) * rowBytes, usize(s.timesteps) * rowBytes, s.batch, width);
  addTransposedWeightedSum(dUnitOutputs, usize(s.units) * FLOAT, dProjected, projection, part, (n & 1) === 1);
}
