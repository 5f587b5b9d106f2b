import { RELAXED_SIMD, SIMD } from './binaries-with-additions.js';
import { provideBuild } from './module.js';

/**
 * Lets the wasm kernel compute peepholes, coupled gates, clips and projections. To be called by what makes cells with such
 * steps: pages without them are spared the size of these builds.
 */
export function provideAdditions(): void {
  provideBuild('simd with additions', SIMD);
  provideBuild('relaxed-simd with additions', RELAXED_SIMD);
}
