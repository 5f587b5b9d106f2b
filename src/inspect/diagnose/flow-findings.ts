import type { FlowStatistics } from '../gradient/flow-types.js';
import { amount, percent } from '../words.js';
import { type Evidence, rounded, unitsWhere } from './evidence.js';
import { type Finding, findingAt } from './finding.js';
import { forgetAdvice } from './gate-findings.js';
import type { DiagnosisThresholds } from './thresholds.js';

/** What is wrong with the gradient as it flows back through time in one LSTM: at most one finding. */
export function flowFindings(evidence: Evidence, thresholds: DiagnosisThresholds): Finding[] {
  const { flow } = evidence;
  if (flow === null || flow.validSteps === 0) return [];
  if (flow.nonFinite.count > 0) return [notFinite(evidence, flow)];
  if (flow.verdict === null) return [notThere(evidence, flow)];
  if (flow.verdict === 'exploding') return [exploding(evidence, flow)];
  return flow.verdict === 'vanishing' ? vanishing(evidence, flow, thresholds) : [];
}

function notFinite({ place }: Evidence, { nonFinite, sentence }: FlowStatistics): Finding {
  return findingAt(place, {
    kind: 'non-finite gradient',
    severity: 'error',
    timestep: nonFinite.firstTimestep,
    evidence: { 'first timestep': nonFinite.firstTimestep as number, count: nonFinite.count },
    message: `${capitalized(sentence)}.`,
    remedy: 'Look for NaN in data and weights first; clip gradients (clipGradients), or lower the learning rate.',
  });
}

/** Of a model that has learnt its samples perfectly there is no gradient either. */
function notThere({ place, learnt }: Evidence, { sentence, loss }: FlowStatistics): Finding {
  return findingAt(place, {
    kind: 'no weight gradient',
    severity: learnt === true ? 'note' : 'warning',
    evidence: { loss: loss ?? 'not finite' },
    message: `${capitalized(sentence)}.`,
    remedy:
      'Check whether a later layer cuts it off: zero weights, an activation in its flat range, or an operation without a gradient.',
  });
}

/**
 * A gradient that fades is harm only where it is the way by which the weights would learn: where the part of the sequence
 * that it does not reach makes up hardly any of the weights' gradient, and the model has been seen not to learn.
 */
function vanishing(evidence: Evidence, flow: FlowStatistics, thresholds: DiagnosisThresholds): Finding[] {
  const { place, forgetBias, learnt } = evidence;
  const { sentence, forgetGateClosed, timesteps } = flow;
  const { stuckFraction, hardlyReached, vanishingGradient } = thresholds;
  const unreached = hardlyReachedSteps(flow, hardlyReached);
  const hasForgetGate = forgetGateClosed.some((fraction) => fraction !== null);
  const isHalf = unreached !== null && 2 * unreached.steps >= unreached.of;
  const way = sizesOnTheWay(flow);
  const t = way.find(([, size]) => size < vanishingGradient)?.[0] ?? lastOf(way);
  const measured = flowEvidence(flow);
  if (unreached !== null) measured["share of the weights' gradient"] = rounded(unreached.share);
  return [
    findingAt(place, {
      kind: 'vanishing gradient',
      severity: learnt === false && isHalf ? 'warning' : 'note',
      gate: hasForgetGate ? 'f' : null,
      units: unitsWhere(forgetGateClosed, (fraction) => fraction > stuckFraction),
      timestep: t,
      evidence: measured,
      message: `${capitalized(sentence)}.${isHalf ? whatIsNotReached(unreached, flow) : whatIsReached(flow, vanishingGradient)}`,
      remedy: `${learnt === true ? 'The model has learnt nevertheless. If it should look further back: ' : ''}${hasForgetGate ? vanishingAdvice(forgetBias, timesteps) : WITHOUT_FORGET_GATE}`,
    }),
  ];
}

/** Timesteps at the start of the way forward that hardly change the weights. */
interface Unreached {
  /** The first processed, and the last. */
  first: number;
  last: number;
  steps: number;
  of: number;
  /** What they make up of the gradient of the weights. */
  share: number;
}

