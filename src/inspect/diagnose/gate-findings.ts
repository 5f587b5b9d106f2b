import { percent, unitList } from '../words.js';
import { type Evidence, meanOver, unitsWhere } from './evidence.js';
import type { Finding, FindingKind, Severity } from './finding.js';
import type { DiagnosisThresholds } from './thresholds.js';

interface StuckGate {
  kind: FindingKind;
  title: string;
  meaning: string;
  remedy: string;
}

/** What it means that a gate is closed, or open, at nearly every step. */
const CLOSED: Record<'i' | 'f' | 'o', StuckGate> = {
  i: {
    kind: 'gate closed',
    title: 'input gate',
    meaning: 'nothing new gets into their memory',
    remedy:
      'Look at the scale of the inputs (standardize them) and at a bias that training drove far below 0; try a lower learning rate.',
  },
  f: {
    kind: 'gate closed',
    title: 'forget gate',
    meaning: 'they forget at every step and cannot remember',
    remedy: 'Start with a forget bias of 1: unitForgetBias, or KERAS_DEFAULTS; for long memories more.',
  },
  o: {
    kind: 'gate closed',
    title: 'output gate',
    meaning: 'their memory is never shown, and hardly any gradient reaches it',
    remedy: 'Try a lower learning rate or gradient clipping; regularize the bias if training drove it far below 0.',
  },
};

const OPEN: Record<'i' | 'f' | 'o', StuckGate> = {
  i: {
    kind: 'gate open',
    title: 'input gate',
    meaning: 'everything is written to their memory, and the gate chooses nothing',
    remedy: 'Harmless by itself; with an open forget gate the memory only ever grows.',
  },
  f: {
    kind: 'gate open',
    title: 'forget gate',
    meaning: 'they keep everything, as counters do, and never forget',
    remedy:
      'Right for long memories; if sequences are unrelated, see that the layer is not stateful or reset its states.',
  },
  o: {
    kind: 'gate open',
    title: 'output gate',
    meaning: 'their memory is always shown in full',
    remedy: 'Harmless by itself.',
  },
};

/** Gates that are closed, open, or exactly 0 or 1, at nearly every step. */
export function gateFindings(evidence: Evidence, thresholds: DiagnosisThresholds): Finding[] {
  return (['i', 'f', 'o'] as const).flatMap((gate) => {
    const { leftSaturated, rightSaturated, zeroGradient } = evidence.statistics[gate];
    return [
      ...stuck(evidence, thresholds, gate, leftSaturated, CLOSED[gate], `below ${thresholds.low}`),
      ...stuck(evidence, thresholds, gate, rightSaturated, OPEN[gate], `above ${thresholds.high}`),
      ...stuck(evidence, thresholds, gate, zeroGradient ?? [], withoutGradient(CLOSED[gate].title), 'exactly 0 or 1'),
    ];
  });
}

function withoutGradient(title: string): StuckGate {
  return {
    kind: 'no gradient',
    title,
    meaning: 'the hard sigmoid is flat there, so that these gates cannot learn to leave it',
    remedy: "Use recurrentActivation 'sigmoid' (KERAS_DEFAULTS), or a lower learning rate.",
  };
}

function stuck(
  { place, statistics }: Evidence,
  { stuckFraction, manyUnits }: DiagnosisThresholds,
  gate: 'i' | 'f' | 'o',
  fractions: (number | null)[],
  { kind, title, meaning, remedy }: StuckGate,
  where: string,
): Finding[] {
  const units = unitsWhere(fractions, (fraction) => fraction > stuckFraction);
  if (units.length === 0) return [];
  const many = units.length > manyUnits * statistics.units;
  const severity: Severity = many && kind !== 'gate open' ? 'warning' : 'note';
  const share = meanOver(fractions, units);
  return [
    {
      ...{ kind, severity, ...place, gate, units },
      evidence: { 'fraction of steps': share, 'share of units': meanOver([units.length / statistics.units], [0]) },
      message: `The ${title} is ${where} at ${percent(share)} of the steps in ${unitList(units, statistics.units)}: ${meaning}.`,
      remedy,
    },
  ];
}
