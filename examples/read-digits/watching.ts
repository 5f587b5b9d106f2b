import * as tf from '@tensorflow/tfjs';
import { type Digit, toSequences } from './digits.js';
import type { DigitReader } from './model.js';

/** The numbers that summarize a row of pixels: means over the units. */
export const GAUGES = ['i', 'f', 'o', '|c|', '|h|'] as const;
export type Gauge = (typeof GAUGES)[number];

/** What the network does at one row. */
export interface RowReading {
  /** x_t, 0 (paper) to 1 (ink). */
  pixels: readonly number[];
  means: Record<Gauge, number>;
  /** The digit it would answer if the image ended here, and its probability. */
  guess: { digit: number; probability: number };
}

/** One unit over time: one number per row. */
export interface UnitReading {
  unit: number;
  forgetGate: number[];
  cellState: number[];
}

export interface Reading {
  rows: RowReading[];
  units: UnitReading[];
}

/** Lets a network read one digit, and records what its gates do at each row. */
export async function watchReading({ memory, verdict }: DigitReader, digit: Digit): Promise<Reading> {
  const x = toSequences([digit]);
  const trace = memory.trace(x);
  // The layer that judges the last hidden state can judge every earlier one just as well.
  const verdicts = tf.tidy(() => verdict.apply(tf.squeeze(trace.h, [0])) as tf.Tensor2D);
  const [i, f, o, c, h] = await Promise.all([trace.i, trace.f, trace.o, trace.c, trace.h].map(stepsOf));
  const [pixels, guesses] = await Promise.all([stepsOf(x), verdicts.array()]);
  trace.dispose();
  tf.dispose([x, verdicts]);
  return readingOf({ i, f, o, c, h } as Steps, pixels, guesses);
}

/** For each quantity, a row of numbers (one a unit) for each timestep. */
type Steps = Record<'i' | 'f' | 'o' | 'c' | 'h', number[][]>;

function readingOf({ i, f, o, c, h }: Steps, pixels: number[][], guesses: number[][]): Reading {
  const rows = pixels.map((row, t): RowReading => {
    const at = (steps: number[][]) => steps[t] as number[];
    const means = { i: mean(at(i)), f: mean(at(f)), o: mean(at(o)), '|c|': meanSize(at(c)), '|h|': meanSize(at(h)) };
    return { pixels: row, means, guess: likeliest(at(guesses)) };
  });
  const column = (steps: number[][], unit: number) => steps.map((step) => step[unit] as number);
  const units = (f[0] ?? []).map((_, unit) => ({ unit, forgetGate: column(f, unit), cellState: column(c, unit) }));
  return { rows, units };
}

/** The units whose forget gate moved furthest between two rows of the image, furthest first. */
export function mostChangedUnits(units: readonly UnitReading[], count: number): UnitReading[] {
  const travel = ({ forgetGate }: UnitReading) => Math.max(...forgetGate) - Math.min(...forgetGate);
  return [...units].sort((a, b) => travel(b) - travel(a)).slice(0, count);
}

/** The mean forget gate over the rows that have ink, and over those that have none; NaN where there is no such row. */
export function forgetGateByInk(rows: readonly RowReading[]): { ink: number; blank: number } {
  const hasInk = ({ pixels }: RowReading) => pixels.some((pixel) => pixel > 0);
  const meanForget = (some: readonly RowReading[]) => mean(some.map(({ means }) => means.f));
  return { ink: meanForget(rows.filter(hasInk)), blank: meanForget(rows.filter((row) => !hasInk(row))) };
}

/** The only sequence of a batch, `[1, T, N]`. */
async function stepsOf(sequences: tf.Tensor3D): Promise<number[][]> {
  const [steps] = await sequences.array();
  return steps as number[][];
}

function likeliest(probabilities: readonly number[]): RowReading['guess'] {
  const probability = Math.max(...probabilities);
  return { digit: probabilities.indexOf(probability), probability };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function meanSize(values: readonly number[]): number {
  return mean(values.map(Math.abs));
}
