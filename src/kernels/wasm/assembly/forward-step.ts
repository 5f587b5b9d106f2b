import { clipToUnit, sigmoid, tanh, unclippedHardSigmoid } from './activations';
import { maskedOut, Sequence } from './sequence';
import { FLOAT, loadLanes, multiplyAdd, storeLanes } from './vectors';
import { constants } from './workspace';

/**
 * One timestep from the pre-activations on, and its entries in the results.
 *
 * @param z [B, 4U]
 * @param h States [B, U], replaced by the new ones.
 */
export function stepForward(s: Sequence, n: i32, z: usize, h: usize, c: usize): void {
  const unitBytes = usize(s.units) * FLOAT;
  for (let sample = 0; sample < s.batch; sample++) {
    const at = usize(sample * s.timesteps + n) * unitBytes;
    if (maskedOut(s, sample, n)) passOver(s, at, h, c);
    else if (s.hardSigmoid) computeRow(s, at, z, h, c, true);
    else computeRow(s, at, z, h, c, false);
    z += 4 * unitBytes;
    h += unitBytes;
    c += unitBytes;
  }
}

@inline
function computeRow(s: Sequence, at: usize, z: usize, h: usize, c: usize, hard: bool): void {
  const units = s.units;
  let u = 0;
  for (; u + 4 <= units; u += 4) computeLanes(s, at, z, h, c, usize(u) * FLOAT, 4, hard);
  if (u < units) computeLanes(s, at, z, h, c, usize(u) * FLOAT, units - u, hard);
}

/** The six equations, for `lanes` units. */
@inline
function computeLanes(s: Sequence, at: usize, z: usize, h: usize, c: usize, unit: usize, lanes: i32, hard: bool): void {
  const block = usize(s.units) * FLOAT;
  const savedI = recurrentActivation(loadLanes(z + unit, lanes), hard);
  const savedF = recurrentActivation(loadLanes(z + block + unit, lanes), hard);
  const g = tanh(loadLanes(z + 2 * block + unit, lanes), constants);
  const savedO = recurrentActivation(loadLanes(z + 3 * block + unit, lanes), hard);
  const i = hard ? clipToUnit(savedI, constants) : savedI;
  const f = hard ? clipToUnit(savedF, constants) : savedF;
  const o = hard ? clipToUnit(savedO, constants) : savedO;
  const newC = multiplyAdd(f, loadLanes(c + unit, lanes), f32x4.mul(i, g));
  const newH = f32x4.mul(o, tanh(newC, constants));
  storeLanes(c + unit, newC, lanes);
  storeLanes(h + unit, newH, lanes);
  const here = at + unit;
  if (s.outputs !== 0) storeLanes(s.outputs + here, newH, lanes);
  if (s.hiddens !== 0) storeLanes(s.hiddens + here, newH, lanes);
  if (s.cells !== 0) storeLanes(s.cells + here, newC, lanes);
  if (s.savedGates !== 0) {
    const saved = s.savedGates + 4 * at + unit;
    storeLanes(saved, savedI, lanes);
    storeLanes(saved + block, savedF, lanes);
    storeLanes(saved + 2 * block, g, lanes);
    storeLanes(saved + 3 * block, savedO, lanes);
  }
  if (s.i === 0) return;
  storeLanes(s.i + here, i, lanes);
  storeLanes(s.f + here, f, lanes);
  storeLanes(s.g + here, g, lanes);
  storeLanes(s.o + here, o, lanes);
}

@inline
function recurrentActivation(x: v128, hard: bool): v128 {
  return hard ? unclippedHardSigmoid(x, constants) : sigmoid(x, constants);
}

/** A masked step: the states stay, the gates are 0. */
function passOver(s: Sequence, at: usize, h: usize, c: usize): void {
  const bytes = usize(s.units) * FLOAT;
  if (s.outputs !== 0) {
    if (s.zeroOutputForMask) memory.fill(s.outputs + at, 0, bytes);
    else memory.copy(s.outputs + at, h, bytes);
  }
  if (s.hiddens !== 0) memory.copy(s.hiddens + at, h, bytes);
  if (s.cells !== 0) memory.copy(s.cells + at, c, bytes);
  if (s.savedGates !== 0) memory.fill(s.savedGates + 4 * at, 0, 4 * bytes);
  if (s.i === 0) return;
  memory.fill(s.i + at, 0, bytes);
  memory.fill(s.f + at, 0, bytes);
  memory.fill(s.g + at, 0, bytes);
  memory.fill(s.o + at, 0, bytes);
}
