import type { Quantity } from '../../core/quantities.js';
import type { EncodedValues } from './encoding.js';

/** What the script of a report draws. */
export interface ReportData {
  layers: ReportLayer[];
  /** Names of the samples that are drawn. */
  samples: string[];
  /** For each sample a label for each timestep, or null. */
  timeLabels: (string[] | null)[];
}

/** One call of one LSTM: `S` samples that are drawn, `T` timesteps, `U` units. */
export interface ReportLayer {
  title: string;
  timesteps: number;
  /** [U]: indices of the units that are drawn. */
  unitIndices: number[];
  /** Whether the time labels are of its timesteps. */
  hasLabels: boolean;
  activation: string;
  recurrentActivation: string;
  /** [S, T, U] each. */
  sequences: Record<Quantity, EncodedValues>;
  /** [S, T], a byte each, base64: 0 is masked. Null: every step is valid. */
  mask: string | null;
}
