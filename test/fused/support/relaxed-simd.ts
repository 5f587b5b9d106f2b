import { setFlagsFromString } from 'node:v8';
import { RELAXED_SIMD } from '../../../src/fused/wasm/binaries.js';
import { bytesOf } from '../../../src/fused/wasm/module.js';

export function isRelaxedSimdValid(): boolean {
  return WebAssembly.validate(bytesOf(RELAXED_SIMD));
}

/** Lets this process run relaxed SIMD, which Node 20 knows but keeps behind a flag. */
export function allowRelaxedSimd(): void {
  if (!isRelaxedSimdValid()) setFlagsFromString('--experimental-wasm-relaxed-simd');
  expect(isRelaxedSimdValid()).toBe(true);
}
