import type { FlowStatistics } from '../gradient/flow-types.js';
import { rounded, unitsWhere } from './evidence.js';
import type { Finding, Place } from './finding.js';
import type { DiagnosisThresholds } from './thresholds.js';

/** What is wrong with the gradient as it flows back through time in one LSTM: at most one finding. */
export function flowFindings(place: Place, statistics: FlowStatistics, thresholds: DiagnosisThresholds): Finding[] {
  const { nonFinite, verdict } = statistics;
  if (nonFinite.count > 0) return [notFinite(place, statistics)];
  if (verdict === 'exploding') return [exploding(place, statistics)];
  if (verdict === 'vanishing') return [vanishing(place, statistics, thresholds)];
  return [];
}

function notFinite(place: Place, { nonFinite, sentence }: FlowStatistics): Finding {
  return {
    ...{ kind: 'non-finite gradient', severity: 'error', ...place, gate: null, units: [] },
    evidence: { 'first timestep': nonFinite.firstTimestep as number, count: nonFinite.count },
    message: `${capitalized(sentence)}.`,
    remedy: 'Look for NaN in data and weights first; clip gradients (clipGradients), or lower the learning rate.',
  };
}

function vanishing(
  place: Place,
  statistics: FlowStatistics,
  { vanishingGradient, stuckFraction }: DiagnosisThresholds,
): Finding {
  const { sentence, forgetGateClosed, timesteps } = statistics;
  const units = unitsWhere(forgetGateClosed, (fraction) => fraction > stuckFraction);
  const t = timestepWhere(statistics, (size) => size < vanishingGradient);
  return {
    ...{ kind: 'vanishing gradient', severity: 'warning', ...place, gate: 'f', units },
    evidence: { ...flowEvidence(statistics), 'at timestep': t },
    message: `${capitalized(sentence)}. What happened at timestep ${t} or was processed before it hardly changes the weights.`,
    remedy: `Open the forget gates from the start: forgetBiasInitializer, or chronoInitializer({ maxTimesteps: ${timesteps} }); an orthogonal recurrent kernel (orthogonalByGateInitializer) helps too.`,
  };
}

function exploding(place: Place, statistics: FlowStatistics): Finding {
  const { sentence } = statistics;
  const t = timestepWhere(statistics, (size) => size > 10);
  return {
    ...{ kind: 'exploding gradient', severity: 'warning', ...place, gate: null, units: [] },
    evidence: { ...flowEvidence(statistics), 'at timestep': t },
    message: `${capitalized(sentence)}. It has grown tenfold at timestep ${t}.`,
    remedy:
      'Clip gradients: clipGradients(optimizer, { globalNorm: 1 }); start from an orthogonal recurrent kernel (orthogonalByGateInitializer), or shorten the sequences.',
  };
}

/** Evidence of how fast a gradient shrinks or grows; without a fit it does not pass a single step. */
function flowEvidence({ fit, slope, shareThroughCell }: FlowStatistics): Finding['evidence'] {
  if (fit === null || slope === null) return { 'multiplied by': 0 };
  const { attenuation, steps, halfLife } = fit;
  const shares = shareThroughCell.filter((share) => share !== null);
  const share = shares.reduce((sum, one) => sum + one, 0) / shares.length;
  return {
    ...{ 'log-slope per step': rounded(slope), 'multiplied by': rounded(attenuation), 'over steps': steps },
    ...(halfLife !== null && { 'half-life or doubling time': rounded(halfLife) }),
    ...(shares.length > 0 && { 'share through the cell': rounded(share) }),
  };
}

/**
 * The timestep at which a gradient of size 1, on its way back from the last step processed, has a size for which
 * something holds; the end of the way if it never does.
 */
function timestepWhere({ gain, goBackwards }: FlowStatistics, holds: (size: number) => boolean): number {
  const crossed = [...gain.entries()].filter(([, factor]) => factor !== null) as [number, number][];
  if (!goBackwards) crossed.reverse();
  let size = 1;
  for (const [t, factor] of crossed) {
    size *= factor;
    if (holds(size)) return t;
  }
  return (crossed.at(-1) as [number, number])[0];
}

function capitalized(sentence: string): string {
  return sentence.charAt(0).toUpperCase() + sentence.slice(1);
}
