import { amount, percent, shortNumber, unitList } from '../words.js';
import type { FlowStatistics } from './flow-types.js';

/** A unit's forget gate is closed where it is so at more than this fraction of the steps. */
const MOSTLY = 0.9;
const RATHER = 0.5;

/**
 * What a flow means, in words.
 *
 * @param followed What the gains are of, if the loss has terms at several steps.
 */
export function flowSentence(
  statistics: Omit<FlowStatistics, 'sentence'>,
  followed: 'last term' | 'all terms',
): string {
  const { validSteps, nonFinite, verdict, dh, dc } = statistics;
  if (validSteps === 0) return 'every step is masked: there is nothing for a gradient to pass through';
  if (nonFinite.count > 0)
    return `gradients are not finite from timestep ${nonFinite.firstTimestep} on, going back in time`;
  if (verdict === null) {
    const isThere = [...dh, ...dc].some((size) => size !== null && size > 0);
    return isThere
      ? 'the gradient that reaches this layer is below what float32 can hold'
      : "no gradient: the loss does not depend on this layer's output";
  }
  const gates = closedGates(statistics);
  const sentence = `${whose(statistics, followed)} ${behaviour(statistics)}`;
  return gates === null ? sentence : `${sentence}; ${gates}`;
}

/** Where the loss looks at several steps, its last term is meant, if it can be told apart: what has a long way to go. */
function whose({ lossTerms }: Omit<FlowStatistics, 'sentence'>, followed: 'last term' | 'all terms'): string {
  const steps = lossTerms.filter((size) => size !== null).length;
  if (steps < 2) return 'gradient';
  return followed === 'last term'
    ? `gradient of the last of ${steps} loss terms`
    : `gradient of all ${steps} loss terms`;
}

function behaviour({ fit, slope, verdict }: Omit<FlowStatistics, 'sentence'>): string {
  if (fit === null || slope === null) return 'does not survive a single step back: before that step it is exactly 0';
  const { attenuation, belowFloat32, halfLife, steps } = fit;
  const size = shortNumber(attenuation, 2);
  const over = `over ${amount(steps, 'step')}`;
  if (verdict === 'healthy') return `is multiplied by ${size} ${over}`;
  const rate =
    halfLife === null
      ? 'keeps its size'
      : `${slope < 0 ? 'halves' : 'doubles'} every ${shortNumber(halfLife, 2)} steps`;
  if (attenuation === 0) return `${rate}, and is exactly 0 before timestep ${fit.first}`;
  if (belowFloat32) return `${rate}, to less than ${size} of its size ${over}, and is then below what float32 can hold`;
  return `${rate}, to ${size} of its size ${over}`;
}

function closedGates({ forgetGateClosed, units, verdict }: Omit<FlowStatistics, 'sentence'>): string | null {
  const closed = forgetGateClosed.map((fraction, unit) => ({ unit, fraction: fraction ?? 0 }));
  const mostly = closed.filter(({ fraction }) => fraction > MOSTLY).map(({ unit }) => unit);
  if (mostly.length > 1) {
    const list = unitList(mostly, units);
    return `forget gates are closed more than ${percent(MOSTLY)} of the time in ${list}`;
  }
  const [most] = closed.sort((a, b) => b.fraction - a.fraction);
  const isWorthSaying = most !== undefined && most.fraction > (verdict === 'vanishing' ? RATHER : MOSTLY);
  return isWorthSaying ? `unit ${most.unit}'s forget gate is closed ${percent(most.fraction)} of the time` : null;
}
