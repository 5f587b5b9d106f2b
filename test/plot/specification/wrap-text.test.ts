import { wrapText } from '../../../src/plot/specification/wrap-text.js';

test('A text is broken between words, and only where it is too long', () => {
  expect(wrapText('the gradient halves every three steps', 120)).toEqual(['the gradient halves', 'every three steps']);
  expect(wrapText('the gradient halves every three steps', 600)).toEqual(['the gradient halves every three steps']);
  expect(wrapText(`a ${'long'.repeat(10)} b`, 120)).toEqual(['a', 'long'.repeat(10), 'b']);
});
