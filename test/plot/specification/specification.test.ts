import { specification, wrapText } from '../../../src/plot/specification/specification.js';

const WORDS = Array.from({ length: 20 }, (_, n) => `word${n}`).join(' ');

test('A text is broken between words, and only where it is too long', () => {
  const lines = wrapText(WORDS, 480);
  expect(lines.join(' ')).toBe(WORDS);
  expect(lines.map(({ length }) => length)).toEqual([80, 48]);
  expect(wrapText(WORDS, 780)).toEqual([WORDS]);
  expect(wrapText(`a ${'long'.repeat(20)}   b`, 120)).toEqual(['a', 'long'.repeat(20), 'b']);
});

test('However narrow a picture is, a line has sixty letters', () => {
  expect(wrapText('x'.repeat(30).concat(' ', 'y'.repeat(29)), 10)).toHaveLength(1);
  expect(wrapText('x'.repeat(30).concat(' ', 'y'.repeat(30)), 10)).toHaveLength(2);
});

test('A specification has a title, lines below it and the configuration of its theme', () => {
  const heading = { title: 'mine', subtitle: ['one', '', WORDS], width: 780 };
  const spec = specification({}, heading, { mark: 'bar' });
  expect(spec).toMatchObject({
    $schema: 'https://vega.github.io/schema/vega-lite/v5.json',
    title: { text: 'mine', subtitle: ['one', WORDS], fontSize: 14, offset: 12 },
    mark: 'bar',
    config: { background: '#ffffff', range: { category: expect.arrayContaining(['#0072b2']) } },
  });
  const dark = specification({ title: 'other', theme: 'dark' }, heading, {});
  expect(dark).toMatchObject({ title: { text: 'other' }, config: { background: '#14171a' } });
});
