import { loadLanes } from './vectors';

/** WebAssembly cannot flush subnormals, which are some hundred times slower: what has faded below this is 0. */
const FADED: f32 = 1e-30;

/** Adds the gradient that comes from outside, where there is one. */
@inline
export function plus(gradient: v128, outside: usize, at: usize, lanes: i32): v128 {
  return outside === 0 ? gradient : f32x4.add(gradient, loadLanes(outside + at, lanes));
}

// andnot of "is small", and not and of "is large": NaN is neither, and must stay.
@inline
export function fade(gradient: v128): v128 {
  return v128.andnot(gradient, f32x4.lt(f32x4.abs(gradient), f32x4.splat(FADED)));
}
