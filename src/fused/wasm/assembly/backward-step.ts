import { clipToUnit, gateDerivative, tanh, tanhDerivative } from './activations';
import { fade, plus } from './gradients';
import { differentiateRow } from './row';
import { isByRows, isHard, maskedOut, savedSample, Sequence, timestepOf } from './sequence';
import { addRow, FLOAT, loadLanes, storeLanes } from './vectors';
import { constants } from './workspace';

/**
 * One timestep of the backward pass, up to the pre-activations.
 *
 * @param dH Gradient with respect to what the units put out, and to the cell state, after the step, [B, U]. Becomes, for
 *   those before it, the part that does not pass through the pre-activations: 0 for h, or all of it at a masked step.
 * @param dOutputs What of the results' gradients is to be added to dH; may be absent.
 * @param first The first of the units that are computed, of `units`.
 */
export function stepBackward(
  s: Sequence,
  n: i32,
  dH: usize,
  dC: usize,
  dOutputs: usize,
  first: i32,
  units: i32,
): void {
  const end = first + units;
  const own = usize(first) * FLOAT;
  const unitBytes = usize(s.units) * FLOAT;
  for (let sample = 0; sample < s.batch; sample++) {
    const saved = savedSample(s, sample);
    const at = usize(saved * s.timesteps + n) * unitBytes;
    const dZ = s.dZ + usize(sample * s.timesteps + timestepOf(s, n)) * 4 * unitBytes;
    if (maskedOut(s, saved, n)) {
      for (let gate: usize = 0; gate < 4; gate++) memory.fill(dZ + gate * unitBytes + own, 0, usize(units) * FLOAT);
      if (dOutputs !== 0 && !s.zeroOutputForMask) addRow(dH + own, dOutputs + at + own, units);
      if (s.dCells !== 0) addRow(dC + own, s.dCells + at + own, units);
    } else {
      const previousC = n > 0 ? s.cells + at - unitBytes : s.c0 + usize(saved) * unitBytes;
      if (isByRows(s)) differentiateRow(s, at, dZ, previousC, dH, dC, dOutputs, first, units);
      else if (isHard(s)) computeRow(s, at, dZ, previousC, dH, dC, first, end, true);
      else computeRow(s, at, dZ, previousC, dH, dC, first, end, false);
    }
    dH += unitBytes;
    dC += unitBytes;
  }
}

@inline
function computeRow(
  s: Sequence,
  at: usize,
  dZ: usize,
  previousC: usize,
  dH: usize,
  dC: usize,
  first: i32,
  end: i32,
  hard: bool,
): void {
  let u = first;
  for (; u + 4 <= end; u += 4) computeLanes(s, at, dZ, previousC, dH, dC, usize(u) * FLOAT, 4, hard);
  if (u < end) computeLanes(s, at, dZ, previousC, dH, dC, usize(u) * FLOAT, end - u, hard);
}

@inline
function computeLanes(
  s: Sequence,
  at: usize,
  dZ: usize,
  previousC: usize,
  dH: usize,
  dC: usize,
  unit: usize,
  lanes: i32,
  hard: bool,
): void {
  const block = usize(s.units) * FLOAT;
  const here = at + unit;
  const saved = s.savedGates + 4 * at + unit;
  const savedI = loadLanes(saved, lanes);
  const savedF = loadLanes(saved + block, lanes);
  const g = loadLanes(saved + 2 * block, lanes);
  const savedO = loadLanes(saved + 3 * block, lanes);
  const i = hard ? clipToUnit(savedI, constants) : savedI;
  const f = hard ? clipToUnit(savedF, constants) : savedF;
  const o = hard ? clipToUnit(savedO, constants) : savedO;
  const tanhC = tanh(loadLanes(s.cells + here, lanes), constants);

  const dh = plus(loadLanes(dH + unit, lanes), s.dOutputs, here, lanes);
  const throughOutput = f32x4.mul(f32x4.mul(dh, o), tanhDerivative(tanhC, constants));
  const dc = plus(f32x4.add(loadLanes(dC + unit, lanes), throughOutput), s.dCells, here, lanes);
  const di = plus(f32x4.mul(dc, g), s.dI, here, lanes);
  const df = plus(f32x4.mul(dc, loadLanes(previousC + unit, lanes)), s.dF, here, lanes);
  const dg = plus(f32x4.mul(dc, i), s.dG, here, lanes);
  const dO = plus(f32x4.mul(dh, tanhC), s.dO, here, lanes);

  storeLanes(dZ + unit, fade(f32x4.mul(di, gateDerivative(savedI, hard, constants))), lanes);
  storeLanes(dZ + block + unit, fade(f32x4.mul(df, gateDerivative(savedF, hard, constants))), lanes);
  storeLanes(dZ + 2 * block + unit, fade(f32x4.mul(dg, tanhDerivative(g, constants))), lanes);
  storeLanes(dZ + 3 * block + unit, fade(f32x4.mul(dO, gateDerivative(savedO, hard, constants))), lanes);
  storeLanes(dC + unit, fade(f32x4.mul(dc, f)), lanes);
  storeLanes(dH + unit, i32x4.splat(0), lanes);
}
