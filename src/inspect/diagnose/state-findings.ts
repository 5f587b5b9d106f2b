import { staysWithin } from '../../core/activations.js';
import { gateSummariesOf, memoryHorizonOf } from '../statistics/layer-statistics.js';
import { isWithinStep, lowerMedian, medianHorizon, percent, shortNumber, unitList } from '../words.js';
import { type Evidence, meanOver, rounded, unitsWhere } from './evidence.js';
import { type Finding, findingAt } from './finding.js';
import { forgetAdvice, severityOf, stuckUnits } from './gate-findings.js';
import type { DiagnosisThresholds } from './thresholds.js';

/** Candidates and states that are at their limit, units that do nothing, and memory that is too short. */
export function stateFindings(evidence: Evidence, thresholds: DiagnosisThresholds): Finding[] {
  const { statistics, activity } = evidence;
  // φ ends at 1, so that a value near it says that there is no gradient left.
  const bounded = staysWithin(statistics.activation, [-1, 1]);
  const explained = ['i', 'o'] as const;
  const stuck = explained.flatMap((gate) => {
    const { closed, withoutGradient } = stuckUnits(evidence, thresholds, gate);
    return [...closed, ...withoutGradient];
  });
  // What h is a projection of is not to be seen of it unit by unit.
  const isOfUnits = activity.rangeOfH.length === statistics.units;
  // At a single step nothing varies.
  const isTold = statistics.validSteps > 1;
  const constant = activity.rangeOfH.map((range, unit) =>
    isTold && !(isOfUnits && stuck.includes(unit)) ? range : null,
  );
  // Where there is a normalizer, h depends on how large c is beside it.
  const isNormalized = 'n' in statistics.nonFinite;
  return [
    ...unscaledInput(evidence, thresholds),
    ...ofUnits(evidence, thresholds, bounded ? activity.candidateSize : [], {
      kind: 'candidate saturated',
      gate: 'g',
      holds: (size) => size > thresholds.saturatedCandidate,
      measured: 'mean |g|',
      meaning: 'the candidate is at its limit, where hardly any gradient passes',
      remedy: candidateAdvice(evidence),
    }),
    ...ofUnits(evidence, thresholds, bounded && !isNormalized ? activity.cellStateSize : [], {
      kind: 'cell state saturated',
      gate: 'c',
      holds: (size) => size > thresholds.saturatedCellState,
      measured: 'mean |c|',
      meaning: 'the cell state is so large that h hardly changes with it',
      remedy:
        'Check whether the forget and input gates are both open; shorten sequences, reset states, or regularize the bias.',
    }),
    ...ofUnits(evidence, thresholds, constant, {
      kind: 'constant unit',
      gate: 'h',
      holds: (range) => range < thresholds.constantUnit,
      measured: 'range of h',
      meaning: 'the output is the same whatever the input',
      remedy:
        'Check whether the weights of these units are about 0; otherwise the layer may be larger than it needs to be.',
    }),
    ...shortMemory(evidence, thresholds),
  ];
}

/** Inputs of about unit size, one-hot ones among them, need no scaling. */
function candidateAdvice({ inputSize }: Evidence): string {
  return inputSize !== null && inputSize > 2
    ? `Scale the inputs, whose typical size is ${shortNumber(inputSize)}, to about 1; try a lower learning rate.`
    : 'Try a lower learning rate, or smaller initial weights.';
}

/** At more than this fraction of their values, gates that switch instead of weighing are at one end or the other. */
const SWITCHING = 0.7;

function unscaledInput({ place, statistics, inputSize, learnt }: Evidence, { unscaledInput }: DiagnosisThresholds) {
  if (inputSize === null || inputSize <= unscaledInput) return [];
  const fractions = gateSummariesOf(statistics).map(([, { leftSaturated, rightSaturated }]) => {
    const units = [...leftSaturated.keys()];
    return meanOver(leftSaturated, units) + meanOver(rightSaturated, units);
  });
  const share = lowerMedian(fractions) ?? 0;
  if (share <= SWITCHING) return [];
  return [
    findingAt(place, {
      kind: 'unscaled input',
      severity: learnt === true ? 'note' : 'warning',
      evidence: { 'typical size of the input': rounded(inputSize), 'share of saturated gates': rounded(share) },
      message: `The layer's input has a typical size of ${shortNumber(inputSize)}, and ${percent(share)} of its gates' values are saturated: the gates switch rather than weigh.`,
      remedy: 'Standardize the inputs: subtract their mean and divide by their standard deviation.',
    }),
  ];
}

interface UnitRule extends Pick<Finding, 'kind' | 'gate'> {
  holds(value: number): boolean;
  measured: string;
  meaning: string;
  remedy: string;
}

function ofUnits(
  evidence: Evidence,
  thresholds: DiagnosisThresholds,
  values: (number | null)[],
  { kind, gate, holds, measured, meaning, remedy }: UnitRule,
): Finding[] {
  const units = unitsWhere(values, holds);
  if (units.length === 0) return [];
  const { place } = evidence;
  const mean = meanOver(values, units);
  return [
    findingAt(place, {
      kind,
      severity: severityOf(evidence, units, values.length, thresholds),
      gate,
      units,
      evidence: { [measured]: mean, 'share of units': rounded(units.length / values.length) },
      message: `In ${unitList(units, values.length)} ${meaning} (${measured} ${mean}).`,
      remedy,
    }),
  ];
}

/** That memory is short is harm only where the model has been seen not to learn. */
function shortMemory(evidence: Evidence, { shortMemory }: DiagnosisThresholds): Finding[] {
  const { place, statistics, timesteps, forgetBias, learnt } = evidence;
  const horizons = memoryHorizonOf(statistics) ?? [];
  const median = medianHorizon(horizons);
  if (median == null || median >= shortMemory * timesteps) return [];
  const units = unitsWhere(horizons, (horizon) => horizon < shortMemory * timesteps);
  return [
    findingAt(place, {
      kind: 'short memory',
      severity: learnt === false ? 'warning' : 'note',
      gate: 'f',
      units,
      evidence: { 'median horizon in timesteps': rounded(median), timesteps },
      message: isWithinStep(median)
        ? `Half of the units forget most of what they saw within a step; the sequences have ${timesteps}.`
        : `Half of the units have forgotten most of what they saw after ${shortNumber(median)} timestep${median === 1 ? '' : 's'} or fewer; the sequences have ${timesteps}.`,
      remedy: `Only if the model needs to look further back: ${uncapitalized(forgetAdvice(forgetBias))}`,
    }),
  ];
}

function uncapitalized(sentence: string): string {
  return sentence.charAt(0).toLowerCase() + sentence.slice(1);
}
