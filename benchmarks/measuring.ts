import { type Contestant, type Duel, requireAgreement } from './contestant.js';
import { type Spread, spreadOf } from './spread.js';

export interface Effort {
  /** Rounds are run until this many milliseconds have passed. */
  milliseconds: number;
  /** At least and at most this many rounds, however long or short they are. */
  rounds: { least: number; most: number };
}

export interface Measurement {
  rounds: number;
  /** Milliseconds of one run. */
  baseline: Spread;
  candidate: Spread;
  /** Time of the baseline over that of the candidate, round by round: above 1 the candidate is faster. */
  ratio: Spread;
}

/**
 * Lets both run in turn, the order swapped every round so that neither always runs on what the other left behind.
 *
 * @throws Error when their results differ.
 */
export async function measure(where: string, duel: Duel, effort: Effort): Promise<Measurement> {
  await requireAgreement(where, duel);
  const { baseline, candidate } = duel;
  const times: { baseline: number; candidate: number }[] = [];
  await warmUp(baseline, effort);
  await warmUp(candidate, effort);
  const start = performance.now();
  while (times.length < effort.rounds.least || performance.now() - start < effort.milliseconds) {
    if (times.length === effort.rounds.most) break;
    if (times.length % 2 === 0) {
      const first = await time(baseline);
      times.push({ baseline: first, candidate: await time(candidate) });
    } else {
      const first = await time(candidate);
      times.push({ candidate: first, baseline: await time(baseline) });
    }
  }
  return {
    rounds: times.length,
    baseline: spreadOf(times.map((round) => round.baseline)),
    candidate: spreadOf(times.map((round) => round.candidate)),
    ratio: spreadOf(times.map((round) => round.baseline / round.candidate)),
  };
}

/** Runs until compilers and allocators are warm; once is enough for what takes long. */
async function warmUp(contestant: Contestant, { milliseconds }: Effort): Promise<void> {
  const start = performance.now();
  for (let run = 0; run < 100; run++) {
    await contestant.run();
    if (performance.now() - start > milliseconds / 5) return;
  }
}

/** Milliseconds of one run. */
async function time({ run }: Contestant): Promise<number> {
  const start = performance.now();
  await run();
  return performance.now() - start;
}
