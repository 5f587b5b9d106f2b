import { colourAt, DIVERGING, NON_FINITE } from '../../../src/plot/rows/colours.js';
import { heatImage, type IndexedImage, LARGEST_IMAGE, tileMean, type ValueGrid } from '../../../src/plot/rows/heat.js';
import { symmetricView } from '../../../src/plot/rows/quantity-view.js';

const VIEW = symmetricView(2, 'light');
const MATRIX = [
  [1, 2, 3, 4],
  [5, 6, 7, 9],
  [-1, -2, -3, -6],
];

/** The values of a matrix as its first row, then its second. */
function gridOf(matrix: number[][], isThere: boolean[] | null = null): ValueGrid {
  const columns = matrix[0]!.length;
  return { values: matrix.flat(), starts: matrix.map((_, row) => row * columns), stride: 1, columns, isThere };
}

const shade = (fraction: number) => [...colourAt(DIVERGING.light, Math.round(fraction * 253) / 253), 255];
const coloursOf = ({ pixels, palette }: IndexedImage) => [...pixels].map((index) => palette[index]);

test('A grid that fits has a pixel for each value, wherever it lies in the list', () => {
  const transposed = { values: MATRIX.flat(), starts: [3, 0], stride: 4, columns: 3, isThere: null };
  const image = heatImage(transposed, LARGEST_IMAGE, symmetricView(9, 'light'));
  expect([image.width, image.height]).toEqual([3, 2]);
  expect(coloursOf(image)).toEqual([4, 9, -6, 1, 5, -1].map((value) => shade((value + 9) / 18)));
});

test('One that does not has the means of blocks', () => {
  const image = heatImage(gridOf(MATRIX), { rows: 2, columns: 2 }, symmetricView(6, 'light'));
  expect([image.width, image.height]).toEqual([2, 2]);
  expect(coloursOf(image)).toEqual([3.5, 5.75, -1.5, -4.5].map((value) => shade((value + 6) / 12)));
});

test('A block is the mean of what there is; one value that is not finite makes it NaN', () => {
  const all = { first: 0, last: 1 };
  const block = (values: number[][], isThere: boolean[] | null = null) => tileMean(gridOf(values, isThere), all, all);
  const numbers = [
    [1, 2],
    [3, 4],
  ];
  expect(block(numbers)).toBe(2.5);
  expect(block(numbers, [true, false])).toBe(2);
  expect(block(numbers, [false, false])).toBeNull();
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
  const values = [
    [-2, 0, 2, 99],
    [-99, Number.NaN, 7, 1],
  ];
  const image = heatImage(gridOf(values, [true, true, false, true]), LARGEST_IMAGE, VIEW);
  expect([image.width, image.height, image.palette.length]).toEqual([4, 2, 256]);
  const nothing = [0, 0, 0, 0];
  const red = [Number.parseInt(NON_FINITE.slice(1, 3), 16), 25, 75, 255];
  expect(coloursOf(image)).toEqual([shade(0), shade(0.5), nothing, shade(1), shade(0), red, nothing, shade(0.75)]);
});
