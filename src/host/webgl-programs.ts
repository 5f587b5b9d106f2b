import * as tf from '@tensorflow/tfjs';
import { lostDevice } from './lost-device.js';

/** What is used of tfjs's webgl backend, none of which it documents. */
interface WebGLBackend extends tf.KernelBackend {
  gpgpu?: { gl?: WebGLRenderingContext };
  runWebGLProgram(
    program: object,
    inputs: tf.Tensor[],
    dtype: tf.DataType,
    uniforms: number[][],
    preventEagerUnpacking: boolean,
  ): tf.TensorInfo;
}

/**
 * Draws with a program of our own on tfjs's webgl backend. It may call `getName(row, column)` for each input, and
 * `getOutputCoords` and `setOutput`; a texel holds two rows of two columns. What it sets outside of the output's shape must be 0.
 *
 * Reliance: `backend.runWebGLProgram`, the layout of packed textures, and the GLSL functions that tfjs generates. Not checked
 * here: whoever draws compares what was drawn, once, and catches what is thrown. Fallback: not to draw.
 *
 * @param userCode GLSL.
 * @param given The inputs by name; those that are null are left out.
 * @param uniforms The values of its `ivec4`s, by name.
 */
export function drawWebGL(
  userCode: string,
  given: Readonly<Record<string, tf.Tensor | null>>,
  uniforms: Readonly<Record<string, number[]>>,
  outputShape: readonly number[],
): tf.Tensor {
  const variableNames = Object.keys(given).filter((name) => given[name] !== null);
  const program = {
    variableNames,
    outputShape,
    userCode,
    packedInputs: true,
    packedOutput: true,
    // Gives the shapes as uniforms, so that other shapes need no other program.
    enableShapeUniforms: true,
    customUniforms: Object.keys(uniforms).map((name) => ({ name, type: 'ivec4' })),
  };
  const inputs = variableNames.map((name) => given[name] as tf.Tensor);
  const backend = tf.backend() as WebGLBackend;
  // A tensor from the start, so that the tidy around it frees it if something throws.
  return tf
    .engine()
    .makeTensorFromTensorInfo(backend.runWebGLProgram(program, inputs, 'float32', Object.values(uniforms), true));
}

/**
 * Reliance: `backend.gpgpu.gl`. Fallback: what is lost is not noticed.
 *
 * @throws Error where the browser has taken the context away.
 */
export function requireWebGLContext(): void {
  if ((tf.backend() as WebGLBackend).gpgpu?.gl?.isContextLost?.()) throw lostDevice('webgl', 'WebGL context');
}
