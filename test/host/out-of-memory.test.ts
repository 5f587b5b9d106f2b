import { isOutOfMemory } from '../../src/host/out-of-memory.js';

test.each([
  'Aborted(). Build with -sASSERTIONS for more info.',
  'memory access out of bounds',
  'Array buffer allocation failed',
  'Invalid array length',
  'Invalid typed array length: 4294967296',
  'Invalid arraybuffer length',
  'Cannot enlarge memory arrays to size 5',
  'Out of memory',
  'OOM when allocating tensor with shape[500]',
  'could not allocate 5 bytes',
  'failed to allocate 5 bytes',
])('That memory ran out is what an engine says by: %s', (message) => {
  const error = new RangeError(message);
  expect(isOutOfMemory(error)).toBe(true);
  expect(isOutOfMemory(new Error('a layer failed', { cause: new Error('a step failed', { cause: error }) }))).toBe(
    true,
  );
  // What is thrown must be an error.
  expect(isOutOfMemory(message)).toBe(false);
  expect(isOutOfMemory({ message })).toBe(false);
});

test('An error of that name says so, whatever its words', () => {
  expect(isOutOfMemory(Object.assign(new Error('too much'), { name: 'OutOfMemoryError' }))).toBe(true);
});

test.each(['x must be [B, T, D]', 'the room is full', 'memory_1 must be built', 'AbortedError', 'BOOM'])(
  'It is not what is said by: %s',
  (message) => {
    expect(isOutOfMemory(new Error(message))).toBe(false);
    expect(isOutOfMemory(new Error(message, { cause: new Error(message) }))).toBe(false);
  },
);
