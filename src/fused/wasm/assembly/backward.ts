import { stepBackward } from './backward-step';
import { setEvenRows } from './rows';
import { maskedOut, recurrentDropoutMasks, Sequence, stateBytes, timestepOf } from './sequence';
import { addTransposedProduct, dZ, layOutTransposedProduct, prepareTransposedProduct } from './transposed-product';
import { addRow, FLOAT } from './vectors';
import { GATES } from './weights';
import { prepareWorkspace } from './workspace';

function layOut(s: Sequence, address: usize): usize {
  return layOutTransposedProduct(s, address, s.batch, s.units, s.recurrentDropoutMaskCount);
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
  prepareTransposedProduct(s, s.recurrentKernel, s.units, s.recurrentDropoutMaskCount, recurrentDropoutMasks(s));
  const dH = s.dH0;
  memory.copy(dH, s.dH, stateBytes(s));
  memory.copy(s.dC0, s.dC, stateBytes(s));
  addGradientOfLastOutput(s, dH);
  const zBytes = usize(GATES * s.units) * FLOAT;
  for (let n = s.timesteps - 1; n >= 0; n--) {
    stepBackward(s, n, dH, s.dC0);
    const source = s.dZ + usize(timestepOf(s, n)) * zBytes;
    setEvenRows(dZ, source, usize(s.timesteps) * zBytes, s.batch, GATES * s.units);
    addTransposedProduct(dH, (n & 1) === 1);
  }
}

function addGradientOfLastOutput(s: Sequence, dH: usize): void {
  for (let sample = 0; sample < s.batch; sample++) {
    if (s.zeroOutputForMask && maskedOut(s, sample, s.timesteps - 1)) continue;
    const at = usize(sample) * usize(s.units) * FLOAT;
    addRow(dH + at, s.dLastOutput + at, s.units);
  }
}
