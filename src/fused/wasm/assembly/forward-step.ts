import { clipToUnit, sigmoid, tanh, unclippedHardSigmoid } from './activations';
import { computeRow, CANDIDATE, FORGET_GATE, INPUT_GATE, OUTPUT_GATE, rowOf } from './row';
import { hiddenUnits, isByRows, isHard, isProjected, maskedOut, Sequence } from './sequence';
import { copyRow, FLOAT, loadLanes, multiplyAdd, storeLanes, VECTOR } from './vectors';
import { constants } from './workspace';

/**
 * One timestep from the pre-activations on, and its entries in the results.
 *
 * @param z [B, 4U]; the gates take its place, unless the step is computed by rows.
 * @param previousH The state h before, [B, U]; may be the same as `h`.
 * @param h Where what the units put out goes, [B, U]. It is the state h, unless that is a projection of it, whose entries in
 *   the results the caller writes.
 * @param c Replaced by the new values.
 * @param first The first of the units that are computed, of `units`.
 */
export function stepForward(
  s: Sequence,
  n: i32,
  z: usize,
  previousH: usize,
  h: usize,
  c: usize,
  first: i32,
  units: i32,
): void {
  const unitBytes = usize(s.units) * FLOAT;
  const own = usize(first) * FLOAT;
  z += own;
  previousH += own;
  h += own;
  c += own;
  for (let sample = 0; sample < s.batch; sample++) {
    const row = usize(sample * s.timesteps + n);
    const masked = maskedOut(s, sample, n);
    if (masked) {
      passOver(s, row * unitBytes, own, c, units);
      if (previousH !== h) copyRow(h, previousH, units);
    } else {
      if (isByRows(s)) {
        computeRow(s, z, h, c, own, units);
      } else {
        // Gates first, then states: in one loop, each unit's long chain of operations would be waited for.
        activateGates(s, z, units);
        activateGates(s, z + unitBytes, units);
        activateGates(s, z + 3 * unitBytes, units);
        activateTanh(z + 2 * unitBytes, units);
        if (isHard(s)) updateStates(unitBytes, units, z, h, c, true);
        else updateStates(unitBytes, units, z, h, c, false);
      }
      keepStep(s, row * unitBytes, own, z, c, units);
    }
    if (!isProjected(s)) keepHidden(s, row, masked, h, first, units);
    z += 4 * unitBytes;
    previousH += unitBytes;
    h += unitBytes;
    c += unitBytes;
  }
}

/** From pre-activations to gates; hard sigmoids are left unclipped. */
@inline
function activateGates(s: Sequence, z: usize, count: i32): void {
  if (isHard(s)) activateHard(z, count);
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
function updateStates(block: usize, units: i32, gates: usize, h: usize, c: usize, hard: bool): void {
  let u = 0;
  for (; u + 4 <= units; u += 4) updateLanes(block, gates, h, c, usize(u) * FLOAT, 4, hard);
  if (u < units) updateLanes(block, gates, h, c, usize(u) * FLOAT, units - u, hard);
}

@inline
function updateLanes(block: usize, gates: usize, h: usize, c: usize, at: usize, lanes: i32, hard: bool): void {
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

/** Writes the hidden state's entries in the results, from `first` on. */
@inline
export function keepHidden(s: Sequence, row: usize, masked: bool, h: usize, first: i32, units: i32): void {
  const at = (row * usize(hiddenUnits(s)) + usize(first)) * FLOAT;
  if (s.outputs !== 0) {
    if (masked && s.zeroOutputForMask) memory.fill(s.outputs + at, 0, usize(units) * FLOAT);
    else copyRow(s.outputs + at, h, units);
  }
  if (s.hiddens !== 0) copyRow(s.hiddens + at, h, units);
}

/** Writes the other entries of a step. */
function keepStep(s: Sequence, at: usize, own: usize, gates: usize, c: usize, units: i32): void {
  const block = usize(s.units) * FLOAT;
  if (s.savedGates !== 0) {
    const saved = s.savedGates + 4 * at + own;
    for (let gate: usize = 0; gate < 4; gate++) copyRow(saved + gate * block, gates + gate * block, units);
  }
  at += own;
  if (s.cells !== 0) copyRow(s.cells + at, c, units);
  if (s.i === 0) return;
  if (isByRows(s)) {
    copyRow(s.i + at, rowOf(INPUT_GATE), units);
    copyRow(s.f + at, rowOf(FORGET_GATE), units);
    copyRow(s.g + at, rowOf(CANDIDATE), units);
    copyRow(s.o + at, rowOf(OUTPUT_GATE), units);
    return;
  }
  keepGate(s, s.i + at, gates, units);
  keepGate(s, s.f + at, gates + block, units);
  copyRow(s.g + at, gates + 2 * block, units);
  keepGate(s, s.o + at, gates + 3 * block, units);
}

function keepGate(s: Sequence, to: usize, gate: usize, units: i32): void {
  if (!isHard(s)) {
    copyRow(to, gate, units);
    return;
  }
  let u = 0;
  for (; u + 4 <= units; u += 4, to += VECTOR, gate += VECTOR) v128.store(to, clipToUnit(v128.load(gate), constants));
  if (u < units) storeLanes(to, clipToUnit(loadLanes(gate, units - u), constants), units - u);
}

/** A masked step: the states stay, the gates are 0. */
function passOver(s: Sequence, at: usize, own: usize, c: usize, units: i32): void {
  const bytes = usize(units) * FLOAT;
  const block = usize(s.units) * FLOAT;
  if (s.savedGates !== 0) {
    const saved = s.savedGates + 4 * at + own;
    for (let gate: usize = 0; gate < 4; gate++) memory.fill(saved + gate * block, 0, bytes);
  }
  at += own;
  if (s.cells !== 0) copyRow(s.cells + at, c, units);
  if (s.i === 0) return;
  memory.fill(s.i + at, 0, bytes);
  memory.fill(s.f + at, 0, bytes);
  memory.fill(s.g + at, 0, bytes);
  memory.fill(s.o + at, 0, bytes);
}
