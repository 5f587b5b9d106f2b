import type { FusedProblem } from './fused-kernel.js';

/**
 * Why no fused kernel computes these equations, or none that runs no additions to them; null where one may.
 */
export function refusalOfEquations(
  { activation, recurrentActivation, additions = [] }: FusedProblem,
  runsAdditions = false,
): string | null {
  if (activation !== 'tanh') return `no fused kernel supports the activation '${activation}'`;
  if (recurrentActivation !== 'sigmoid' && recurrentActivation !== 'hardSigmoid') {
    return `no fused kernel supports the recurrentActivation '${recurrentActivation}'`;
  }
  return runsAdditions || additions.length === 0
    ? null
    : `no fused kernel of this backend runs ${additions.join(', ')}`;
}
