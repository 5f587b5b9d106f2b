import fc from 'fast-check';
import { pauseAfter } from '../../../../src/fused/wasm/threads/pause.js';

const calls = fc
  .record({
    milliseconds: fc.double({ min: 0.1, max: 1e4, noNaN: true }),
    share: fc.double({ min: 0, max: 1, noNaN: true }),
    threads: fc.integer({ min: 2, max: 64 }),
  })
  .map(({ milliseconds, share, threads }) => ({ milliseconds, waited: share * milliseconds, threads }));
const counts = fc.integer({ min: 0, max: 100 });

test('there is a pause after a call that one thread would have made as quickly, and after no other', () => {
  expect(pauseAfter({ milliseconds: 10, waited: 4.9, threads: 2 }, 0)).toBe(0);
  expect(pauseAfter({ milliseconds: 10, waited: 5, threads: 2 }, 0)).toBe(10);
  expect(pauseAfter({ milliseconds: 10, waited: 5, threads: 4 }, 0)).toBe(0);
  expect(pauseAfter({ milliseconds: 10, waited: 7.5, threads: 4 }, 0)).toBe(10);
  fc.assert(
    fc.property(calls, counts, (call, pauses) => {
      const { milliseconds, waited, threads } = call;
      fc.pre(Math.abs(threads * (milliseconds - waited) - milliseconds) > 1e-9 * milliseconds);
      expect(pauseAfter(call, pauses) > 0).toBe(threads * (milliseconds - waited) < milliseconds);
    }),
  );
});

test('it takes as long as the call, twice as long each time in a row, and at most sixteen times as long', () => {
  const call = { milliseconds: 7, waited: 7, threads: 2 };
  expect([0, 1, 2, 3, 4, 5, 60].map((pauses) => pauseAfter(call, pauses))).toEqual([7, 14, 28, 56, 112, 112, 112]);
  fc.assert(
    fc.property(calls, counts, (each, pauses) => {
      const pause = pauseAfter(each, pauses);
      expect(pause).toBeLessThanOrEqual(16 * each.milliseconds);
      expect(pauseAfter(each, pauses + 1)).toBeGreaterThanOrEqual(pause);
    }),
  );
});
