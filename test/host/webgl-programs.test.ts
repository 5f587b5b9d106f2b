import * as tf from '@tensorflow/tfjs';
import { requireWebGLContext } from '../../src/host/webgl-programs.js';
import { useBackend } from '../../tools/backends.js';
import { pretendBackend } from './support/pretend-backend.js';

// What is drawn is tested in a browser: test/browser.

beforeAll(() => useBackend('cpu'));

test('A lost context is told of, and what has none is let pass', async () => {
  requireWebGLContext();
  for (const isLost of [false, true]) {
    const end = await pretendBackend({ gpgpu: { gl: { isContextLost: () => isLost } } });
    const require = () => requireWebGLContext();
    if (isLost) expect(require).toThrow('the browser has lost its WebGL context, and with it all tensors');
    else expect(require).not.toThrow();
    await end();
  }
  expect(tf.getBackend()).toBe('cpu');
});
