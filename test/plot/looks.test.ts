import { differenceOf, tidied } from './support/looks.js';

const SVG = '<svg><g transform="translate(1.23456,7)"><text aria-label="x" role="y">a 1</text></g></svg>';

test('A picture looks the same where coordinates differ by less than can be seen, and nothing else does', () => {
  const reviewed = tidied(SVG);
  expect(reviewed).toBe('<svg>\n<g transform="translate(1.2,7)">\n<text>a 1</text>\n</g>\n</svg>\n');
  expect(differenceOf(reviewed, reviewed.replace('1.2', '1.4'))).toBeNull();
  for (const [part, other] of [
    ['1.2', '1.6'],
    ['a 1', 'b 1'],
    ['a 1', 'a 1.1'],
    ['<text>', '<text x="1">'],
    ['</g>\n', ''],
  ] as const) {
    expect(differenceOf(reviewed, reviewed.replace(part, other))).toContain('line ');
  }
});
