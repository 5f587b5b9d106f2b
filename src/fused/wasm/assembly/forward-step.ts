import { clip, clipToUnit, sigmoid, tanh, unclippedHardSigmoid } from './activations';
import { hasAdditions, hiddenUnits, isProjected, maskedOut, Sequence } from './sequence';
import { copyRow, FLOAT, loadLanes, multiplyAdd, multiplyAddRow, storeLanes } from './vectors';
import { constants } from './workspace';

/**
 * One timestep from the pre-activations on, and its entries in the results.
 *
 * @param z [B, 4U]; the gates take its place.
 * @param h What the units put out, [B, U]: replaced by the new values, as is c. It is the state h, unless that is a
 *   projection of it, whose entries in the results the caller writes.
 */
export function stepForward(s: Sequence, n: i32, z: usize, h: usize, c: usize): void {
  const units = s.units;
  const unitBytes = usize(units) * FLOAT;
  for (let sample = 0; sample < s.batch; sample++) {
    const row = usize(sample * s.timesteps + n);
    const masked = maskedOut(s, sample, n);
    if (masked) {
      passOver(s, row * unitBytes, c);
    } else {
      if (hasAdditions(s)) {
        computeWithAdditions(s, z, h, c);
      } else {
        // Gates first, then states: in one loop, each unit's long chain of operations would be waited for.
        activateGates(s, z, 2 * units);
        activateGates(s, z + 3 * unitBytes, units);
        activateTanh(z + 2 * unitBytes, units);
        if (s.hardSigmoid) updateStates(units, z, h, c, true);
        else updateStates(units, z, h, c, false);
      }
      keepStep(s, row * unitBytes, z, c);
    }
    if (!isProjected(s)) keepHidden(s, row, masked, h);
    z += 4 * unitBytes;
    h += unitBytes;
    c += unitBytes;
  }
}

/** The step of a cell with more than the six equations. */
function computeWithAdditions(s: Sequence, z: usize, h: usize, c: usize): void {
  const units = s.units;
  const block = usize(units) * FLOAT;
  const hard = s.hardSigmoid !== 0;
  const o = z + 3 * block;
  if (s.peepholes !== 0) {
    multiplyAddRow(z, s.peepholes, c, units);
    multiplyAddRow(z + block, s.peepholes + block, c, units);
  }
  clipRow(z, 3 * units, s.gateClip);
  activateGates(s, z, 2 * units);
  activateTanh(z + 2 * block, units);
  for (let u = 0; u < units; u += 4) {
    const lanes = units - u;
    const at = usize(u) * FLOAT;
    const i = gateValue(loadLanes(z + at, lanes), hard);
    if (s.isCoupled) storeLanes(z + block + at, f32x4.sub(f32x4.splat(1), i), lanes);
    const f = gateValue(loadLanes(z + block + at, lanes), hard);
    const g = loadLanes(z + 2 * block + at, lanes);
    const newC = multiplyAdd(f, loadLanes(c + at, lanes), f32x4.mul(i, g));
    storeLanes(c + at, clip(newC, s.cellClip), lanes);
  }
  if (s.peepholes !== 0) multiplyAddRow(o, s.peepholes + 2 * block, c, units);
  clipRow(o, units, s.gateClip);
  activateGates(s, o, units);
  for (let u = 0; u < units; u += 4) {
    const lanes = units - u;
    const at = usize(u) * FLOAT;
    const output = f32x4.mul(gateValue(loadLanes(o + at, lanes), hard), tanh(loadLanes(c + at, lanes), constants));
    storeLanes(h + at, output, lanes);
  }
}

function clipRow(values: usize, count: i32, bound: f32): void {
  for (let n = 0; n < count; n += 4, values += 16) {
    storeLanes(values, clip(loadLanes(values, count - n), bound), count - n);
  }
}

/** From pre-activations to gates; hard sigmoids are left unclipped. */
@inline
function activateGates(s: Sequence, z: usize, count: i32): void {
  if (s.hardSigmoid) activateHard(z, count);
  else activateSigmoid(z, count);
}

function activateSigmoid(values: usize, count: i32): void {
  let n = 0;
  for (; n + 4 <= count; n += 4, values += 16) v128.store(values, sigmoid(v128.load(values), constants));
  if (n < count) storeLanes(values, sigmoid(loadLanes(values, count - n), constants), count - n);
}

