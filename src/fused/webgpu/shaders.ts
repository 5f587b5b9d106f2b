import { type ActivationsOfProgram, GPU_ACTIVATIONS, needPreActivations } from '../gpu-activations.js';

// Regions of the tensors, in units of [B, U]: what the forward pass leaves holds the last h and c; where steps are kept h0 and
// c0, and h of every step; where all is kept c, i, f, g and o of every step, and the pre-activations where derivatives take
// them; where outputs are 0 at masked steps these, and
// the last one. Each is [B, T, U] in processing order. What the backward pass leaves: dZ, [B, T, 4U] by the input's
// timestep; dH0 and dC0; the h before each step, [B, T, U] by the input's timestep.

/** What a program is made for: it serves any batch and any number of timesteps. */
export interface Variant extends ActivationsOfProgram {
  units: number;
  /** In a workgroup. Each has the units that are so far apart. */
  threads: number;
  /** Samples of a workgroup. */
  rows: number;
  isMasked: boolean;
  /** Whether h has dropout. */
  isDropped: boolean;
  /** Whether outputs are 0 at masked steps. */
  isZeroed: boolean;
}

const begin = ({ units, threads, rows, activation, recurrentActivation, isMasked }: Variant) => `
const U = ${units};
const THREADS = ${threads};
const ROWS = ${rows};
const PER = ${Math.ceil(units / threads)};
fn sigma(x: f32) -> f32 { return ${GPU_ACTIVATIONS[recurrentActivation].value}; }
fn sigmaSlope(x: f32, y: f32) -> f32 { return ${GPU_ACTIVATIONS[recurrentActivation].slope}; }
fn phi(x: f32) -> f32 { return ${GPU_ACTIVATIONS[activation].value}; }
fn phiSlope(x: f32, y: f32) -> f32 { return ${GPU_ACTIVATIONS[activation].slope}; }
fn timeOf(n: i32) -> i32 { return select(n, uniforms.sizes.y - 1 - n, uniforms.place.x == 1); }
fn isValid(b: i32, t: i32) -> bool { return ${isMasked ? 'mask[b * uniforms.sizes.y + t] != 0' : 'true'}; }
`;

/** @param keeps How much of every step is kept. */
export const forward = (variant: Variant, keeps: 'nothing' | 'h' | 'all') => `${begin(variant)}
var<workgroup> hidden: array<f32, ROWS * U>;
fn main(index: i32) {
  let lane = i32(localIndex);
  let base = index / THREADS * ROWS;
  let B = uniforms.sizes.x;
  let T = uniforms.sizes.y;
  let first = uniforms.sizes.z;
  let BU = B * U;
  var h: array<f32, PER * ROWS>;
  var c: array<f32, PER * ROWS>;
  for (var p = 0; p < PER; p++) {
    let u = lane + p * THREADS;
    for (var r = 0; r < ROWS; r++) {
      let at = (base + r) * U + u;
      if (u < U && base + r < B) {
        let h0Value = h0[at];
        let c0Value = c0[at];
        h[p * ROWS + r] = select(result[at], h0Value, first == 0);
        c[p * ROWS + r] = select(result[BU + at], c0Value, first == 0);
        ${keeps === 'nothing' ? '' : 'result[2 * BU + at] = h0Value; result[3 * BU + at] = c0Value;'}
      }
      if (u < U) { hidden[r * U + u] = h[p * ROWS + r]; }
    }
  }
  for (var n = first; n < uniforms.sizes.w; n++) {
    let t = timeOf(n);
    workgroupBarrier();
    for (var p = 0; p < PER; p++) {
      let u = lane + p * THREADS;
      if (u < U) {
        var z: array<vec4<f32>, ROWS>;
        for (var r = 0; r < ROWS; r++) {
          let at = (min(base + r, B - 1) * T + t) * 4 * U + u;
          z[r] = vec4<f32>(projected[at], projected[at + U], projected[at + 2 * U], projected[at + 3 * U]);
        }
        for (var k = 0; k < U; k++) {
          let weights = recurrent[k * U + u];
          for (var r = 0; r < ROWS; r++) {
            z[r] += hidden[r * U + k] * weights${variant.isDropped ? ' * dropout[min(base + r, B - 1) * U + k]' : ''};
          }
        }
        for (var r = 0; r < ROWS; r++) {
          let b = base + r;
          if (b < B) {
            let j = p * ROWS + r;
            let i = sigma(z[r].x);
            let f = sigma(z[r].y);
            let g = phi(z[r].z);
            let o = sigma(z[r].w);
            let next = f * c[j] + i * g;
            let valid = isValid(b, t);
            h[j] = select(h[j], o * phi(next), valid);
            c[j] = select(c[j], next, valid);
            let at = (b * T + n) * U + u;
            let region = T * BU;
            ${keeps === 'nothing' ? '' : 'result[4 * BU + at] = h[j];'}
            ${
              keeps === 'all'
                ? `
            result[4 * BU + region + at] = c[j];
            result[4 * BU + 2 * region + at] = select(0., i, valid);
            result[4 * BU + 3 * region + at] = select(0., f, valid);
            result[4 * BU + 4 * region + at] = select(0., g, valid);
            result[4 * BU + 5 * region + at] = select(0., o, valid);`
                : ''
            }
            ${
              keeps === 'all' && needPreActivations(variant)
                ? `
            result[4 * BU + 6 * region + at] = z[r].x;
            result[4 * BU + 7 * region + at] = z[r].y;
            result[4 * BU + 8 * region + at] = z[r].z;
            result[4 * BU + 9 * region + at] = z[r].w;`
                : ''
            }
            ${
              variant.isZeroed
                ? `
            let output = select(0., h[j], valid);
            result[uniforms.place.y * BU + at] = output;
            result[(uniforms.place.y + T) * BU + b * U + u] = output;`
                : ''
            }
          }
        }
      }
    }
    workgroupBarrier();
    for (var p = 0; p < PER; p++) {
      let u = lane + p * THREADS;
      for (var r = 0; r < ROWS; r++) {
        if (u < U) { hidden[r * U + u] = h[p * ROWS + r]; }
      }
    }
  }
  for (var p = 0; p < PER; p++) {
    let u = lane + p * THREADS;
    for (var r = 0; r < ROWS; r++) {
      let at = (base + r) * U + u;
      if (u < U && base + r < B) {
        result[at] = h[p * ROWS + r];
        result[BU + at] = c[p * ROWS + r];
      }
    }
  }
}
`;

