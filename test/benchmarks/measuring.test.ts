import { measure } from '../../benchmarks/measuring.js';

/** Two that write down their names when they run. */
function recordedDuel(result = 1) {
  const runs: string[] = [];
  const contestant = (name: string, value: number) => ({
    name,
    run: () => void runs.push(name),
    results: async () => [Float32Array.of(value)],
  });
  return { runs, duel: { baseline: contestant('a', 1), candidate: contestant('b', result) } };
}

const effort = { milliseconds: 0, rounds: { least: 4, most: 10 }, patience: 60_000 };

/** Two whose runs take these milliseconds of a clock that stands still otherwise. */
function timedDuel(clock: { now: number }, milliseconds: { a: number; b: number }) {
  const { runs, duel } = recordedDuel();
  const taking = (contestant: typeof duel.baseline, taken: number) => ({
    ...contestant,
    run: async () => {
      await Promise.resolve();
      contestant.run();
      clock.now += taken;
    },
    results: () => {
      clock.now += taken;
      return contestant.results();
    },
  });
  return {
    runs,
    duel: { baseline: taking(duel.baseline, milliseconds.a), candidate: taking(duel.candidate, milliseconds.b) },
  };
}

describe('measure', () => {
  it('swaps the order every round', async () => {
    const { runs, duel } = recordedDuel();
    const { rounds } = await measure('here', duel, effort);
    expect(rounds).toBe(4);
    expect(runs.slice(-8)).toEqual(['a', 'b', 'b', 'a', 'a', 'b', 'b', 'a']);
  });

  it('stops at the most rounds when time is left', async () => {
    const { duel } = recordedDuel();
    const { rounds } = await measure('here', duel, { ...effort, milliseconds: 60_000, rounds: { least: 1, most: 5 } });
    expect(rounds).toBe(5);
  });

  describe('by the clock', () => {
    const clock = { now: 0 };
    beforeEach(() => {
      jest.spyOn(performance, 'now').mockImplementation(() => clock.now);
    });
    afterEach(() => {
      jest.restoreAllMocks();
    });

    it('warms both up for a fifth of the time before the first round', async () => {
      const { runs, duel } = timedDuel(clock, { a: 10, b: 30 });
      const { rounds } = await measure('here', duel, { ...effort, milliseconds: 200 });
      expect(rounds).toBe(5);
      // What was compared counts.
      expect(runs.slice(0, -2 * rounds)).toEqual(['a', 'a', 'a', 'a', 'b']);
    });

    it('takes the run whose results are compared for warm-up enough when it takes long', async () => {
      const { runs, duel } = timedDuel(clock, { a: 41, b: 10 });
      const { rounds } = await measure('here', duel, { ...effort, milliseconds: 200 });
      expect(runs.slice(0, -2 * rounds)).toEqual(['b', 'b', 'b', 'b']);
    });

    it('is content with two rounds of what takes longer than its patience', async () => {
      const { duel } = timedDuel(clock, { a: 600, b: 10 });
      expect((await measure('here', duel, { ...effort, patience: 1000 })).rounds).toBe(2);
      expect((await measure('here', duel, { ...effort, patience: 2000 })).rounds).toBe(4);
    });

    it("gives the baseline's time over the candidate's, waiting for both", async () => {
      const { duel } = timedDuel(clock, { a: 30, b: 10 });
      const measurement = await measure('here', duel, { ...effort, milliseconds: 200, rounds: { least: 1, most: 10 } });
      const always = (value: number) => ({ median: value, low: value, high: value });
      expect(measurement).toEqual({ rounds: 5, baseline: always(30), candidate: always(10), ratio: always(3) });
    });
  });

  it('times nothing when results differ', async () => {
    const { runs, duel } = recordedDuel(2);
    await expect(measure('here', duel, effort)).rejects.toThrow('here: result 0 of a and b must agree');
    expect(runs).toEqual([]);
  });
});
