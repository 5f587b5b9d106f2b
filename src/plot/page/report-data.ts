import type { Activations } from '../../inspect/gate-activations.js';
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
export interface ReportLayer extends Activations {
  title: string;
  timesteps: number;
  /** [U]: indices of the units that are drawn. */
  unitIndices: number[];
  /** Whether the time labels are of its timesteps. */
  hasLabels: boolean;
  /** By quantity, in the cell's order, [S, T, width] each: [S, T, U] for most. */
  sequences: Readonly<Record<string, EncodedValues>>;
  /** [S, T], a byte each, base64: 0 is masked. Null: every step is valid. */
  mask: string | null;
}
