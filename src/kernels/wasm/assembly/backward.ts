import { stepBackward } from './backward-step';
import { Rows, setEvenRows } from './rows';
import { bytesLaidOutFrom, layOutFrom, reserve } from './scratch';
import { maskedOut, recurrentMasks, Sequence, stateBytes, timestepOf } from './sequence';
import { addRow, FLOAT } from './vectors';
import {
  addTransposedWeightedSum,
  GATES,
  isPackingWorthIt,
  packTransposedWeights,
  setWeights,
  transposedPanelsBytes,
  Weights,
} from './weights';
import { layOutWorkspace, prepareWorkspace } from './workspace';

let recurrentKernel = changetype<Weights>(0);
let panels: usize = 0;
let dZ = changetype<Rows>(0);
let dZOfGate = changetype<Rows>(0);

function layOut(s: Sequence, address: usize): usize {
  layOutFrom(address);
  const masked = s.recurrentMaskCount > 0 ? usize(s.batch) * usize(s.units) : 0;
  layOutWorkspace(usize(s.batch) * usize(GATES * s.units), masked);
  recurrentKernel = changetype<Weights>(reserve(offsetof<Weights>()));
  dZ = changetype<Rows>(reserve(offsetof<Rows>()));
  dZOfGate = changetype<Rows>(reserve(offsetof<Rows>()));
  panels = reserve(transposedPanelsBytes(s.units, s.units, s.recurrentMaskCount));
  return bytesLaidOutFrom(address);
}

export function backwardScratchBytes(s: Sequence): usize {
  return layOut(s, 0);
}

/**
 * Backpropagation through time: from the gradients of what the forward pass returned to those of the pre-activations, dZ,
 * and of the initial states.
 */
export function backward(s: Sequence): void {
  layOut(s, s.scratch);
  prepareWorkspace();
  setWeights(recurrentKernel, s.recurrentKernel, s.units, s.units, s.recurrentMaskCount, recurrentMasks(s));
  if (isPackingWorthIt(s.batch * s.timesteps)) packTransposedWeights(recurrentKernel, panels);
  const dH = s.dH0;
  memory.copy(dH, s.dH, stateBytes(s));
  memory.copy(s.dC0, s.dC, stateBytes(s));
  addGradientOfLastOutput(s, dH);
  const zBytes = usize(GATES * s.units) * FLOAT;
  for (let n = s.timesteps - 1; n >= 0; n--) {
    stepBackward(s, n, dH, s.dC0);
    const source = s.dZ + usize(timestepOf(s, n)) * zBytes;
    setEvenRows(dZ, source, usize(s.timesteps) * zBytes, s.batch, GATES * s.units);
    addTransposedWeightedSum(dH, dZ, recurrentKernel, dZOfGate, (n & 1) === 1);
  }
}

function addGradientOfLastOutput(s: Sequence, dH: usize): void {
  for (let sample = 0; sample < s.batch; sample++) {
    if (s.zeroOutputForMask && maskedOut(s, sample, s.timesteps - 1)) continue;
    const at = usize(sample) * usize(s.units) * FLOAT;
    addRow(dH + at, s.dLastOutput + at, s.units);
  }
}
