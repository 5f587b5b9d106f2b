import { gateSummariesOf } from '../statistics/layer-statistics.js';
import { percent, shortNumber, unitList } from '../words.js';
import { type Evidence, meanOver, rounded, unitsWhere } from './evidence.js';
import { type Finding, findingAt, type Severity } from './finding.js';
import type { DiagnosisThresholds } from './thresholds.js';

const TITLES: Readonly<Record<string, string>> = { i: 'input gate', f: 'forget gate', o: 'output gate' };

/** Units whose gate is stuck, by what it is stuck at. One that passes no gradient is reported only as such. */
export interface StuckUnits {
  withoutGradient: number[];
  closed: number[];
  open: number[];
}

/** Which units' gate is closed, open, or exactly 0 or 1, at nearly every step. */
export function stuckUnits({ statistics }: Evidence, { stuckFraction }: DiagnosisThresholds, gate: string): StuckUnits {
  const summary = gateSummariesOf(statistics).find(([name]) => name === gate)?.[1];
  if (summary === undefined) return { withoutGradient: [], closed: [], open: [] };
  const { leftSaturated, rightSaturated, zeroGradient } = summary;
  const isStuck = (fraction: number) => fraction > stuckFraction;
  const withoutGradient = unitsWhere(zeroGradient ?? [], isStuck);
  const others = (fractions: (number | null)[]) =>
    unitsWhere(fractions, isStuck).filter((unit) => !withoutGradient.includes(unit));
  return { withoutGradient, closed: others(leftSaturated), open: others(rightSaturated) };
}

/** Gates that are closed, open, or exactly 0 or 1, at nearly every step. */
export function gateFindings(evidence: Evidence, thresholds: DiagnosisThresholds): Finding[] {
  const { low, high } = thresholds;
  return gateSummariesOf(evidence.statistics).flatMap(([gate, { leftSaturated, rightSaturated, zeroGradient }]) => {
    const { withoutGradient, closed, open } = stuckUnits(evidence, thresholds, gate);
    return [
      ...stuck(evidence, thresholds, gate, {
        kind: 'no gradient',
        units: withoutGradient,
        fractions: zeroGradient ?? [],
        where: 'exactly 0 or 1',
        meaning: 'the hard sigmoid is flat there, and no gradient can move them back',
        remedy: "Use recurrentActivation 'sigmoid' (KERAS_DEFAULTS), or a lower learning rate.",
      }),
      ...stuck(evidence, thresholds, gate, {
        kind: 'gate closed',
        units: closed,
        fractions: leftSaturated,
        where: `below ${low}`,
        ...whatClosedMeans(evidence, gate, closed),
      }),
      ...stuck(evidence, thresholds, gate, {
        kind: 'gate open',
        units: open,
        fractions: rightSaturated,
        where: `above ${high}`,
        ...(WHAT_OPEN_MEANS[gate] ?? OPEN),
      }),
    ];
  });
}

interface Meaning {
  meaning: string;
  remedy: string;
}

/** What follows from a closed gate, as it was measured in these units. */
function whatClosedMeans({ activity, forgetBias, statistics }: Evidence, gate: string, units: number[]): Meaning {
  const hasCellState = activity.rangeOfC.length > 0;
  if (gate === 'i') {
    const variation = hasCellState
      ? `cell state, which varies by only ${shortNumber(meanOver(activity.rangeOfC, units))}`
      : 'state';
    return {
      meaning: `little is written to the ${variation}`,
      remedy:
        'Check whether training has driven the bias far below 0; if so, try a lower learning rate, or regularize the bias.',
    };
  }
  if (gate === 'f') {
    return {
      meaning: `from one step to the next they keep ${percent(meanOver(activity.forgetGate, units))} of the ${hasCellState ? 'cell state' : 'state'}`,
      remedy: forgetAdvice(forgetBias),
    };
  }
  const remedy =
    'Try a lower learning rate or gradient clipping; regularize the bias if training has driven it far below 0.';
  if (gate !== 'o') return { meaning: 'they let almost nothing through', remedy };
  // What h is a projection of is not to be seen of it unit by unit.
  const isOfUnits = activity.rangeOfH.length === statistics.units;
  const variation = isOfUnits ? `, and h varies by only ${shortNumber(meanOver(activity.rangeOfH, units))}` : '';
  return { meaning: `little of the cell state is shown${variation}`, remedy };
}

/** Near the bias that KERAS_DEFAULTS start from there is no point in advising it. */
export function forgetAdvice(forgetBias: number | null): string {
  return forgetBias !== null && forgetBias > 0.7
    ? 'The forget bias is already about 1 or more: check what drives the gates down, such as large inputs or weights, or start from a still larger bias (chronoInitializer).'
    : 'Start with a forget bias of 1 (unitForgetBias, KERAS_DEFAULTS), or of ln(T) to keep something over T timesteps.';
}

const OPEN: Meaning = { meaning: 'they let almost everything through', remedy: 'Harmless in itself.' };

const WHAT_OPEN_MEANS: Readonly<Record<string, Meaning>> = {
  i: {
    meaning: 'every candidate is written almost in full',
    remedy: 'Harmless in itself; if the forget gate is open too, the cell state can only grow.',
  },
  f: {
    meaning: 'they keep almost all of the cell state, as counters do',
    remedy: 'Long memories need this. If the sequences are unrelated, make sure that the layer is not stateful.',
  },
  o: { meaning: 'the cell state is always shown in full', remedy: 'Harmless in itself.' },
};

interface Stuck extends Meaning {
  kind: 'no gradient' | 'gate closed' | 'gate open';
  units: number[];
  fractions: (number | null)[];
  where: string;
}

function stuck(
  evidence: Evidence,
  thresholds: DiagnosisThresholds,
  gate: string,
  { kind, units, fractions, where, meaning, remedy }: Stuck,
): Finding[] {
  if (units.length === 0) return [];
  const { place } = evidence;
  const width = fractions.length;
  const share = meanOver(fractions, units);
  return [
    findingAt(place, {
      kind,
      severity: kind === 'gate open' ? 'note' : severityOf(evidence, units, width, thresholds),
      gate,
      units,
      evidence: { 'fraction of steps': share, 'share of units': rounded(units.length / width) },
      message: `The ${TITLES[gate] ?? `gate ${gate}`} is ${where} at ${percent(share)} of the steps in ${unitList(units, width)}: ${meaning}.`,
      remedy,
    }),
  ];
}

/** What is true of many units is a warning, unless the model has learnt nevertheless. */
export function severityOf(
  { learnt }: Evidence,
  units: readonly number[],
  of: number,
  { manyUnits }: DiagnosisThresholds,
): Severity {
  return learnt !== true && units.length > manyUnits * of ? 'warning' : 'note';
}
