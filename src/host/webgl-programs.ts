import * as tf from '@tensorflow/tfjs';

/** The programs of tfjs's webgl backend: fragment shaders over tensors in packed textures. */
export interface WebGLPrograms {
  /**
   * Runs a program, which may call `getName(row, column)` for each input, `getOutputCoords` and `setOutput`; a texel holds
   * two rows of two columns. What it sets outside of the output's shape must be 0.
   *
   * @param userCode GLSL.
   * @param inputs By name; those that are null are left out.
   * @param uniforms The values of its `ivec4`s, by name.
   */
  run(
    userCode: string,
    inputs: Readonly<Record<string, tf.Tensor | null>>,
    uniforms: Readonly<Record<string, readonly number[]>>,
    shape: readonly number[],
  ): tf.Tensor;
}

interface Program {
  variableNames: string[];
  outputShape: number[];
  userCode: string;
  packedInputs: boolean;
  packedOutput: boolean;
  /** Gives the shapes as uniforms, so that other shapes need no other program. */
  enableShapeUniforms: boolean;
  customUniforms: { name: string; type: 'ivec4' }[];
}

/** What is used of tfjs's webgl backend, none of which it documents. */
interface WebGLBackend extends tf.KernelBackend {
  gpgpu?: { gl?: WebGLRenderingContext };
  runWebGLProgram(
    program: Program,
    inputs: tf.Tensor[],
    dtype: tf.DataType,
    uniformValues: number[][],
    preventEagerUnpacking: boolean,
  ): tf.TensorInfo;
}

const opened = new WeakMap<tf.KernelBackend, WebGLPrograms | null>();

/**
 * Opens the programs of tfjs's webgl backend.
 *
 * Reliance: `backend.runWebGLProgram`, the layout of packed textures, the GLSL functions that tfjs generates, and
 * `backend.gpgpu.gl`. Checked once for each backend object, by a program that transposes a small matrix. Fallback: null.
 */
export function openWebGLPrograms(backend: tf.KernelBackend): WebGLPrograms | null {
  const known = opened.get(backend);
  if (known !== undefined) return known;
  const found = connect(backend as WebGLBackend);
  opened.set(backend, found);
  return found;
}

/**
 * Throws where the browser has taken the context away: from then on nothing is drawn, but tfjs goes on without a word.
 *
 * @throws Error
 */
export function requireWebGLContext(backend: tf.KernelBackend): void {
  if (!(backend as WebGLBackend).gpgpu?.gl?.isContextLost?.()) return;
  throw new Error(
    'explicit-lstm: the browser has lost its WebGL context, and with it all tensors of the backend webgl; ' +
      'load the page anew, or make the tensors and models again on another backend',
  );
}

function connect(backend: WebGLBackend): WebGLPrograms | null {
  const programs: WebGLPrograms = {
    run: (userCode, inputs, uniforms, shape) => {
      const variableNames = Object.keys(inputs).filter((name) => inputs[name] !== null);
      const program: Program = {
        variableNames,
        outputShape: [...shape],
        userCode,
        packedInputs: true,
        packedOutput: true,
        enableShapeUniforms: true,
        customUniforms: Object.keys(uniforms).map((name) => ({ name, type: 'ivec4' })),
      };
      const tensors = variableNames.map((name) => inputs[name] as tf.Tensor);
      const values = Object.values(uniforms).map((value) => [...value]);
      // A tensor from the start, so that the tidy around it frees it if something throws.
      return tf.engine().makeTensorFromTensorInfo(backend.runWebGLProgram(program, tensors, 'float32', values, true));
    },
  };
  try {
    return isAsExpected(programs) ? programs : null;
  } catch {
    return null;
  }
}

const TRANSPOSE = `
  float at(int row, int column) {
    return row < size.x && column < size.y ? getChannel(getMatrix(column, row), vec2(column, row)) : 0.;
  }
  void main() {
    ivec2 at0 = getOutputCoords();
    setOutput(vec4(at(at0.x, at0.y), at(at0.x, at0.y + 1), at(at0.x + 1, at0.y), at(at0.x + 1, at0.y + 1)));
  }
`;

function isAsExpected({ run }: WebGLPrograms): boolean {
  return tf.tidy(() => {
    const values = [1.5, -2.25, 3.125, 0.5, 7, -0.75];
    const transposed = run(TRANSPOSE, { matrix: tf.tensor2d(values, [2, 3]) }, { size: [3, 2, 0, 0] }, [3, 2]);
    const expected = [1.5, 0.5, -2.25, 7, 3.125, -0.75];
    return [...transposed.dataSync()].every((value, n) => value === expected[n]);
  });
}
