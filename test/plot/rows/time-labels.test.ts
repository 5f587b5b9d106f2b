import { joinedLabels, visibleLabel } from '../../../src/plot/rows/time-labels.js';

test('White space can be seen', () => {
  expect(visibleLabel(' ')).toBe('␣');
  expect(visibleLabel('  ')).toBe('␣␣');
  expect(visibleLabel('a b')).toBe('a b');
  expect(visibleLabel('')).toBe('');
  expect(visibleLabel('a\r\n\tb')).toBe('a⏎⇥b');
});

test('Several steps are called by the first sixty letters of their labels', () => {
  expect(joinedLabels(['a', 'b', 'c', 'd'], { first: 1, last: 2 })).toBe('b c');
  expect(joinedLabels(['x'.repeat(50), 'y'.repeat(50)], { first: 0, last: 1 })).toBe(`${'x'.repeat(50)} yyyyyyyyy`);
});
