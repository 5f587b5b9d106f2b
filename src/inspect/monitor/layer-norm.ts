import { GATE_NAMES, type GateName } from '../../core/gates.js';
import { weightsOf } from '../../core/weights.js';
import type { WeightNormsByGate } from '../weights/weight-norms-by-gate.js';

/** The L2 norm of all weights of one gate. */
export function gateNorm(norms: WeightNormsByGate, gate: GateName): number {
  return Math.hypot(...weightsOf(norms).map((byGate) => byGate[gate]));
}

/** The L2 norm of all weights. */
export function layerNorm(norms: WeightNormsByGate): number {
  return Math.hypot(...GATE_NAMES.map((gate) => gateNorm(norms, gate)));
}
