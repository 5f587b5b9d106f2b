import { requireLabels, visibleLabel } from '../../../src/plot/data/time-labels.js';

test('Labels are strings or numbers, one for each timestep', () => {
  expect(requireLabels('f', ['a', 2], 2)).toEqual(['a', '2']);
  expect(requireLabels('f', undefined, 2)).toBeNull();
  expect(() => requireLabels('f', 'ab', 2)).toThrow("f: labels must be an array of strings or numbers, got 'ab'");
  expect(() => requireLabels('f', ['a', {}], 2)).toThrow('f: labels must be an array of strings or numbers, got [');
  expect(() => requireLabels('f', ['a'], 2)).toThrow("f: labels must be one for each of 2 timesteps, got '1 labels'");
});

test('White space can be seen', () => {
  expect(visibleLabel(' ')).toBe('␣');
  expect(visibleLabel('  ')).toBe('␣␣');
  expect(visibleLabel('a b')).toBe('a b');
  expect(visibleLabel('a\r\n\tb')).toBe('a⏎⇥b');
});