/** The steps from the first processed on that together make up less than a fraction of the gradient of the weights. */
function hardlyReachedSteps({ toWeights, goBackwards }: FlowStatistics, fraction: number): Unreached | null {
  const known = [...toWeights.entries()].filter(([, size]) => size !== null) as [number, number][];
  if (goBackwards) known.reverse();
  const total = known.reduce((sum, [, size]) => sum + size, 0);
  let sum = 0;
  let steps = 0;
  let share = 0;
  for (const [, size] of known) {
    sum += size;
    if (!(sum < fraction * total)) break;
    steps += 1;
    share = sum / total;
  }
  if (steps === 0) return null;
  const [first] = known[0] as [number, number];
  const [last] = known[steps - 1] as [number, number];
  return { first, last, steps, of: known.length, share };
}

function whatIsNotReached({ first, last, of, share }: Unreached, { goBackwards }: FlowStatistics): string {
  const stretch = goBackwards ? `${last} to ${first}` : `${first} to ${last}`;
  return ` Timesteps ${stretch}, of ${of}, together contribute ${percent(share)} of the gradient of its weights: what happens there hardly changes them.`;
}

/** With a loss at many steps the weights learn from all of them, but from each only what happened shortly before. */
function whatIsReached({ retained, lossTerms, toWeights }: FlowStatistics, vanishing: number): string {
  // Of a variant's cell it is not known what a step adds to the gradient of the weights.
  if (toWeights.every((size) => size === null)) return '';
  const steps = retained.filter((left) => left !== null && left >= vanishing).length - 1;
  return lossTerms.filter((size) => size !== null).length > 1
    ? ` The weights learn from every part of the sequence, but each loss term teaches them only about the ${amount(Math.max(steps, 1), 'step')} before it.`
    : ' The weights still learn from every part of the sequence.';
}

const WITHOUT_FORGET_GATE = 'Shorten the sequences, or choose a cell with a forget gate of its own, and open that.';

function vanishingAdvice(forgetBias: number | null, timesteps: number): string {
  return forgetBias !== null && forgetBias > 0.7
    ? `chronoInitializer({ maxTimesteps: ${timesteps} }) opens forget gates further than a bias of 1; an orthogonal recurrent kernel (orthogonalByGateInitializer) helps too.`
    : `${forgetAdvice(forgetBias)} chronoInitializer({ maxTimesteps: ${timesteps} }) does that; an orthogonal recurrent kernel (orthogonalByGateInitializer) helps too.`;
}

function exploding({ place, learnt }: Evidence, flow: FlowStatistics): Finding {
  const way = sizesOnTheWay(flow);
  const tenfold = way.find(([, size]) => size > 10)?.[0];
  return findingAt(place, {
    kind: 'exploding gradient',
    severity: learnt === true ? 'note' : 'warning',
    timestep: tenfold ?? lastOf(way),
    evidence: flowEvidence(flow),
    message: `${capitalized(flow.sentence)}.${tenfold === undefined ? '' : ` It has grown tenfold by timestep ${tenfold}.`}`,
    remedy:
      'Clip gradients: clipGradients(optimizer, { globalNorm: 1 }); start from an orthogonal recurrent kernel (orthogonalByGateInitializer), or shorten the sequences.',
  });
}

/** Evidence of how fast a gradient shrinks or grows; without a fit it does not pass a single step. */
function flowEvidence({ fit, slope, shareThroughCell }: FlowStatistics): Finding['evidence'] {
  if (fit === null || slope === null) return { 'multiplied by': 0 };
  const { attenuation, belowFloat32, steps, halfLife } = fit;
  const evidence: Finding['evidence'] = {
    'log-slope per step': rounded(slope),
    [belowFloat32 ? 'multiplied by less than' : 'multiplied by']: rounded(attenuation),
    'over steps': steps,
  };
  if (halfLife !== null) evidence['half-life or doubling time'] = rounded(halfLife);
  const shares = shareThroughCell.filter((share) => share !== null);
  if (shares.length > 0) {
    evidence['share through the cell'] = rounded(shares.reduce((sum, one) => sum + one, 0) / shares.length);
  }
  return evidence;
}

/** A gradient of size 1 on its way back from the last step processed: each timestep that it crosses, and its size then. */
function sizesOnTheWay({ gain, goBackwards }: FlowStatistics): [t: number, size: number][] {
  const crossed = [...gain.entries()].filter(([, factor]) => factor !== null) as [number, number][];
  if (!goBackwards) crossed.reverse();
  let size = 1;
  return crossed.map(([t, factor]) => {
    size *= factor;
    return [t, size];
  });
}

/** The end of a way. */
function lastOf(way: [t: number, size: number][]): number {
  return (way.at(-1) as [number, number])[0];
}

function capitalized(sentence: string): string {
  return sentence.charAt(0).toUpperCase() + sentence.slice(1);
}
