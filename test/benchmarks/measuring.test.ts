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

const effort = { milliseconds: 0, rounds: { least: 4, most: 10 } };

describe('measure', () => {
  it('swaps the order every round', async () => {
    const { runs, duel } = recordedDuel();
    const { rounds } = await measure('here', duel, effort);
    expect(rounds).toBe(4);
    expect(runs.slice(-8)).toEqual(['a', 'b', 'b', 'a', 'a', 'b', 'b', 'a']);
  });

  it('warms both up before that', async () => {
    const { runs, duel } = recordedDuel();
    await measure('here', duel, effort);
    expect(new Set(runs.slice(0, -8))).toEqual(new Set(['a', 'b']));
  });

  it('stops at the most rounds when time is left', async () => {
    const { duel } = recordedDuel();
    const { rounds } = await measure('here', duel, { milliseconds: 60_000, rounds: { least: 1, most: 5 } });
    expect(rounds).toBe(5);
  });

  it("gives the baseline's time over the candidate's, waiting for both", async () => {
    let clock = 0;
    const now = jest.spyOn(performance, 'now').mockImplementation(() => clock);
    const taking = (milliseconds: number) => async () => {
      await Promise.resolve();
      clock += milliseconds;
    };
    const { duel } = recordedDuel();
    const timed = {
      baseline: { ...duel.baseline, run: taking(30) },
      candidate: { ...duel.candidate, run: taking(10) },
    };
    const measurement = await measure('here', timed, { milliseconds: 200, rounds: { least: 1, most: 10 } });
    now.mockRestore();
    const always = (value: number) => ({ median: value, low: value, high: value });
    expect(measurement).toEqual({ rounds: 5, baseline: always(30), candidate: always(10), ratio: always(3) });
  });

  it('times nothing when results differ', async () => {
    const { runs, duel } = recordedDuel(2);
    await expect(measure('here', duel, effort)).rejects.toThrow('here: result 0 of a and b must agree');
    expect(runs).toEqual([]);
  });
});
