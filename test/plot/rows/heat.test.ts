import { colourAt, DIVERGING, NON_FINITE } from '../../../src/plot/rows/colours.js';
import { heatImage, heatMatrix, LARGEST_IMAGE, tileMean } from '../../../src/plot/rows/heat.js';
import { symmetricView } from '../../../src/plot/rows/quantity-view.js';

const VIEW = symmetricView(2, 'light');
const MATRIX = [
  [1, 2, 3, 4],
  [5, 6, 7, 9],
  [-1, -2, -3, -6],
];

test('A matrix that fits is its values, row by row', () => {
  const { rows, columns, values } = heatMatrix({ rows: 3, columns: 4 }, LARGEST_IMAGE, (r, c) => MATRIX[r]![c]!);
  expect([rows.length, columns.length]).toEqual([3, 4]);
  expect(values).toEqual(MATRIX.flat());
});

test('One that does not is means of blocks', () => {
  const { rows, columns, values } = heatMatrix(
    { rows: 3, columns: 4 },
    { rows: 2, columns: 2 },
    (r, c) => MATRIX[r]![c]!,
  );
  expect(rows).toEqual([
    { first: 0, last: 1 },
    { first: 2, last: 2 },
  ]);
  expect(columns).toEqual([
    { first: 0, last: 1 },
    { first: 2, last: 3 },
  ]);
  expect(values).toEqual([3.5, 5.75, -1.5, -4.5]);
});

test('A block is the mean of what there is; one value that is not finite makes it NaN', () => {
  const all = { first: 0, last: 1 };
  const block = (values: (number | null)[][]) => tileMean(all, all, (r, c) => values[r]![c]!);
  expect(
    block([
      [1, null],
      [null, 4],
    ]),
  ).toBe(2.5);
  expect(
    block([
      [null, null],
      [null, null],
    ]),
  ).toBeNull();
  expect(
    block([
      [1, 2],
      [3, Number.NaN],
    ]),
  ).toBeNaN();
  expect(
    block([
      [1, Number.POSITIVE_INFINITY],
      [3, Number.NEGATIVE_INFINITY],
    ]),
  ).toBeNaN();
});

test('Pixels are shades of the view, red where a value is not finite and transparent where none is', () => {
  const values = [-2, 0, 2, 99, -99, Number.NaN, null, 1];
  const matrix = {
    rows: [
      { first: 0, last: 0 },
      { first: 1, last: 1 },
    ],
    columns: [0, 1, 2, 3].map((n) => ({ first: n, last: n })),
    values,
  };
  const { width, height, pixels, palette } = heatImage(matrix, VIEW);
  expect([width, height, palette.length]).toEqual([4, 2, 256]);
  const colours = [...pixels].map((index) => palette[index]);
  const shade = (fraction: number) => [...colourAt(DIVERGING.light, Math.round(fraction * 253) / 253), 255];
  expect(colours).toEqual([
    shade(0),
    shade(0.5),
    shade(1),
    shade(1),
    shade(0),
    [Number.parseInt(NON_FINITE.slice(1, 3), 16), 25, 75, 255],
    [0, 0, 0, 0],
    shade(0.75),
  ]);
});
