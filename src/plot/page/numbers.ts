import { indicesOf, widthOf } from '../rows/sample.js';
import type { View } from './state.js';

/** A number with so many digits after the point, fewer where there are some before. Zero has no sign, whatever was rounded to it. */
export function numberText(value: number, digits: number): string {
  if (Number.isNaN(value)) return 'not finite';
  const before = Math.max(0, Math.floor(Math.log10(Math.abs(value) || 1)));
  const text = value.toFixed(Math.max(0, digits - before));
  return Number(text) === 0 ? text.replace('-', '') : text;
}

/** The chosen quantity, a row a step and a column a unit. */
export function numbersOf({ trace, quantity, labels }: Pick<View, 'trace' | 'quantity' | 'labels'>): string {
  const width = widthOf(trace, quantity);
  const values = trace.values[quantity] as ArrayLike<number>;
  const head = ['step', 'label', 'valid', ...indicesOf(trace, quantity).map((index) => `${quantity} ${index}`)];
  const rows = trace.valid.map((isValid, t) => {
    const numbers = Array.from({ length: width }, (_, n) => {
      const value = values[t * width + n] as number;
      return isValid && Number.isFinite(value) ? `${Number(value.toPrecision(6))}` : '';
    });
    return [`${t}`, cell(labels?.[t] ?? ''), isValid ? '1' : '0', ...numbers];
  });
  return [head.map(cell), ...rows].map((row) => `${row.join(',')}\r\n`).join('');
}

/** What may not begin a text in a spreadsheet, which would compute it as a formula, however it is quoted. */
const FORMULA = /^[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/;

/** A text as a cell: with an apostrophe before what a spreadsheet would compute. Numbers are not written by this. */
function cell(text: string): string {
  return quoted(FORMULA.test(text) ? `'${text}` : text);
}

function quoted(text: string): string {
  return /[",\r\n\t]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
