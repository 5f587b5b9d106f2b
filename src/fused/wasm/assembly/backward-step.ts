import { clipToUnit, gateDerivative, sigmoid, tanh, tanhDerivative, unclippedHardSigmoid } from './activations';
import { hasAdditions, maskedOut, Sequence, timestepOf } from './sequence';
import { addRow, FLOAT, loadLanes, multiplyAdd, storeLanes, VECTOR } from './vectors';
import { constants } from './workspace';

/** WebAssembly cannot flush subnormals, which are some hundred times slower: what has faded below this is 0. */
const FADED: f32 = 1e-30;

/** Where the values are that the gates take at the bounds of the pre-activations. */
let bounds: usize = 0;
const LEAST_GATE: usize = 0 * VECTOR;
const MOST_GATE: usize = 1 * VECTOR;
const LEAST_CANDIDATE: usize = 2 * VECTOR;
const MOST_CANDIDATE: usize = 3 * VECTOR;
export const BOUNDS_BYTES: usize = 4 * VECTOR;

/** To be called once a run whose step has additions. */
export function writeBounds(s: Sequence, address: usize): void {
  bounds = address;
  const most = f32x4.splat(s.gateClip);
  const least = f32x4.splat(-s.gateClip);
  v128.store(bounds, gateAt(s, least), LEAST_GATE);
  v128.store(bounds, gateAt(s, most), MOST_GATE);
  v128.store(bounds, tanh(least, constants), LEAST_CANDIDATE);
  v128.store(bounds, tanh(most, constants), MOST_CANDIDATE);
}

function gateAt(s: Sequence, z: v128): v128 {
  return s.hardSigmoid ? unclippedHardSigmoid(z, constants) : sigmoid(z, constants);
}

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
    const at = usize(sample * s.timesteps + n) * unitBytes;
    const dZ = s.dZ + usize(sample * s.timesteps + timestepOf(s, n)) * 4 * unitBytes;
    if (maskedOut(s, sample, n)) {
      for (let gate: usize = 0; gate < 4; gate++) memory.fill(dZ + gate * unitBytes + own, 0, usize(units) * FLOAT);
      if (dOutputs !== 0 && !s.zeroOutputForMask) addRow(dH + own, dOutputs + at + own, units);
      if (s.dCells !== 0) addRow(dC + own, s.dCells + at + own, units);
    } else {
      const previousC = n > 0 ? s.cells + at - unitBytes : s.c0 + usize(sample) * unitBytes;
      if (hasAdditions(s)) computeRowWithAdditions(s, at, dZ, previousC, dH, dC, dOutputs, first, end);
      else if (s.hardSigmoid) computeRow(s, at, dZ, previousC, dH, dC, first, end, true);
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

/** The row of a cell with more than the six equations. */
function computeRowWithAdditions(
  s: Sequence,
  at: usize,
  dZ: usize,
  previousC: usize,
  dH: usize,
  dC: usize,
  dOutputs: usize,
  first: i32,
  end: i32,
): void {
  const block = usize(s.units) * FLOAT;
  const hard = s.hardSigmoid !== 0;
  for (let u = first; u < end; u += 4) {
    const lanes = end - u;
    const unit = usize(u) * FLOAT;
    const here = at + unit;
    const saved = s.savedGates + 4 * at + unit;
    const savedI = loadLanes(saved, lanes);
    const savedF = loadLanes(saved + block, lanes);
    const g = loadLanes(saved + 2 * block, lanes);
    const savedO = loadLanes(saved + 3 * block, lanes);
    const i = hard ? clipToUnit(savedI, constants) : savedI;
    const f = hard ? clipToUnit(savedF, constants) : savedF;
    const o = hard ? clipToUnit(savedO, constants) : savedO;
    const oldC = loadLanes(previousC + unit, lanes);
    const tanhC = tanh(loadLanes(s.cells + here, lanes), constants);

    const dh = plus(loadLanes(dH + unit, lanes), dOutputs, here, lanes);
    const dO = plus(f32x4.mul(dh, tanhC), s.dO, here, lanes);
    const dZO = gatePreActivation(dO, savedO, hard);
    let dc = plus(loadLanes(dC + unit, lanes), s.dCells, here, lanes);
    dc = f32x4.add(dc, f32x4.mul(f32x4.mul(dh, o), tanhDerivative(tanhC, constants)));
    if (s.peepholes !== 0) dc = multiplyAdd(dZO, loadLanes(s.peepholes + 2 * block + unit, lanes), dc);
    // As the forward pass computed it, so that a value at the bound is told from one beyond.
    const unclippedC = multiplyAdd(f, oldC, f32x4.mul(i, g));
    dc = v128.andnot(dc, f32x4.gt(f32x4.abs(unclippedC), f32x4.splat(s.cellClip)));

    let di = plus(f32x4.mul(dc, g), s.dI, here, lanes);
    let df = plus(f32x4.mul(dc, oldC), s.dF, here, lanes);
    if (s.isCoupled) {
      di = f32x4.sub(di, df);
      df = i32x4.splat(0);
    }
    const dg = f32x4.mul(plus(f32x4.mul(dc, i), s.dG, here, lanes), tanhDerivative(g, constants));
    const dZI = gatePreActivation(di, savedI, hard);
    const dZF = gatePreActivation(df, savedF, hard);
    const dZG = fade(within(dg, g, LEAST_CANDIDATE));
    dc = f32x4.mul(dc, f);
    if (s.peepholes !== 0) {
      dc = multiplyAdd(dZI, loadLanes(s.peepholes + unit, lanes), dc);
      dc = multiplyAdd(dZF, loadLanes(s.peepholes + block + unit, lanes), dc);
    }
    storeLanes(dZ + unit, dZI, lanes);
    storeLanes(dZ + block + unit, dZF, lanes);
    storeLanes(dZ + 2 * block + unit, dZG, lanes);
    storeLanes(dZ + 3 * block + unit, dZO, lanes);
    storeLanes(dC + unit, fade(dc), lanes);
    storeLanes(dH + unit, i32x4.splat(0), lanes);
  }
}

/** From the gradient with respect to a gate to that of its pre-activation. */
@inline
function gatePreActivation(gradient: v128, saved: v128, hard: bool): v128 {
  return fade(within(f32x4.mul(gradient, gateDerivative(saved, hard, constants)), saved, LEAST_GATE));
}

/** 0 where the pre-activation was beyond its bound, or at it. */
@inline
function within(gradient: v128, value: v128, least: usize): v128 {
  const isBelow = f32x4.le(value, v128.load(bounds + least));
  return v128.andnot(gradient, v128.or(isBelow, f32x4.ge(value, v128.load(bounds + least, VECTOR))));
}

/** Adds the gradient that comes from outside, where there is one. */
@inline
function plus(gradient: v128, outside: usize, at: usize, lanes: i32): v128 {
  return outside === 0 ? gradient : f32x4.add(gradient, loadLanes(outside + at, lanes));
}

// andnot of "is small", and not and of "is large": NaN is neither, and must stay.
@inline
export function fade(gradient: v128): v128 {
  return v128.andnot(gradient, f32x4.lt(f32x4.abs(gradient), f32x4.splat(FADED)));
}
