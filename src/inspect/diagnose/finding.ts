import type { Direction } from '../model/places.js';
import type { Quantity } from '../statistics/quantities.js';

export const SEVERITIES = ['error', 'warning', 'note'] as const;

/** 'error': it cannot work. 'warning': learning is hampered. 'note': worth knowing. */
export type Severity = (typeof SEVERITIES)[number];

export type FindingKind =
  | 'non-finite input'
  | 'non-finite label'
  | 'non-finite weight'
  | 'non-finite value'
  | 'nothing to see'
  | 'no gradient'
  | 'gate closed'
  | 'gate open'
  | 'candidate saturated'
  | 'cell state saturated'
  | 'short memory'
  | 'constant unit'
  | 'vanishing gradient'
  | 'exploding gradient'
  | 'non-finite gradient'
  | 'non-finite loss'
  | 'no weight gradient'
  | 'gradient spike';

/** Something that `diagnose` or `gateMonitor` found. Plain data: it survives JSON. */
export interface Finding {
  kind: FindingKind;
  severity: Severity;
  /** The layer's name, with its path in nested models; null where it is not a layer's. */
  layerName: string | null;
  direction: Direction;
  /** Index among stacked cells; 0 where cells are not stacked. */
  cell: number;
  /** The gate or state concerned; null where it is none in particular. */
  gate: Quantity | null;
  /** The units concerned, ascending; empty where it is none in particular. */
  units: number[];
  /** The numbers behind it. */
  evidence: Record<string, number | string>;
  /** What it means, in a sentence. */
  message: string;
  /** What to try, in a sentence. */
  remedy: string;
}

/** Where an LSTM's findings are. */
export type Place = Pick<Finding, 'layerName' | 'direction' | 'cell'>;

export const NOWHERE: Place = { layerName: null, direction: 'forward', cell: 0 };
