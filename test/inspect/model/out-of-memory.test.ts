import * as tf from '@tensorflow/tfjs';
import { lstm } from '../../../src/index.js';
import { gradientFlow, gradientFlowModel, isOutOfMemory, OutOfMemoryError } from '../../../src/inspect/index.js';
import { tellingOutOfMemory } from '../../../src/inspect/model/out-of-memory.js';
import { useBackend } from '../../../tools/backends.js';

const WORDS: [who: string, error: Error][] = [
  ['V8', new RangeError('Array buffer allocation failed')],
  ['V8, of an array', new RangeError('Invalid typed array length: 4294967296')],
  ['Emscripten', new Error('Aborted(). Build with -sASSERTIONS for more info.')],
  ['WebAssembly', new Error('memory access out of bounds')],
  ['Firefox', new RangeError('invalid array length')],
  ['Safari', new RangeError('Invalid arraybuffer length')],
  ['Emscripten, which cannot grow', new Error('Cannot enlarge memory arrays')],
  ['any', new Error('Out of memory')],
  ['others', new Error('Could not allocate 5 bytes')],
  ['and others', new Error('Failed to allocate 5 bytes')],
  ['TensorFlow', new Error('OOM when allocating tensor with shape[500,500,2000] and type float')],
];

describe('Memory that runs out', () => {
  beforeAll(() => useBackend('cpu'));
  beforeEach(() => tf.engine().startScope());
  afterEach(() => tf.engine().endScope());

  test.each(WORDS)(
    'is told as that by gradientFlow and gradientFlowModel, with what they would take: %s',
    (_, error) => {
      const model = tf.sequential({
        layers: [lstm({ units: 300, inputShape: [200, 3], recurrentInitializer: 'glorotUniform' })],
      });
      const x = tf.zeros([2, 200, 3]);
      const loss = () => {
        throw error;
      };
      const { numTensors } = tf.memory();
      for (const [where, run] of [
        ['gradientFlow', () => gradientFlow(model.layers[0]!, x, loss)],
        ['gradientFlowModel', () => gradientFlowModel(model, x, tf.zeros([2, 300]), { loss })],
      ] as const) {
        let thrown: unknown;
        try {
          tf.tidy(() => void run());
        } catch (caught) {
          thrown = caught;
        }
        expect(thrown).toBeInstanceOf(OutOfMemoryError);
        expect((thrown as Error).message).toMatch(
          new RegExp(`^${where}: memory ran out; this takes at most about \\d+ MB.*fewer samples`),
        );
        expect((thrown as Error).cause).toBe(error);
        expect((thrown as OutOfMemoryError).bytes).toBeGreaterThan(20 * 4 * 2 * 200 * 300);
      }
      expect(tf.memory().numTensors).toBe(numTensors);
    },
  );

  test.each([new Error('layer must be an LSTM'), new RangeError('x must be [B, T, D]'), 'Aborted()', null])(
    'is not what other errors are taken for: %p',
    (error) => {
      expect(isOutOfMemory(error)).toBe(false);
    },
  );

  test.each([
    [0, ''],
    [1, '; this takes at most about 1 MB, on top of what the model itself takes'],
    [2_500_000, '; this takes at most about 3 MB, on top of what the model itself takes'],
    [999_000_000, '; this takes at most about 999 MB, on top of what the model itself takes'],
    [1e9, '; this takes at most about 1.0 GB, on top of what the model itself takes'],
    [12_340_000_000, '; this takes at most about 12.3 GB, on top of what the model itself takes'],
  ])('is told with how much was needed, in units that people read: %p', (bytes, told) => {
    const cause = new Error('OOM');
    const error = new OutOfMemoryError('test', bytes, cause);
    expect(error).toMatchObject({ name: 'OutOfMemoryError', bytes, cause });
    expect(error.message).toBe(
      `test: memory ran out${told}: pass fewer samples, or only a part of each sequence. tfjs's wasm backend must be restarted after that`,
    );
  });

  test('is told once, by the innermost, and other errors as they are', () => {
    const throwing = (error: unknown) => () => {
      throw error;
    };
    const told = new OutOfMemoryError('inner', 5e6, new Error('OOM'));
    expect(() => tellingOutOfMemory('outer', () => 1, throwing(told))).toThrow(told);
    const other = new Error('something else');
    expect(() => tellingOutOfMemory('outer', () => 1, throwing(other))).toThrow(other);
    expect(() => tellingOutOfMemory('outer', () => 1, throwing(new Error('OOM')))).toThrow('outer: memory ran out');
    const wrapped = new Error('a step failed', { cause: new Error('Aborted(). Build with …') });
    expect(isOutOfMemory(wrapped)).toBe(true);
    expect(() => tellingOutOfMemory('outer', () => 1, throwing(wrapped))).toThrow('outer: memory ran out');
    expect(tellingOutOfMemory('outer', throwing(other) as never, () => 7)).toBe(7);
  });
});
