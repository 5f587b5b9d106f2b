import { meanOver, readCalls, rounded, unitsWhere } from '../../../src/inspect/diagnose/evidence.js';
import { DEFAULT_THRESHOLDS } from '../../../src/inspect/index.js';
import { useBackend } from '../../../tools/backends.js';
import { traceOf } from '../support/traces.js';

test('What is not finite starts at the first valid step that is read, over all calls', async () => {
  await useBackend('cpu');
  const [fine, broken] = [0.5, Number.NaN];
  const first = [
    [fine, fine],
    [fine, fine],
    [fine, broken],
    [broken, fine],
    [broken, broken],
  ];
  const second = [...first.slice(0, 1), ...first.slice(3, 4), ...first.slice(0, 2)];
  const traces = [traceOf({ c: [first] }, { mask: [[1, 1, 1, 1, 0]] }), traceOf({ c: [second, second] })];
  const fromOf = async (direction: 'forward' | 'backward') => {
    const calls = traces.map((trace, call) => ({ layerName: 'memory', direction, cell: 0, call, trace }));
    return (await readCalls(calls, DEFAULT_THRESHOLDS)).nonFiniteFrom;
  };
  expect([await fromOf('forward'), await fromOf('backward')]).toEqual([{ c: 1 }, { c: 3 }]);
  for (const trace of traces) trace.dispose();
});

test('Units are chosen by their values; one without a value never is', () => {
  expect(unitsWhere([3, null, 1, 5], (value) => value > 2)).toEqual([0, 3]);
  expect(unitsWhere([3, null, 1], (value) => value < 2)).toEqual([2]);
});

test('Evidence has four digits', () => {
  expect(rounded(0.123456)).toBe(0.1235);
  expect(rounded(123456)).toBe(123500);
  expect(meanOver([1, 2, 4, 100], [0, 1, 2])).toBe(2.333);
});
