import fc from 'fast-check';
import { isWaitTooLong, pauseAfter } from '../../../../src/fused/wasm/threads/pause.js';

const milliseconds = fc.double({ min: 0.01, max: 1e4, noNaN: true });
const calls = fc.record({ computed: milliseconds, waited: milliseconds, threads: fc.integer({ min: 2, max: 64 }) });
const counts = fc.integer({ min: 0, max: 100 });

test('there is a pause after a call that one thread would have made as quickly, and after no other', () => {
  expect(pauseAfter({ computed: 5.1, waited: 4.9, threads: 2 }, 0)).toBe(0);
  expect(pauseAfter({ computed: 5, waited: 5, threads: 2 }, 0)).toBe(10);
  expect(pauseAfter({ computed: 5, waited: 5, threads: 4 }, 0)).toBe(0);
  expect(pauseAfter({ computed: 2.5, waited: 7.5, threads: 4 }, 0)).toBe(10);
  fc.assert(
    fc.property(calls, counts, (call, pauses) => {
      const { computed, waited, threads } = call;
      fc.pre(Math.abs(waited - (threads - 1) * computed) > 1e-9 * waited);
      expect(pauseAfter(call, pauses) > 0).toBe(waited > (threads - 1) * computed);
    }),
  );
});

test('it takes as long as the call, twice as long each time in a row, and at most sixteen times as long', () => {
  const call = { computed: 2, waited: 5, threads: 2 };
  expect([0, 1, 2, 3, 4, 5, 60].map((pauses) => pauseAfter(call, pauses))).toEqual([7, 14, 28, 56, 112, 112, 112]);
  fc.assert(
    fc.property(calls, counts, (each, pauses) => {
      const pause = pauseAfter(each, pauses);
      expect(pause).toBeLessThanOrEqual(16 * (each.computed + each.waited));
      expect(pauseAfter(each, pauses + 1)).toBeGreaterThanOrEqual(pause);
    }),
  );
});

test('a call waits no longer than threads can save, as far as it is known how long it will compute', () => {
  // A quarter of the way: 8 ms in all.
  const call = { computed: 2, threads: 2 };
  expect(isWaitTooLong({ ...call, waited: 8 }, 25, 100)).toBe(false);
  expect(isWaitTooLong({ ...call, waited: 8.1 }, 25, 100)).toBe(true);
  expect(isWaitTooLong({ ...call, waited: 8.1, threads: 3 }, 25, 100)).toBe(false);
  expect(isWaitTooLong({ ...call, waited: 8.1 }, 20, 100)).toBe(false);
  expect(isWaitTooLong({ computed: 0.01, waited: 0.9, threads: 2 }, 50, 100)).toBe(false);
  fc.assert(
    fc.property(calls, fc.integer({ min: 1, max: 200 }), (each, meetings) => {
      // One that was not worth its threads was given up at its last meeting at the latest, unless it was short.
      if (each.waited > 1)
        expect(isWaitTooLong(each, meetings, meetings)).toBe(each.waited > (each.threads - 1) * each.computed);
    }),
  );
});
