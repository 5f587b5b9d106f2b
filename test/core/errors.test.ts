import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { addRemark, describeValue, invalidArgument, invalidState } from '../../src/core/errors.js';
import { useBackend } from '../../tools/backends.js';

beforeAll(() => useBackend('cpu'));

test('An error names the function, the rule, the value and the layer', () => {
  const error = invalidArgument('LSTM.trace', 'mask must be [B, T] = [4, 10]', [4, 9], { layer: 'lstm_1' });
  expect(error).toBeInstanceOf(RangeError);
  expect(error.message).toBe("LSTM.trace: mask must be [B, T] = [4, 10], got [4, 9] (layer 'lstm_1')");
  expect(invalidArgument('lstm', 'units must be positive', 0).message).toBe('lstm: units must be positive, got 0');
});

test('An error holds its cause, if there is one', () => {
  const cause = new Error('from below');
  expect(invalidArgument('lstm', 'rule', 0, { cause }).cause).toBe(cause);
  expect(invalidArgument('lstm', 'rule', 0)).not.toHaveProperty('cause');
});

test('An error of state names the function, the rule and the layer', () => {
  expect(invalidState('LSTM.trace', 'the layer must be built first', 'a').message).toBe(
    "LSTM.trace: the layer must be built first (layer 'a')",
  );
});

test.each([
  [[4, null, [1]], '[4, null, [1]]'],
  ['tanh', "'tanh'"],
  [undefined, 'undefined'],
  [null, 'null'],
  [Number.NaN, 'NaN'],
  [Math.tanh, 'the function tanh'],
  [() => 0, 'the function (anonymous)'],
  [{ a: 1, b: 2 }, "an object of class Object with keys ['a', 'b']"],
  [Object.create(null), 'an object of class object with keys []'],
  [new Map(), 'an object of class Map with keys []'],
  [{ shape: 'round' }, "an object of class Object with keys ['shape']"],
  [{ name: 'memory' }, "an object of class Object with keys ['name']"],
])('The value %p is shown as %s', (value, expected) => {
  expect(describeValue(value)).toBe(expected);
});

test('A tensor is shown by its shape, not by its values', () => {
  const tensor = tf.ones([2, 3]);
  expect(describeValue(tensor)).toBe('a Tensor of shape [2, 3]');
  expect(describeValue(tf.input({ shape: [3] }))).toBe('a SymbolicTensor of shape [null, 3]');
  tensor.dispose();
});

test('A layer or model is shown by its class and name', () => {
  expect(describeValue(tf.layers.dense({ units: 1, name: 'head' }))).toBe("the Dense 'head'");
  expect(describeValue(tf.sequential({ name: 'all' }))).toBe("the Sequential 'all'");
});

test.each<[string, unknown, string]>([
  ['a large typed array', new Float32Array(784_000), 'a Float32Array of 784000: [0, 0, '],
  ['a long list', Array.from({ length: 1e6 }, (_, n) => n), 'an array of 1000000: [0, 1, 2, '],
  [
    'a list of large lists',
    new Array(60_000).fill(new Float32Array(784)),
    'an array of 60000: [a Float32Array of 784: [',
  ],
  ['a long text', 'x'.repeat(1e7), "'xxx"],
  [
    'an object of many keys',
    Object.fromEntries(Array.from({ length: 1e4 }, (_, n) => [n, n])),
    'an object of class Object',
  ],
  ['a function of a long name', Object.defineProperty(() => 0, 'name', { value: 'f'.repeat(1e4) }), 'the function fff'],
])('%s is described by its beginning, within 200 characters', (_name, value, beginning) => {
  const described = describeValue(value);
  expect(described.slice(0, beginning.length)).toBe(beginning);
  expect(described.length).toBeLessThanOrEqual(200);
  expect(described).toContain('…');
});

test.each([
  ['a text', 'x'.repeat(300)],
  ['a function', Object.defineProperty(() => 0, 'name', { value: 'f'.repeat(300) })],
])('%s that is too long is shown up to the 200th character', (_name, value) => {
  expect(describeValue(value)).toHaveLength(200);
});

test('Of a number too long to show, the beginning is shown', () => {
  expect(describeValue(12n)).toBe('12n');
  expect(describeValue(10n ** 300n)).toMatch(/^10{197}…n$/);
});

test('Of lists too deep to show, only their number of entries is', () => {
  expect(describeValue([[[[[1, 2]]]]])).toBe('[[[[an array of 2: […]]]]]');
  expect(describeValue([[[[[]]]]])).toBe('[[[[[]]]]]');
});

test('Any value is shown on one line of at most 200 characters', () => {
  const anything = fc.anything({ withBigInt: true, withDate: true, withMap: true, withTypedArray: true, maxDepth: 6 });
  fc.assert(
    fc.property(fc.oneof(anything, fc.string({ unit: 'binary', maxLength: 300 })), (value) => {
      const described = describeValue(value);
      expect(described.length).toBeLessThanOrEqual(200);
      expect(described).not.toMatch(/[\r\n]/);
    }),
    { examples: [['two\nlines'], [Symbol('two\r\nlines')]] },
  );
});

test('What other rooms know of a value is added to the errors about it, and to no others', () => {
  addRemark((received) => (received === 'a strange value' ? 'It is strange' : null));
  addRemark((received) => (typeof received === 'string' ? 'It is a text' : null));
  expect(invalidArgument('lstm', 'rule', 'a strange value').message).toBe(
    "lstm: rule, got 'a strange value'. It is strange. It is a text",
  );
  expect(invalidArgument('lstm', 'rule', 'other').message).toBe("lstm: rule, got 'other'. It is a text");
  expect(invalidArgument('lstm', 'rule', 1).message).toBe('lstm: rule, got 1');
});

test('A list within a list that refers to itself has an end', () => {
  const list: unknown[] = [1];
  list.push(list);
  expect(describeValue(list)).toMatch(/^\[1, \[1, /);
});
