import { blockNamesOf, blocksByWeight } from '../weights/by-block.js';
import type { WeightNormsByGate } from '../weights/weight-norms-by-gate.js';

/** The L2 norm of all weights of one gate. */
export function gateNorm(norms: WeightNormsByGate, gate: string): number {
  return Math.hypot(...blocksByWeight(norms).flatMap(([, byBlock]) => byBlock[gate] ?? []));
}

/** The L2 norm of all weights. */
export function layerNorm(norms: WeightNormsByGate): number {
  return Math.hypot(...blockNamesOf(norms).map((gate) => gateNorm(norms, gate)));
}
