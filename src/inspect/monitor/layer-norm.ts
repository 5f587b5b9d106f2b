import { GATE_NAMES, type GateName } from '../../core/gates.js';
import type { WeightNormsByGate } from '../weights/weight-norms-by-gate.js';

/** The L2 norm of all weights of one gate. */
export function gateNorm({ kernel, recurrentKernel, bias }: WeightNormsByGate, gate: GateName): number {
  return Math.hypot(kernel[gate], recurrentKernel[gate], bias?.[gate] ?? 0);
}

/** The L2 norm of all weights. */
export function layerNorm(norms: WeightNormsByGate): number {
  return Math.hypot(...GATE_NAMES.map((gate) => gateNorm(norms, gate)));
}
