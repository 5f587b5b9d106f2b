import { clipToUnit, gateDerivative, tanh, tanhDerivative } from './activations';
import { maskedOut, Sequence, timestepOf } from './sequence';
import { addRow, FLOAT, loadLanes, storeLanes } from './vectors';
import { constants } from './workspace';

/** WebAssembly cannot flush subnormals, which are some hundred times slower: what has faded below this is 0. */
const FADED: f32 = 1e-30;

/**
 * One timestep of the backward pass, up to the pre-activations.
 *
 * @param dH Gradient with respect to the states after the step, [B, U]. Becomes, for those before it, the part that does
 *   not pass through the pre-activations: 0 for h, or all of it at a masked step.
 */
export function stepBackward(s: Sequence, n: i32, dH: usize, dC: usize): void {
  const unitBytes = usize(s.units) * FLOAT;
  for (let sample = 0; sample < s.batch; sample++) {
    const at = usize(sample * s.timesteps + n) * unitBytes;
    const dZ = s.dZ + usize(sample * s.timesteps + timestepOf(s, n)) * 4 * unitBytes;
    if (maskedOut(s, sample, n)) {
      memory.fill(dZ, 0, 4 * unitBytes);
      if (s.dOutputs !== 0 && !s.zeroOutputForMask) addRow(dH, s.dOutputs + at, s.units);
      if (s.dCells !== 0) addRow(dC, s.dCells + at, s.units);
    } else {
      const previousC = n > 0 ? s.cells + at - unitBytes : s.c0 + usize(sample) * unitBytes;
      if (s.hardSigmoid) computeRow(s, at, dZ, previousC, dH, dC, true);
      else computeRow(s, at, dZ, previousC, dH, dC, false);
    }
    dH += unitBytes;
    dC += unitBytes;
  }
}

@inline
function computeRow(s: Sequence, at: usize, dZ: usize, previousC: usize, dH: usize, dC: usize, hard: bool): void {
  const units = s.units;
  let u = 0;
  for (; u + 4 <= units; u += 4) computeLanes(s, at, dZ, previousC, dH, dC, usize(u) * FLOAT, 4, hard);
  if (u < units) computeLanes(s, at, dZ, previousC, dH, dC, usize(u) * FLOAT, units - u, hard);
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

/** Adds the gradient that comes from outside, where there is one. */
@inline
function plus(gradient: v128, outside: usize, at: usize, lanes: i32): v128 {
  return outside === 0 ? gradient : f32x4.add(gradient, loadLanes(outside + at, lanes));
}

// andnot of "is small", and not and of "is large": NaN is neither, and must stay.
@inline
function fade(gradient: v128): v128 {
  return v128.andnot(gradient, f32x4.lt(f32x4.abs(gradient), f32x4.splat(FADED)));
}
