import {
  CELL_WEIGHTS,
  lstmWeightsOf,
  mapWeights,
  mapWeightsAsync,
  weightsFor,
  weightsOf,
} from '../../src/core/weights.js';

const WITH_BIAS = { bias: 7, recurrentKernel: 5, kernel: 3 };
const WITHOUT = [
  ['is null', { kernel: 3, recurrentKernel: 5, bias: null }],
  ['is missing', { recurrentKernel: 5, kernel: 3 }],
] as const;

test('The weights of a cell have the shapes that Keras and tfjs give them', () => {
  const shapes = CELL_WEIGHTS.map(({ storedName, shape }) => [storedName, shape(5, 3)]);
  expect(shapes).toEqual([
    ['kernel', [5, 12]],
    ['recurrent_kernel', [3, 12]],
    ['bias', [12]],
  ]);
});

test('Those of a cell with other gates have a block of U for each, and rows of as many units as it puts out', () => {
  const weights = lstmWeightsOf({ useBias: true }, ['f', 'g', 'z'], 7);
  expect(weights.map(({ property, shape }) => [property, shape(5, 2)])).toEqual([
    ['kernel', [5, 6]],
    ['recurrentKernel', [7, 6]],
    ['bias', [6]],
  ]);
  for (const { blocks } of weights) {
    expect(blocks(2)).toEqual(['f', 'g', 'z'].map((name) => ({ name, width: 2 })));
  }
  expect(
    CELL_WEIGHTS.map(({ blocks }) =>
      blocks(3)
        .map(({ name, width }) => `${name}${width}`)
        .join(),
    ),
  ).toEqual(new Array(3).fill('i3,f3,g3,o3'));
  expect(lstmWeightsOf({ useBias: false }, ['f'], 7).map(({ property }) => property)).toEqual([
    'kernel',
    'recurrentKernel',
  ]);
});

test('A cell has the weights that its arguments ask for', () => {
  const names = (flags: { useBias?: boolean }) => weightsFor(flags).map(({ property }) => property);
  expect(names({ useBias: true })).toEqual(['kernel', 'recurrentKernel', 'bias']);
  expect(names({ useBias: false })).toEqual(['kernel', 'recurrentKernel']);
  expect(names({})).toEqual(['kernel', 'recurrentKernel']);
});

test('Weights are listed and mapped in the order of the table, however a cell holds them', () => {
  expect(weightsOf(WITH_BIAS)).toEqual([3, 5, 7]);
  const mapped = mapWeights(WITH_BIAS, (value, index) => `${value} at ${index}`);
  expect(Object.entries(mapped)).toEqual([
    ['kernel', '3 at 0'],
    ['recurrentKernel', '5 at 1'],
    ['bias', '7 at 2'],
  ]);
});

test.each(WITHOUT)('Of a bias that %s nothing is made but null', async (_, holder) => {
  const expected = { kernel: 6, recurrentKernel: 10, bias: null };
  expect(weightsOf<number>(holder)).toEqual([3, 5]);
  expect(mapWeights<number, number>(holder, (value) => 2 * value)).toEqual(expected);
  expect(await mapWeightsAsync<number, number>(holder, async (value) => 2 * value)).toEqual(expected);
});

test('What is falsy, such as 0, counts as a weight', () => {
  const zeros = { kernel: 0, recurrentKernel: 0, bias: 0 };
  expect(weightsOf(zeros)).toEqual([0, 0, 0]);
  expect(mapWeights(zeros, (value) => value + 1)).toEqual({ kernel: 1, recurrentKernel: 1, bias: 1 });
});

test('All promises are made before the first is waited for', async () => {
  const begun: number[] = [];
  const all = mapWeightsAsync(WITH_BIAS, async (value) => {
    begun.push(value);
    return await Promise.resolve(-value);
  });
  expect(begun).toEqual([3, 5, 7]);
  expect(await all).toEqual({ kernel: -3, recurrentKernel: -5, bias: -7 });
});
