import { unitList } from '../words.js';
import type { FlowStatistics } from './flow-types.js';

/** A unit's forget gate is closed where it is so at more than this fraction of the steps. */
const MOSTLY = 0.9;
const RATHER = 0.5;

/** What a flow means, in words. */
export function flowSentence(statistics: Omit<FlowStatistics, 'sentence'>): string {
  const { validSteps, nonFinite, verdict } = statistics;
  if (validSteps === 0) return 'every step is masked: there is nothing for a gradient to pass through';
  if (nonFinite.count > 0)
    return `gradients are not finite from timestep ${nonFinite.firstTimestep} on, going back in time`;
  if (verdict === null) return "no gradient: the loss does not depend on this layer's output";
  const gates = closedGates(statistics);
  return [behaviour(statistics), ...(gates === null ? [] : [gates])].join('; ');
}

function behaviour({ fit, slope, verdict }: Omit<FlowStatistics, 'sentence'>): string {
  if (fit === null || slope === null) return 'gradient does not pass a single step back: it is exactly 0 before it';
  const { attenuation, halfLife, steps } = fit;
  const over = `over ${steps} ${steps === 1 ? 'step' : 'steps'}`;
  if (verdict === 'healthy') return `gradient is multiplied by ${short(attenuation)} ${over}`;
  const verb = slope < 0 ? 'halves' : 'doubles';
  const rate = halfLife === null ? 'gradient keeps its size' : `gradient ${verb} every ${short(halfLife)} steps`;
  if (attenuation === 0) return `${rate}, and is exactly 0 before timestep ${fit.first}`;
  return `${rate}, to ${short(attenuation)} of its size ${over}`;
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

function percent(fraction: number): string {
  return `${Math.round(100 * fraction)}%`;
}

/** Two significant digits, as nobody hears more. */
function short(value: number): string {
  const written = Number(value.toPrecision(2));
  return written !== 0 && (Math.abs(written) < 1e-3 || Math.abs(written) >= 1e4)
    ? written.toExponential().replace('e+', 'e')
    : String(written);
}
