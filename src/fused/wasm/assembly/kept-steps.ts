import { clipToUnit, tanh, tanhDerivative } from './activations';
import { writeOutputSlope } from './row';
import { isByRows, isHard, maskedOut, Sequence, timestepOf } from './sequence';
import { addRow, copyRow, FLOAT, loadLanes, multiplyAddRow, storeLanes } from './vectors';
import { constants } from './workspace';

/**
 * Keeps, for one timestep, what reaches h and c from later steps and in all, and how much a change of c changes h. Not for
 * steps of which h is a projection.
 *
 * @param dH From later steps, or of the last one from outside, as dC, [B, U].
 * @param first The first of the units that are computed here, of `units`.
 */
export function keepStep(s: Sequence, n: i32, dH: usize, dC: usize, first: i32, units: i32): void {
  const unitBytes = usize(s.units) * FLOAT;
  const own = usize(first) * FLOAT;
  for (let sample = 0; sample < s.batch; sample++) {
    const processed = usize(sample * s.timesteps + n) * unitBytes;
    const at = processed + own;
    const to = usize(sample * s.timesteps + timestepOf(s, n)) * unitBytes + own;
    const row = usize(sample) * unitBytes + own;
    const isMasked = maskedOut(s, sample, n);
    if (n + 1 < s.timesteps) {
      copyRow(s.laterDH + to, dH + row, units);
      copyRow(s.laterDC + to, dC + row, units);
    } else {
      memory.fill(s.laterDH + to, 0, usize(units) * FLOAT);
      memory.fill(s.laterDC + to, 0, usize(units) * FLOAT);
    }
    copyRow(s.totalDH + to, dH + row, units);
    copyRow(s.totalDC + to, dC + row, units);
    if (s.dOutputs !== 0 && !(isMasked && s.zeroOutputForMask)) addRow(s.totalDH + to, s.dOutputs + at, units);
    if (s.dCells !== 0) addRow(s.totalDC + to, s.dCells + at, units);
    const slope = s.outputSlope + to;
    if (isMasked) {
      memory.fill(slope, 0, usize(units) * FLOAT);
      continue;
    }
    const saved = s.savedGates + 4 * processed + own;
    if (isByRows(s)) writeOutputSlope(s, slope, saved, s.cells + at, units);
    else writeUsualSlope(s, slope, saved + 3 * unitBytes, s.cells + at, units);
    multiplyAddRow(s.totalDC + to, slope, s.totalDH + to, units);
  }
}

/** o ⊙ tanh'(c). */
function writeUsualSlope(s: Sequence, to: usize, o: usize, c: usize, units: i32): void {
  for (let u = 0; u < units; u += 4) {
    const at = usize(u) * FLOAT;
    const lanes = min(4, units - u);
    const saved = loadLanes(o + at, lanes);
    const gate = isHard(s) ? clipToUnit(saved, constants) : saved;
    storeLanes(to + at, f32x4.mul(gate, tanhDerivative(tanh(loadLanes(c + at, lanes), constants), constants)), lanes);
  }
}
