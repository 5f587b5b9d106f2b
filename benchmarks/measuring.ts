import * as tf from '@tensorflow/tfjs';

/** One way to compute something. */
export interface Contestant {
  name: string;
  /** Computes; the first tensor is the one that a user would read. */
  run: () => tf.Tensor[];
}

/** Two ways to compute the same. */
export interface Duel {
  /** What is computed. */
  task: string;
  baseline: Contestant;
  candidate: Contestant;
  dispose: () => void;
}

export interface Effort {
  /** Rounds are run until this many milliseconds have passed. */
  milliseconds: number;
  /** At least and at most this many rounds, however long or short they are. */
  rounds: { least: number; most: number };
}

/** Median and quartiles. */
export interface Spread {
  median: number;
  low: number;
  high: number;
}

export interface Measurement {
  rounds: number;
  /** Milliseconds of one run. */
  baseline: Spread;
  candidate: Spread;
  /** Time of the baseline over that of the candidate, round by round: above 1 the candidate is faster. */
  ratio: Spread;
}

/** Most by which the contestants may differ, relative to the largest value of a result. */
const TOLERANCE = 1e-5;

/**
 * Lets both run in turn, the order swapped every round so that neither always runs on what the other left behind.
 *
 * @throws Error when their results differ.
 */
export function measure(duel: Duel, effort: Effort): Measurement {
  requireAgreement(duel);
  const { baseline, candidate } = duel;
  const times: { baseline: number; candidate: number }[] = [];
  // The check above ran each once; compilers and allocators are warm after another run.
  time(baseline);
  time(candidate);
  const start = performance.now();
  while (times.length < effort.rounds.least || performance.now() - start < effort.milliseconds) {
    if (times.length === effort.rounds.most) break;
    if (times.length % 2 === 0) {
      const first = time(baseline);
      times.push({ baseline: first, candidate: time(candidate) });
    } else {
      const first = time(candidate);
      times.push({ candidate: first, baseline: time(baseline) });
    }
  }
  return {
    rounds: times.length,
    baseline: spreadOf(times.map((round) => round.baseline)),
    candidate: spreadOf(times.map((round) => round.candidate)),
    ratio: spreadOf(times.map((round) => round.baseline / round.candidate)),
  };
}

/** Milliseconds of one run, with its result read back and its tensors freed. */
function time({ run }: Contestant): number {
  const start = performance.now();
  tf.tidy(() => {
    run()[0]?.dataSync();
  });
  return performance.now() - start;
}

function requireAgreement({ task, baseline, candidate }: Duel): void {
  tf.tidy(() => {
    const [expected, actual] = [baseline.run(), candidate.run()];
    for (const [index, tensor] of expected.entries()) {
      const difference = relativeDifference(tensor, actual[index] as tf.Tensor);
      if (!(difference <= TOLERANCE)) {
        const names = `${baseline.name} and ${candidate.name}`;
        throw new Error(`${task}: result ${index} of ${names} must agree to ${TOLERANCE}, differs by ${difference}`);
      }
    }
  });
}

function relativeDifference(expected: tf.Tensor, actual: tf.Tensor): number {
  if (!tf.util.arraysEqual(expected.shape, actual.shape)) return Number.POSITIVE_INFINITY;
  const largest = tf.max(tf.abs(expected)).dataSync()[0] as number;
  return (tf.max(tf.abs(tf.sub(expected, actual))).dataSync()[0] as number) / largest;
}

function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const quantile = (share: number) => {
    const position = share * (sorted.length - 1);
    const [below, above] = [sorted[Math.floor(position)], sorted[Math.ceil(position)]] as [number, number];
    return below + (above - below) * (position % 1);
  };
  return { median: quantile(0.5), low: quantile(0.25), high: quantile(0.75) };
}
