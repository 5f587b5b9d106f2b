import type { Activations } from '../../inspect/gate-activations.js';
import type { EncodedSequences } from './encoding.js';

/** What the script of a report draws. */
export interface ReportData {
  layers: ReportLayer[];
  /** Names of the samples that are drawn. */
  samples: string[];
  /** For each sample a label for each timestep, or null. */
  timeLabels: (string[] | null)[];
  /** What the model is given at each step; null where that is a text, or not one sequence of numbers. */
  input: ReportInput | null;
  /** What the model made of it. */
  outputs: ReportOutput[];
  /** Whether the page around this one has the model. */
  isLive: boolean;
}

/** One call of one LSTM: `S` samples that are drawn, `T` timesteps, `U` units. */
export interface ReportLayer extends Activations {
  title: string;
  timesteps: number;
  /** [U]: indices of the units that are drawn. */
  unitIndices: number[];
  /** Whether the time labels are of its timesteps. */
  hasLabels: boolean;
  /** Gates and states, in the cell's order. */
  quantities: string[];
  sequences: EncodedSequences;
  /** Whether h is not among the sequences, because it is o · tanh(c). */
  derivesH: boolean;
  /** [S, T]: 0 is masked. Null: every step is valid. */
  mask: Uint8Array | null;
}

/** Numbers that the model is given. */
export interface ReportInput {
  timesteps: number;
  /** Features at a step. */
  width: number;
  sequences: EncodedSequences;
}

/** One output of the model, at each of `P` places: timesteps, or one for the whole sequence. */
export interface ReportOutput {
  name: string;
  /** Probabilities of classes that exclude each other, the probability of one thing, or numbers. */
  kind: 'classes' | 'probability' | 'numbers';
  /** P: timesteps, or 1. */
  places: number;
  isPerStep: boolean;
  /** Of classes, the most probable ones at each place; else the first numbers. */
  shown: number;
  /** How many there are. */
  width: number;
  /** By class; null where they are just counted. */
  classNames: string[] | null;
  /** [S, P, shown]: the classes that are shown, most probable first. Null for numbers. */
  classes: Float32Array | null;
  /** [S, P, shown] */
  values: Float32Array;
  /** [S, P] classes or [S, P, shown] numbers; NaN where there is none. Null without labels. */
  targets: Float32Array | null;
  /** [S, P]: the probability of the target class. Null without one. */
  targetProbabilities: Float32Array | null;
  /** [S, P]. Null where it is not known. */
  losses: Float32Array | null;
}