/** From the gradients of the last output, h and c ('ends', [3, B, U]) back; with those of outputs, and of gates and c. */
export const backward = (
  variant: Variant,
  hasOutputs: boolean,
  hasGates: boolean,
  readsZ = needPreActivations(variant),
) => `${begin(variant)}
var<workgroup> dz: array<vec4<f32>, U>;
fn main(index: i32) {
  let lane = i32(localIndex);
  let b = index / THREADS;
  let B = uniforms.sizes.x;
  let T = uniforms.sizes.y;
  let last = uniforms.sizes.w;
  let BU = B * U;
  let states = 4 * T * BU;
  var dh: array<f32, PER>;
  var dc: array<f32, PER>;
  for (var p = 0; p < PER; p++) {
    let u = lane + p * THREADS;
    let at = b * U + u;
    if (u < U && b < B) {
      if (last == T) {
        dh[p] = ends[BU + at];
        dc[p] = ends[2 * BU + at];
        if (${variant.isZeroed ? 'isValid(b, timeOf(T - 1))' : 'true'}) { dh[p] += ends[at]; }
      } else {
        dh[p] = result[states + at];
        dc[p] = result[states + BU + at];
      }
    }
  }
  for (var n = last - 1; n >= uniforms.sizes.z; n--) {
    let t = timeOf(n);
    for (var p = 0; p < PER; p++) {
      let u = lane + p * THREADS;
      if (u < U && b < B) {
        let at = (b * T + n) * U + u;
        let region = T * BU;
        let base = 4 * BU + at;
        let valid = isValid(b, t);
        let i = saved[base + 2 * region];
        let f = saved[base + 3 * region];
        let g = saved[base + 4 * region];
        let o = saved[base + 5 * region];
        let cAfter = saved[base + region];
        let c = phi(cAfter);
        ${['I', 'F', 'G', 'O'].map((gate, n) => `let z${gate} = ${readsZ ? `saved[base + ${6 + n} * region]` : '0.'};`).join('\n        ')}
        let slopes = vec4<f32>(sigmaSlope(zI, i), sigmaSlope(zF, f), phiSlope(zG, g), sigmaSlope(zO, o));
        let hBefore = saved[select(base - U, 2 * BU + b * U + u, n == 0)];
        let cBefore = saved[select(base + region - U, 3 * BU + b * U + u, n == 0)];
        ${hasOutputs ? `dh[p] += ${variant.isZeroed ? 'select(0., outputs[at], valid)' : 'outputs[at]'};` : ''}
        ${hasGates ? 'dc[p] += gates[(b * T + n) * 5 * U + 4 * U + u];' : ''}
        let total = dc[p] + dh[p] * o * phiSlope(cAfter, c);
        var d = vec4<f32>(total * g, total * cBefore, total * i, dh[p] * c);
        ${
          hasGates
            ? `
        let gate = (b * T + n) * 5 * U + u;
        d += vec4<f32>(gates[gate], gates[gate + U], gates[gate + 2 * U], gates[gate + 3 * U]);`
            : ''
        }
        d = select(vec4<f32>(0.), d * slopes, valid);
        dz[u] = d;
        let to = (b * T + t) * 4 * U + u;
        result[to] = d.x;
        result[to + U] = d.y;
        result[to + 2 * U] = d.z;
        result[to + 3 * U] = d.w;
        result[states + 2 * BU + (b * T + t) * U + u] = hBefore;
        dh[p] = select(dh[p], 0., valid);
        dc[p] = select(dc[p], total * f, valid);
      }
    }
    workgroupBarrier();
    for (var p = 0; p < PER; p++) {
      let u = lane + p * THREADS;
      if (u < U && b < B) {
        var sum = vec4<f32>(0.);
        for (var k = 0; k < U; k++) { sum += dz[k] * recurrent[k * U + u]; }
        dh[p] += dot(sum, ${variant.isDropped ? 'dropout[b * U + u]' : 'vec4<f32>(1.)'});
      }
    }
    workgroupBarrier();
  }
  for (var p = 0; p < PER; p++) {
    let u = lane + p * THREADS;
    if (u < U && b < B) {
      result[states + b * U + u] = dh[p];
      result[states + BU + b * U + u] = dc[p];
    }
  }
}
`;
