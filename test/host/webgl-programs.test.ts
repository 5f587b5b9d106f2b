import * as tf from '@tensorflow/tfjs';
import { openWebGLPrograms, requireWebGLContext } from '../../src/host/webgl-programs.js';
import { useBackend } from '../../tools/backends.js';

beforeAll(() => useBackend('cpu'));

/** A backend that runs the one program that is known to it. */
function pretended(result: (matrix: tf.Tensor) => tf.Tensor): tf.KernelBackend {
  return {
    runWebGLProgram: (_program: object, [matrix]: [tf.Tensor]) => {
      const { dataId, shape, dtype } = tf.keep(result(matrix));
      return { dataId, shape, dtype };
    },
  } as unknown as tf.KernelBackend;
}

const right = pretended((matrix) => tf.transpose(matrix));

test('Programs are opened once where they run as expected', () => {
  expect(openWebGLPrograms(right)).not.toBeNull();
  expect(openWebGLPrograms(right)).toBe(openWebGLPrograms(right));
});

test.each<[string, () => tf.KernelBackend]>([
  ['there is nothing to run them', () => ({}) as tf.KernelBackend],
  ['they compute something else', () => pretended((matrix) => tf.reshape(matrix, [3, 2]))],
  ['they compute nothing', () => pretended((matrix) => tf.zeros([3, 2], matrix.dtype))],
  [
    'they do not compile',
    () =>
      pretended(() => {
        throw new Error('Failed to compile fragment shader.');
      }),
  ],
])('Programs are not opened where %s', (_title, backendOf) => {
  expect(openWebGLPrograms(backendOf())).toBeNull();
});

test('A lost context is told of, and what has none is let pass', () => {
  const withContext = (isLost: boolean) =>
    ({ gpgpu: { gl: { isContextLost: () => isLost } } }) as unknown as tf.KernelBackend;
  requireWebGLContext(tf.backend());
  requireWebGLContext(withContext(false));
  expect(() => requireWebGLContext(withContext(true))).toThrow('the browser has lost its WebGL context');
});
