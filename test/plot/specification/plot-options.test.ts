import {
  givenOptions,
  PLOT_RULES,
  SAMPLE,
  SOME_QUANTITIES,
  TIME_PLOT_RULES,
} from '../../../src/plot/specification/plot-options.js';

const check = (options: object, rules = PLOT_RULES) => givenOptions('f', options as never, rules);

afterEach(() => {
  jest.restoreAllMocks();
});

test('Options that all pictures share are checked', () => {
  const good = { title: 't', theme: 'dark', width: 10, height: 0.5 };
  expect(check(good)).toEqual(good);
  expect(() => check({ theme: 'blue' })).toThrow("f: theme must be 'light' or 'dark', got 'blue'");
  expect(() => check({ title: 3 })).toThrow('f: title must be a string, got 3');
  for (const [width, shown] of [
    [0, '0'],
    ['300', "'300'"],
    [Number.NaN, 'NaN'],
    [Number.POSITIVE_INFINITY, 'Infinity'],
  ]) {
    expect(() => check({ width })).toThrow(`f: width must be a positive number of pixels, got ${shown}`);
  }
  expect(() => check({ height: -1 })).toThrow('f: height must be a positive number of pixels, got -1');
  expect(() => check([])).toThrow('f: options must be an object, got []');
});

test('An option that is null is not given', () => {
  expect(check({ width: null, height: undefined, title: 'x' })).toEqual({ title: 'x' });
});

test('A name that is close to an option is told, another warns', () => {
  const warn = jest.spyOn(console, 'warn').mockImplementation(() => {});
  expect(() => check({ time_labels: [] }, TIME_PLOT_RULES)).toThrow(
    "f: the option must be spelt 'timeLabels', got 'time_labels'",
  );
  check({ colour: 'red' });
  expect(warn.mock.calls).toEqual([["f: the option 'colour' is unknown and has no effect."]]);
});

test('Names of timesteps are strings or numbers, by their old name too', () => {
  for (const name of ['timeLabels', 'labels']) {
    expect(check({ [name]: ['a', 2] }, TIME_PLOT_RULES)).toEqual({ [name]: ['a', 2] });
    for (const wrong of ['ab', [{}], [null]]) {
      expect(() => check({ [name]: wrong }, TIME_PLOT_RULES)).toThrow(
        `f: ${name} must be an array of strings or numbers, got`,
      );
    }
  }
});

test('A sample is an integer, quantities a list of some', () => {
  expect(() => check({ sample: 0.5 }, { sample: SAMPLE })).toThrow(
    'f: sample must be an integer, the index of a sample, got 0.5',
  );
  const quantities = (value: unknown) => () => check({ quantities: value }, { quantities: SOME_QUANTITIES });
  expect(quantities(['f', 'c'])).not.toThrow();
  for (const wrong of [[], ['f', 3], 'f']) {
    expect(quantities(wrong)).toThrow('f: quantities must be a list of names of gates and states, got');
  }
});