function activateTanh(values: usize, count: i32): void {
  let n = 0;
  for (; n + 4 <= count; n += 4, values += 16) v128.store(values, tanh(v128.load(values), constants));
  if (n < count) storeLanes(values, tanh(loadLanes(values, count - n), constants), count - n);
}

function activateHard(values: usize, count: i32): void {
  let n = 0;
  for (; n + 4 <= count; n += 4, values += 16) v128.store(values, unclippedHardSigmoid(v128.load(values), constants));
  if (n < count) storeLanes(values, unclippedHardSigmoid(loadLanes(values, count - n), constants), count - n);
}

/** c = f ⊙ c + i ⊙ g, h = o ⊙ tanh(c). */
@inline
function updateStates(units: i32, gates: usize, h: usize, c: usize, hard: bool): void {
  let u = 0;
  for (; u + 4 <= units; u += 4) updateLanes(units, gates, h, c, usize(u) * FLOAT, 4, hard);
  if (u < units) updateLanes(units, gates, h, c, usize(u) * FLOAT, units - u, hard);
}

@inline
function updateLanes(units: i32, gates: usize, h: usize, c: usize, at: usize, lanes: i32, hard: bool): void {
  const block = usize(units) * FLOAT;
  const gate = gates + at;
  const i = gateValue(loadLanes(gate, lanes), hard);
  const f = gateValue(loadLanes(gate + block, lanes), hard);
  const g = loadLanes(gate + 2 * block, lanes);
  const o = gateValue(loadLanes(gate + 3 * block, lanes), hard);
  const newC = multiplyAdd(f, loadLanes(c + at, lanes), f32x4.mul(i, g));
  storeLanes(c + at, newC, lanes);
  storeLanes(h + at, f32x4.mul(o, tanh(newC, constants)), lanes);
}

@inline
function gateValue(saved: v128, hard: bool): v128 {
  return hard ? clipToUnit(saved, constants) : saved;
}

/** Writes the hidden state's entries in the results. */
@inline
export function keepHidden(s: Sequence, row: usize, masked: bool, h: usize): void {
  const units = hiddenUnits(s);
  const at = row * usize(units) * FLOAT;
  if (s.outputs !== 0) {
    if (masked && s.zeroOutputForMask) memory.fill(s.outputs + at, 0, usize(units) * FLOAT);
    else copyRow(s.outputs + at, h, units);
  }
  if (s.hiddens !== 0) copyRow(s.hiddens + at, h, units);
}

/** Writes the other entries of a step. */
function keepStep(s: Sequence, at: usize, gates: usize, c: usize): void {
  const units = s.units;
  const block = usize(units) * FLOAT;
  if (s.cells !== 0) copyRow(s.cells + at, c, units);
  if (s.savedGates !== 0) copyRow(s.savedGates + 4 * at, gates, 4 * units);
  if (s.i === 0) return;
  keepGate(s, s.i + at, gates);
  keepGate(s, s.f + at, gates + block);
  copyRow(s.g + at, gates + 2 * block, units);
  keepGate(s, s.o + at, gates + 3 * block);
}

function keepGate(s: Sequence, to: usize, gate: usize): void {
  if (!s.hardSigmoid) {
    copyRow(to, gate, s.units);
    return;
  }
  for (let u = 0; u < s.units; u += 4) {
    const at = usize(u) * FLOAT;
    const lanes = min(4, s.units - u);
    storeLanes(to + at, clipToUnit(loadLanes(gate + at, lanes), constants), lanes);
  }
}

/** A masked step: the states stay, the gates are 0. */
function passOver(s: Sequence, at: usize, c: usize): void {
  const bytes = usize(s.units) * FLOAT;
  if (s.cells !== 0) copyRow(s.cells + at, c, s.units);
  if (s.savedGates !== 0) memory.fill(s.savedGates + 4 * at, 0, 4 * bytes);
  if (s.i === 0) return;
  memory.fill(s.i + at, 0, bytes);
  memory.fill(s.f + at, 0, bytes);
  memory.fill(s.g + at, 0, bytes);
  memory.fill(s.o + at, 0, bytes);
}
