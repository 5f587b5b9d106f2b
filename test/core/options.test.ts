import * as tf from '@tensorflow/tfjs';
import {
  A_BOOLEAN,
  A_FINITE_NUMBER,
  A_FUNCTION,
  A_POSITIVE_INTEGER,
  A_STRING,
  AN_ABORT_SIGNAL,
  AN_INTEGER,
  aNumber,
  CHECKED_LATER,
  checkOptions,
  closestName,
  listOf,
  type OptionRule,
  oneOf,
  required,
} from '../../src/core/options.js';

const RULES = {
  mask: CHECKED_LATER,
  initialState: CHECKED_LATER,
  rate: aNumber('a number in [0, 1)', (rate) => rate >= 0 && rate < 1),
  mode: oneOf('auto', true, false),
  verbose: A_BOOLEAN,
  units: listOf('a list of positive integers', A_POSITIVE_INTEGER),
};

test.each<[string, object]>([
  ["rate must be a number in [0, 1), got '0.5'", { rate: '0.5' }],
  ['rate must be a number in [0, 1), got 1', { rate: 1 }],
  ['rate must be a number in [0, 1), got NaN', { rate: Number.NaN }],
  ["mode must be 'auto', true or false, got 'on'", { mode: 'on' }],
  ['verbose must be a boolean, got 1', { verbose: 1 }],
  ['units must be a list of positive integers, got [1, 0]', { units: [1, 0] }],
  ["the option must be spelt 'initialState', got 'initial_state'", { initial_state: null }],
  ["the option must be spelt 'initialState', got 'initalState'", { initalState: 1 }],
  ["the option must be spelt 'initialState', got 'intiialState'", { intiialState: 1 }],
])('Options that break a rule are refused: %s', (message, options) => {
  expect(() => checkOptions('look', options, RULES)).toThrow(new RangeError(`look: ${message}`));
});

test.each([
  [[1, 2], '[1, 2]'],
  [null, 'null'],
  ['mask', "'mask'"],
  [new Map(), 'an object of class Map with keys []'],
])('What is not a plain object is refused as options: %p', (options, described) => {
  expect(() => checkOptions('look', options, RULES)).toThrow(`look: options must be an object, got ${described}`);
});

test('A tensor in the place of the options is refused', () => {
  const mask = tf.ones([2, 3]);
  expect(() => checkOptions('look', mask, RULES)).toThrow(
    'look: options must be an object, got a Tensor of shape [2, 3]',
  );
  mask.dispose();
});

test('Options that keep their rules pass, as do those that are not given', () => {
  const warn = jest.spyOn(console, 'warn').mockImplementation();
  const options = { rate: 0.5, mode: 'auto', units: [1], verbose: undefined, mask: null };
  for (const given of [options, {}, Object.assign(Object.create(null), options)]) checkOptions('look', given, RULES);
  expect(warn).not.toHaveBeenCalled();
  checkOptions('look', { colour: 'red', toString: 1 }, RULES);
  expect(warn.mock.calls).toEqual([
    ["look: the option 'colour' is unknown and has no effect."],
    ["look: the option 'toString' is unknown and has no effect."],
  ]);
  warn.mockRestore();
});

test.each<[string, OptionRule, unknown[], unknown[]]>([
  ['anything', CHECKED_LATER, [0, '', {}], []],
  ['a boolean', A_BOOLEAN, [true, false], [0, 'true']],
  ['a string', A_STRING, ['', 'h'], [1, ['h']]],
  ['a function', A_FUNCTION, [() => 0, Math.tanh], [{}, 'tanh']],
  ['an integer', AN_INTEGER, [-3, 0, 2], [0.5, '1', Number.POSITIVE_INFINITY]],
  ['a positive integer', A_POSITIVE_INTEGER, [1, 2], [0, -1, 1.5, '1']],
  ['a finite number', A_FINITE_NUMBER, [-0.5, 0, 1e300], [Number.NaN, Number.NEGATIVE_INFINITY, '1']],
  ['an AbortSignal', AN_ABORT_SIGNAL, [new AbortController().signal], [new AbortController(), {}, 1]],
  ['one of some', oneOf('a', 2, null), ['a', 2, null], ['b', '2', undefined]],
])('The rule that a value must be %s holds for such values alone', (_name, rule, allowed, refused) => {
  expect(allowed.filter((value) => !rule.holds(value))).toEqual([]);
  expect(refused.filter((value) => rule.holds(value))).toEqual([]);
});

test('The values to choose from are listed in words', () => {
  expect(oneOf('h').must).toBe("'h'");
  expect(oneOf('a', 'b').must).toBe("'a' or 'b'");
  expect(oneOf('a', true, 3).must).toBe("'a', true or 3");
  expect(oneOf('a', 3).values).toEqual(['a', 3]);
});

test('An option that is required is missed, and its value is still held to its rule', () => {
  const rules = { units: required(A_POSITIVE_INTEGER), other: A_POSITIVE_INTEGER };
  const rule = 'look: units must be a positive integer';
  for (const given of [{}, { units: undefined }, { units: null }, { other: 1 }]) {
    expect(() => checkOptions('look', given, rules)).toThrow(rule);
  }
  expect(() => checkOptions('look', { units: 0 }, rules)).toThrow(`${rule}, got 0`);
  checkOptions('look', { units: 2 }, rules);
});

test('A name is taken for another only by its spelling or one slip in a long one', () => {
  const known = ['units', 'returnSequences', 'dropout'];
  expect(
    [
      'return_sequences',
      'ReturnSequences',
      'return-sequences',
      'retrunSequences',
      'returnSequence',
      'eturnSequences',
      'xreturnSequences',
      'returnSequencez',
    ].map((name) => closestName(name, known)),
  ).toEqual(new Array(8).fill('returnSequences'));
  expect(
    ['unit', 'unist', 'dropped', 'returnState', '', 'retuXXSequences', 'returnSequen', 'returnSequencesxy'].map(
      (name) => closestName(name, known),
    ),
  ).toEqual(new Array(8).fill(undefined));
});
