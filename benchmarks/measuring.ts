import { type Contestant, type Duel, requireAgreement } from './contestant.js';
import { type Spread, spreadOf } from './spread.js';

export interface Effort {
  /** Rounds are run until this many milliseconds have passed. */
  milliseconds: number;
  /** At least and at most this many rounds, however long or short they are. */
  rounds: { least: number; most: number };
  /** After this many milliseconds two rounds are enough: what takes seconds varies little, and there is much of it. */
  patience: number;
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
export async function measure(where: string, { baseline, candidate }: Duel, effort: Effort): Promise<Measurement> {
  const [measurement] = await measureAll(where, baseline, [candidate], effort);
  return measurement as Measurement;
}

/**
 * The same for several candidates at once, for which the baseline need run but once a round.
 *
 * @returns The baseline with each candidate.
 */
export async function measureAll(
  where: string,
  baseline: Contestant,
  candidates: readonly Contestant[],
  effort: Effort,
): Promise<Measurement[]> {
  const spent = new Map<Contestant, number>();
  const timedResults = async (contestant: Contestant) => {
    const start = performance.now();
    const values = await contestant.results();
    spent.set(contestant, performance.now() - start);
    return values;
  };
  const expected = timedResults(baseline);
  const known = { ...baseline, results: () => expected };
  for (const candidate of candidates) {
    await requireAgreement(where, {
      baseline: known,
      candidate: { ...candidate, results: () => timedResults(candidate) },
    });
  }
  const contestants = [baseline, ...candidates];
  for (const contestant of contestants) await warmUp(contestant, spent.get(contestant) ?? 0, effort);
  const rounds: Map<Contestant, number>[] = [];
  const start = performance.now();
  const isEnough = () => {
    const taken = performance.now() - start;
    const least = taken > effort.patience ? Math.min(2, effort.rounds.least) : effort.rounds.least;
    return rounds.length >= least && taken >= effort.milliseconds;
  };
  while (rounds.length < effort.rounds.most && !isEnough()) {
    const round = new Map<Contestant, number>();
    const order = rounds.length % 2 === 0 ? contestants : [...contestants].reverse();
    for (const contestant of order) round.set(contestant, await time(contestant));
    rounds.push(round);
  }
  const timesOf = (contestant: Contestant) => rounds.map((round) => round.get(contestant) as number);
  const baselineTimes = timesOf(baseline);
  return candidates.map((candidate) => {
    const times = timesOf(candidate);
    return {
      rounds: rounds.length,
      baseline: spreadOf(baselineTimes),
      candidate: spreadOf(times),
      ratio: spreadOf(times.map((taken, round) => (baselineTimes[round] as number) / taken)),
    };
  });
}

/** Runs until compilers and allocators are warm; what takes long is so after the one run whose results were compared. */
async function warmUp(contestant: Contestant, spent: number, { milliseconds }: Effort): Promise<void> {
  const start = performance.now() - spent;
  for (let run = 0; run < 100 && performance.now() - start <= milliseconds / 5; run++) await contestant.run();
}

/** Milliseconds of one run. */
async function time({ run, timedRun }: Contestant): Promise<number> {
  if (timedRun !== undefined) return timedRun();
  const start = performance.now();
  await run();
  return performance.now() - start;
}
