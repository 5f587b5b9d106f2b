import { activateVectors } from './activation-rows';
import { clip } from './activations';
import { fade } from './gradients';
import { reserve } from './scratch';
import { hasAdditions, hasPeepholes, isByRows, isCoupled, Sequence } from './sequence';
import { addRow, copyRow, FLOAT, loadLanes, multiplyAdd, multiplyAddRow, storeLanes, VECTOR } from './vectors';

// The step of one sample with any activations, and with whatever a step may have beyond the six equations. Each quantity
// is copied to a row of whole vectors, so that its activation is computed in one loop, with the derivatives in a second row. Of
// the units, only some are computed where several threads share them.

export const INPUT_GATE: i32 = 0;
export const FORGET_GATE: i32 = 1;
export const CANDIDATE: i32 = 2;
export const OUTPUT_GATE: i32 = 3;
const CELL: i32 = 4;
/** How many of these there are: the derivatives follow them, in the same order. */
const QUANTITIES: i32 = 5;
/** The cell state before the step; and going backward the gradients of h, of c, and what arrives at the four gates from outside. */
const OLD_CELL: i32 = 10;
const D_HIDDEN: i32 = 11;
const D_CELL: i32 = 12;
const D_GATES: i32 = 13;
/** Of i, f and o. */
const PEEPHOLES: i32 = 17;
const ROWS: i32 = WITH_ADDITIONS ? 20 : 17;

let rows: usize = 0;
/** How many units are computed, and the bytes of whole vectors of them. */
let units: i32 = 0;
let rowBytes: usize = 0;

export function layOutRow(s: Sequence): void {
  setUnits(s.units);
  rows = isByRows(s) ? reserve(usize(ROWS) * rowBytes) : 0;
}

@inline
function setUnits(count: i32): void {
  units = count;
  rowBytes = usize((count + 3) & ~3) * FLOAT;
}

/** Where a quantity's values are, after the row was computed. */
@inline
export function rowOf(quantity: i32): usize {
  return rows + usize(quantity) * rowBytes;
}

@inline
function valueOf(quantity: i32, at: usize): v128 {
  return v128.load(rowOf(quantity) + at);
}

@inline
function slopeOf(quantity: i32, at: usize): v128 {
  return valueOf(QUANTITIES + quantity, at);
}

/** Copies what is there to a row; zeros where there is nothing. */
function fetch(row: i32, from: usize): void {
  const to = rowOf(row);
  if (from === 0) {
    memory.fill(to, 0, rowBytes);
    return;
  }
  for (let at: usize = 0; at < rowBytes; at += VECTOR) {
    v128.store(to + at, loadLanes(from + at, units - i32(at / FLOAT)));
  }
}

/** Fills the rows of a quantity from what its activation is applied to. */
function activate(s: Sequence, quantity: i32, from: usize): void {
  fetch(quantity, from);
  const activation = quantity === CANDIDATE || quantity === CELL ? s.activation : s.recurrentActivation;
  activateVectors(activation, rowOf(quantity), usize(QUANTITIES) * rowBytes, rowBytes);
}

/** The candidate, the input and the forget gate from their pre-activations, in blocks of U. */
function activateUpToCell(s: Sequence, z: usize): void {
  const block = usize(s.units) * FLOAT;
  activate(s, INPUT_GATE, z);
  activate(s, CANDIDATE, z + 2 * block);
  if (!isCoupled(s)) {
    activate(s, FORGET_GATE, z + block);
    return;
  }
  for (let at: usize = 0; at < rowBytes; at += VECTOR) {
    v128.store(rowOf(FORGET_GATE) + at, f32x4.sub(f32x4.splat(1), valueOf(INPUT_GATE, at)));
  }
}

/**
 * Forward, from the pre-activations on: replaces h and c.
 *
 * @param z In blocks of U, to which peepholes and bounds are applied.
 * @param h What the units put out.
 * @param own Where these units begin in a row, in bytes.
 * @param count How many there are.
 */
