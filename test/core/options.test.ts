import * as tf from '@tensorflow/tfjs';
import {
  A_BOOLEAN,
  A_POSITIVE_INTEGER,
  aNumber,
  CHECKED_LATER,
  checkOptions,
  closestName,
  listOf,
  oneOf,
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

test('A name is taken for another only by its spelling or one slip in a long one', () => {
  const known = ['units', 'returnSequences', 'dropout'];
  expect(
    ['return_sequences', 'ReturnSequences', 'return-sequences', 'retrunSequences', 'returnSequence'].map((name) =>
      closestName(name, known),
    ),
  ).toEqual(new Array(5).fill('returnSequences'));
  expect(['unit', 'unist', 'dropped', 'returnState', ''].map((name) => closestName(name, known))).toEqual(
    new Array(5).fill(undefined),
  );
});
