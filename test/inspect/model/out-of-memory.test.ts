import * as tf from '@tensorflow/tfjs';
import { lstm } from '../../../src/index.js';
import { gradientFlow, gradientFlowModel, isOutOfMemory, OutOfMemoryError } from '../../../src/inspect/index.js';
import { useBackend } from '../../../tools/backends.js';

const WORDS: [who: string, error: Error][] = [
  ['V8', new RangeError('Array buffer allocation failed')],
  ['V8, of an array', new RangeError('Invalid typed array length: 4294967296')],
  ['Emscripten', new Error('Aborted(). Build with -sASSERTIONS for more info.')],
  ['WebAssembly', new Error('memory access out of bounds')],
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
});
