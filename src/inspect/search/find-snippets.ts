import { isValidStep, type SearchedSequence, type StepSpan, valueAt } from './searched-sequence.js';

// No tfjs in here: the report's page searches too.

/** The steps around one at which a unit's value is large. */
export interface Snippet extends StepSpan {
  /** Where the value is largest. */
  timestep: number;
  value: number;
}

/**
 * The steps of the largest finite values, each in the middle of its snippet, or nearer to an end where the sequence has no more
 * steps. A step within a snippet already found begins no other.
 */
export function findSnippets(
  sequences: readonly SearchedSequence[],
  unit: number,
  length: number,
  count: number,
): Snippet[] {
  const snippets: Snippet[] = [];
  for (const { trace, sample, from: timestep, value } of stepsByValue(sequences, unit)) {
    if (snippets.length === count) break;
    const isWithin = snippets.some(
      (other) => other.trace === trace && other.sample === sample && other.from <= timestep && timestep <= other.to,
    );
    if (isWithin) continue;
    const { timesteps } = sequences[trace] as SearchedSequence;
    const from = Math.max(0, Math.min(timestep - Math.floor(length / 2), timesteps - length));
    snippets.push({ trace, sample, from, to: Math.min(from + length, timesteps) - 1, timestep, value });
  }
  return snippets;
}

interface ValueOfStep {
  trace: number;
  sample: number;
  from: number;
  value: number;
}

function stepsByValue(sequences: readonly SearchedSequence[], unit: number): ValueOfStep[] {
  const steps: ValueOfStep[] = [];
  for (const [trace, sequence] of sequences.entries()) {
    const column = sequence.unitIndices.indexOf(unit);
    for (let sample = 0; sample < sequence.batch; sample++) {
      for (let from = 0; from < sequence.timesteps; from++) {
        const value = valueAt(sequence, sample, from, column);
        if (isValidStep(sequence, sample, from) && Number.isFinite(value)) steps.push({ trace, sample, from, value });
      }
    }
  }
  // What is alike stays in its order.
  return steps.sort((a, b) => b.value - a.value);
}