export function computeRow(s: Sequence, z: usize, h: usize, c: usize, own: usize, count: i32): void {
  setUnits(count);
  const block = usize(s.units) * FLOAT;
  const peepholes = s.peepholes + own;
  if (hasPeepholes(s)) {
    multiplyAddRow(z, peepholes, c, units);
    multiplyAddRow(z + block, peepholes + block, c, units);
  }
  if (hasAdditions(s)) for (let gate: usize = 0; gate < 3; gate++) clipRow(z + gate * block, s.gateClip);
  activateUpToCell(s, z);
  fetch(OLD_CELL, c);
  for (let at: usize = 0; at < rowBytes; at += VECTOR) {
    const newC = unboundedCell(at);
    v128.store(rowOf(CELL) + at, hasAdditions(s) ? clip(newC, s.cellClip) : newC);
  }
  copyRow(c, rowOf(CELL), units);
  const o = z + 3 * block;
  if (hasPeepholes(s)) multiplyAddRow(o, peepholes + 2 * block, c, units);
  if (hasAdditions(s)) clipRow(o, s.gateClip);
  writeUnitOutputs(s, h, z, c);
}

/** f ⊙ c + i ⊙ g. */
@inline
function unboundedCell(at: usize): v128 {
  const candidate = f32x4.mul(valueOf(INPUT_GATE, at), valueOf(CANDIDATE, at));
  return multiplyAdd(valueOf(FORGET_GATE, at), valueOf(OLD_CELL, at), candidate);
}

/** o ⊙ φ(c), from the pre-activations, in blocks of U, and the new c. */
export function writeUnitOutputs(s: Sequence, to: usize, z: usize, c: usize): void {
  activate(s, OUTPUT_GATE, z + 3 * usize(s.units) * FLOAT);
  activate(s, CELL, c);
  const outputs = rowOf(CELL);
  for (let at: usize = 0; at < rowBytes; at += VECTOR) {
    v128.store(outputs + at, f32x4.mul(valueOf(OUTPUT_GATE, at), valueOf(CELL, at)));
  }
  copyRow(to, outputs, units);
}

/** o ⊙ φ'(c), likewise. */
export function writeOutputSlope(s: Sequence, to: usize, z: usize, c: usize, count: i32): void {
  setUnits(count);
  activate(s, OUTPUT_GATE, z + 3 * usize(s.units) * FLOAT);
  activate(s, CELL, c);
  const slopes = rowOf(CELL);
  for (let at: usize = 0; at < rowBytes; at += VECTOR) {
    v128.store(slopes + at, f32x4.mul(valueOf(OUTPUT_GATE, at), slopeOf(CELL, at)));
  }
  copyRow(to, slopes, units);
}

function clipRow(row: usize, bound: f32): void {
  for (let n = 0; n < units; n += 4, row += VECTOR) {
    storeLanes(row, clip(loadLanes(row, units - n), bound), units - n);
  }
}

