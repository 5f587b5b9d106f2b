import type { Direction } from '../model/find-lstms.js';

export const SEVERITIES = ['error', 'warning', 'note'] as const;

/** 'error': the model cannot work. 'warning': it was seen to hinder learning. 'note': worth knowing, no harm seen. */
export type Severity = (typeof SEVERITIES)[number];

/**
 * Causes before what may follow from them: within a severity, findings are listed in this order. An exploding gradient
 * comes before the gates that it has driven to their ends, a closed gate before the units that it keeps constant.
 */
const KINDS = [
  'non-finite input',
  'non-finite label',
  'non-finite weight',
  'non-finite value',
  'nothing to see',
  'non-finite gradient',
  'non-finite loss',
  'monitor failed',
  'unscaled input',
  'exploding gradient',
  'gradient spike',
  'no gradient',
  'gate closed',
  'cell state saturated',
  'candidate saturated',
  'constant unit',
  'no weight gradient',
  'vanishing gradient',
  'short memory',
  'gate open',
] as const;

/** What kind of thing a finding is about; docs/diagnosis.md explains them. */
export type FindingKind = (typeof KINDS)[number];

/** Something that `diagnose` or `gateMonitor` found. Plain data that survives JSON. */
export interface Finding {
  kind: FindingKind;
  severity: Severity;
  /** The layer's name, with its path in nested models; null if the finding is not about a layer. */
  layerName: string | null;
  direction: Direction;
  /** Index among stacked cells; 0 if cells are not stacked. */
  cell: number;
  /** The gate or state concerned; null if none in particular. */
  gate: string | null;
  /** The units concerned, ascending; empty if none in particular. */
  units: number[];
  /** The timestep at which it starts; null if none in particular. */
  timestep: number | null;
  /** The measured numbers behind it, by what they are. */
  evidence: Record<string, number | string>;
  /** What it means, in a sentence. */
  message: string;
  /** What to try, in a sentence. */
  remedy: string;
}

/** Where an LSTM's findings are. */
export type Place = Pick<Finding, 'layerName' | 'direction' | 'cell'>;

export const NOWHERE: Place = { layerName: null, direction: 'forward', cell: 0 };

/** What a finding says; what it is not about in particular may be left out. */
export type FindingParts = Pick<Finding, 'kind' | 'severity' | 'evidence' | 'message' | 'remedy'> &
  Partial<Pick<Finding, 'gate' | 'units' | 'timestep'>>;

export function findingAt({ layerName, direction, cell }: Place, parts: FindingParts): Finding {
  return { layerName, direction, cell, gate: null, units: [], timestep: null, ...parts };
}

/** The most severe first; then causes before what may follow from them; then what concerns the most units. */
export function ranked(findings: readonly Finding[]): Finding[] {
  const byRank = (a: Finding, b: Finding) =>
    SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) ||
    KINDS.indexOf(a.kind) - KINDS.indexOf(b.kind) ||
    b.units.length - a.units.length;
  return [...findings].sort(byRank);
}
