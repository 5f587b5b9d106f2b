import fc from 'fast-check';
import type { MonitorHistory, MonitorRecord } from '../../../src/inspect/index.js';
import { addRecord } from '../../../src/inspect/monitor/monitor-callback.js';

function historyAfter(reports: number, everyBatches: number, maxRecords: number): MonitorHistory {
  const history: MonitorHistory = { everyBatches, keptEveryBatches: everyBatches, records: [], warnings: [] };
  for (let n = 0; n < reports; n++) addRecord(history, { step: n * everyBatches } as MonitorRecord, maxRecords);
  return history;
}

const stepsOf = ({ records }: MonitorHistory) => records.map(({ step }) => step);

describe('The records of a history', () => {
  test('are all kept up to the limit', () => {
    expect(stepsOf(historyAfter(4, 5, 4))).toEqual([0, 5, 10, 15]);
  });

  test('lose every second one beyond it, and are kept half as often from then on', () => {
    const history = historyAfter(5, 5, 4);
    expect(stepsOf(history)).toEqual([0, 10, 20]);
    expect(history.keptEveryBatches).toBe(10);
    expect(stepsOf(historyAfter(9, 5, 4))).toEqual([0, 20, 40]);
    expect(history.everyBatches).toBe(5);
  });

  test('are never more than the limit, evenly spread from the first to nearly the last', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 300 }),
        fc.integer({ min: 1, max: 7 }),
        fc.integer({ min: 2, max: 9 }),
        (reports, everyBatches, maxRecords) => {
          const history = historyAfter(reports, everyBatches, maxRecords);
          const steps = stepsOf(history);
          expect(steps.length).toBeLessThanOrEqual(maxRecords);
          expect(steps).toEqual(steps.map((_, n) => n * history.keptEveryBatches));
          expect((reports - 1) * everyBatches - (steps.at(-1) as number)).toBeLessThan(history.keptEveryBatches);
          expect(steps.length).toBeGreaterThanOrEqual(Math.min(reports, Math.floor(maxRecords / 2)));
        },
      ),
    );
  });
});