/** The same backward, for `count` units: see `stepBackward`. */
export function differentiateRow(
  s: Sequence,
  at: usize,
  dZ: usize,
  previousC: usize,
  dH: usize,
  dC: usize,
  dOutputs: usize,
  first: i32,
  count: i32,
): void {
  setUnits(count);
  const block = usize(s.units) * FLOAT;
  const own = usize(first) * FLOAT;
  const z = s.savedGates + 4 * at + own;
  at += own;
  dZ += own;
  previousC += own;
  dH += own;
  dC += own;
  activateUpToCell(s, z);
  activate(s, OUTPUT_GATE, z + 3 * block);
  activate(s, CELL, s.cells + at);
  fetch(OLD_CELL, previousC);
  fetch(D_HIDDEN, dH);
  if (dOutputs !== 0) addRow(rowOf(D_HIDDEN), dOutputs + at, units);
  fetch(D_CELL, dC);
  if (s.dCells !== 0) addRow(rowOf(D_CELL), s.dCells + at, units);
  for (let gate = 0; gate < 4; gate++) {
    if (hasAdditions(s)) boundSlopes(s, gate, z + usize(gate) * block);
    if (hasPeepholes(s) && gate < 3) fetch(PEEPHOLES + gate, s.peepholes + own + usize(gate) * block);
    const outside = load<usize>(changetype<usize>(s) + usize(gate) * sizeof<usize>(), offsetof<Sequence>('dI'));
    fetch(D_GATES + gate, outside === 0 ? 0 : outside + at);
  }
  for (let at: usize = 0; at < rowBytes; at += VECTOR) {
    const dh = valueOf(D_HIDDEN, at);
    const dZO = preActivation(OUTPUT_GATE, f32x4.mul(dh, valueOf(CELL, at)), at);
    let dc = f32x4.mul(f32x4.mul(dh, valueOf(OUTPUT_GATE, at)), slopeOf(CELL, at));
    dc = f32x4.add(valueOf(D_CELL, at), dc);
    if (hasPeepholes(s)) dc = multiplyAdd(dZO, valueOf(PEEPHOLES + 2, at), dc);
    if (hasAdditions(s)) {
      // As the forward pass computed it, so that a value at the bound is told from one beyond.
      dc = v128.andnot(dc, f32x4.gt(f32x4.abs(unboundedCell(at)), f32x4.splat(s.cellClip)));
    }
    preActivation(CANDIDATE, f32x4.mul(dc, valueOf(INPUT_GATE, at)), at);
    let di = f32x4.mul(dc, valueOf(CANDIDATE, at));
    const df = f32x4.mul(dc, valueOf(OLD_CELL, at));
    let dZF = i32x4.splat(0);
    if (isCoupled(s)) di = f32x4.sub(di, f32x4.add(df, valueOf(D_GATES + FORGET_GATE, at)));
    else dZF = preActivation(FORGET_GATE, df, at);
    const dZI = preActivation(INPUT_GATE, di, at);
    dc = f32x4.mul(dc, valueOf(FORGET_GATE, at));
    if (hasPeepholes(s)) {
      dc = multiplyAdd(dZI, valueOf(PEEPHOLES, at), dc);
      dc = multiplyAdd(dZF, valueOf(PEEPHOLES + 1, at), dc);
    }
    v128.store(rowOf(D_CELL) + at, fade(dc));
  }
  if (isCoupled(s)) fetch(D_GATES + FORGET_GATE, 0);
  for (let gate = 0; gate < 4; gate++) copyRow(dZ + usize(gate) * block, rowOf(D_GATES + gate), units);
  copyRow(dC, rowOf(D_CELL), units);
  memory.fill(dH, 0, usize(units) * FLOAT);
}

/**
 * From the gradient with respect to a gate, with what arrives from outside, to that of its pre-activation, which takes the
 * latter's place.
 */
@inline
function preActivation(gate: i32, gradient: v128, at: usize): v128 {
  const all = f32x4.add(gradient, valueOf(D_GATES + gate, at));
  const inner = fade(f32x4.mul(all, slopeOf(gate, at)));
  v128.store(rowOf(D_GATES + gate) + at, inner);
  return inner;
}

/** No gradient passes where a pre-activation was beyond its bound, or is at it. */
function boundSlopes(s: Sequence, gate: i32, z: usize): void {
  const slopes = rowOf(QUANTITIES + gate);
  for (let at: usize = 0; at < rowBytes; at += VECTOR) {
    const isBounded = f32x4.ge(f32x4.abs(loadLanes(z + at, units - i32(at / FLOAT))), f32x4.splat(s.gateClip));
    v128.store(slopes + at, v128.andnot(v128.load(slopes + at), isBounded));
  }
}
