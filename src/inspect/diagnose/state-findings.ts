import { unitList } from '../words.js';
import { type Evidence, meanOver, rounded, unitsWhere } from './evidence.js';
import type { Finding, Severity } from './finding.js';
import type { DiagnosisThresholds } from './thresholds.js';

/** φ of these ends at 1, so that a value near it says that there is no gradient left. */
const ENDING_AT_ONE = ['tanh', 'sigmoid', 'hardSigmoid', 'hardSigmoidKeras3', 'softsign'];

/** Candidates and states that are at their limit, units that do nothing, and memory that is too short. */
export function stateFindings(evidence: Evidence, thresholds: DiagnosisThresholds): Finding[] {
  const { statistics, activity } = evidence;
  const bounded = ENDING_AT_ONE.includes(statistics.activation);
  const sizes = bounded ? activity : { candidateSize: [], cellStateSize: [] };
  return [
    ...ofUnits(evidence, thresholds, sizes.candidateSize, (size) => size > thresholds.saturatedCandidate, {
      ...{ kind: 'candidate saturated', gate: 'g', measured: 'mean |g|' },
      meaning: 'the candidate is at its limit, so that hardly any gradient reaches the weights that make it',
      remedy: 'Scale the inputs to about unit size; try a lower learning rate or smaller initial weights.',
    }),
    ...ofUnits(evidence, thresholds, sizes.cellStateSize, (size) => size > thresholds.saturatedCellState, {
      ...{ kind: 'cell state saturated', gate: 'c', measured: 'mean |c|' },
      meaning: 'the cell state has grown so far that what is shown of it no longer changes',
      remedy:
        'See whether forget and input gate are both open; shorten sequences, reset states, or regularize the bias.',
    }),
    ...ofUnits(evidence, thresholds, activity.range, (range) => range < thresholds.constantUnit, {
      ...{ kind: 'constant unit', gate: 'h', measured: 'range of h' },
      meaning: 'the output is the same whatever the input',
      remedy:
        'Look for a closed output or input gate in these units; otherwise the layer is larger than it needs to be.',
    }),
    ...shortMemory(evidence, thresholds),
  ];
}

interface UnitRule extends Pick<Finding, 'kind' | 'gate'> {
  measured: string;
  meaning: string;
  remedy: string;
}

function ofUnits(
  { place, statistics }: Evidence,
  { manyUnits }: DiagnosisThresholds,
  values: (number | null)[],
  holds: (value: number) => boolean,
  { kind, gate, measured, meaning, remedy }: UnitRule,
): Finding[] {
  const units = unitsWhere(values, holds);
  if (units.length === 0) return [];
  const severity: Severity = units.length > manyUnits * statistics.units ? 'warning' : 'note';
  const mean = meanOver(values, units);
  return [
    {
      ...{ kind, severity, ...place, gate, units },
      evidence: { [measured]: mean, 'share of units': rounded(units.length / statistics.units) },
      message: `In ${unitList(units, statistics.units)} ${meaning} (${measured} ${mean}).`,
      remedy,
    },
  ];
}

/**
 * The horizon is taken of the mean forget gate, not of the mean of its logarithm, in which a single step with a gate of
 * exactly 0, as hard sigmoids have, would outweigh all others.
 */
function shortMemory({ place, activity, timesteps }: Evidence, { shortMemory }: DiagnosisThresholds): Finding[] {
  const horizons = activity.forgetGate.map((f) => (f === null ? null : horizonOf(f)));
  const known = horizons.filter((horizon) => horizon !== null).sort((a, b) => a - b);
  const median = known[Math.floor((known.length - 1) / 2)];
  if (median === undefined || median >= shortMemory * timesteps) return [];
  const units = unitsWhere(horizons, (horizon) => horizon < shortMemory * timesteps);
  return [
    {
      ...{ kind: 'short memory', severity: 'warning', ...place, gate: 'f', units },
      evidence: { 'median horizon in timesteps': rounded(median), timesteps },
      message: `Half of the units have forgotten most of what they saw after ${rounded(median)} timesteps or less, where sequences have ${timesteps}.`,
      remedy:
        'If what matters lies further back, start with a forget bias of 1 (unitForgetBias, KERAS_DEFAULTS) or more; for a dependence over T timesteps, ln(T).',
    },
  ];
}

/** Timesteps after which a cell has kept 1/e of its content, with a forget gate of f throughout. */
function horizonOf(f: number): number {
  return f < 1 ? -1 / Math.log(f) : Number.POSITIVE_INFINITY;
}
