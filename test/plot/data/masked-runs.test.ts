import { maskedRuns } from '../../../src/plot/data/masked-runs.js';

test('Stretches of masked steps are told by their first and last', () => {
  expect(maskedRuns([false, true, false, false, true, true, false])).toEqual([
    { first: 0, last: 0 },
    { first: 2, last: 3 },
    { first: 6, last: 6 },
  ]);
  expect(maskedRuns([true, true])).toEqual([]);
});
