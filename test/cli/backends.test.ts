import * as tf from '@tensorflow/tfjs';
import { BACKENDS, startBackend } from '../../src/cli/backends.js';

describe('startBackend', () => {
  test.each(BACKENDS)('starts %s', async (backend) => {
    expect(await startBackend(backend)).toBe(backend);
    expect(tf.getBackend()).toBe(backend);
  });

  test('takes the fastest by itself', async () => {
    await startBackend('cpu');
    expect(await startBackend('auto')).toBe('tensorflow');
  });

  test('takes the next where one does not start', async () => {
    const original = tf.setBackend;
    const refuse = (refused: string[]) =>
      jest.spyOn(tf.engine(), 'setBackend').mockImplementation(async (name) => {
        if (refused.includes(name)) return false;
        return true;
      });
    const spy = refuse(['tensorflow']);
    try {
      expect(await startBackend('auto')).toBe('wasm');
      spy.mockRestore();
      refuse(['tensorflow', 'wasm']);
      expect(await startBackend('auto')).toBe('cpu');
      await expect(startBackend('wasm')).rejects.toThrow(
        "the backend 'wasm' cannot be loaded: is @tensorflow/tfjs-backend-wasm installed beside explicit-lstm? (it failed",
      );
    } finally {
      jest.restoreAllMocks();
    }
    expect(tf.setBackend).toBe(original);
  });
});
