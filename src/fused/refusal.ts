import type { FusedProblem } from './fused-kernel.js';

/**
 * Why a fused kernel does not compute these equations; null where it may.
 *
 * @param activations By name, those that it knows.
 */
export function refusalOfEquations(
  { activation, recurrentActivation, additions = [] }: FusedProblem,
  activations: object,
  runsAdditions = false,
): string | null {
  if (!Object.hasOwn(activations, activation)) return `no fused kernel supports the activation '${activation}'`;
  if (!Object.hasOwn(activations, recurrentActivation)) {
    return `no fused kernel supports the recurrentActivation '${recurrentActivation}'`;
  }
  return runsAdditions || additions.length === 0
    ? null
    : `no fused kernel of this backend runs ${additions.join(', ')}`;
}
