/** Where ONNX's blocks of W, R and B (i, o, f, c) are among this package's (i, f, g, o). */
const BLOCKS = [0, 3, 1, 2];

/**
 * @param kernel [rows, 4U], columns in blocks i, f, g, o.
 * @returns [4U, rows], rows in blocks i, o, f, c.
 */
export function toOnnxKernel(kernel: Float32Array, rows: number): Float32Array {
  const columns = kernel.length / rows;
  const units = columns / 4;
  const transposed = new Float32Array(kernel.length);
  for (const [place, block] of BLOCKS.entries()) {
    for (let unit = 0; unit < units; unit++) {
      for (let row = 0; row < rows; row++) {
        transposed[(place * units + unit) * rows + row] = kernel[row * columns + block * units + unit] as number;
      }
    }
  }
  return transposed;
}

/**
 * @param bias [4U]
 * @returns [8U]: ONNX has a second bias, for the recurrent product; it is 0.
 */
export function toOnnxBias(bias: Float32Array): Float32Array {
  const both = new Float32Array(2 * bias.length);
  both.set(toOnnxKernel(bias, 1));
  return both;
}

/**
 * @param x [B, T, D]
 * @returns [T, B, D]
 */
export function toTimeMajor(x: Float32Array, batch: number, timesteps: number): Float32Array {
  const features = x.length / (batch * timesteps);
  const timeMajor = new Float32Array(x.length);
  for (let sample = 0; sample < batch; sample++) {
    for (let t = 0; t < timesteps; t++) {
      const from = (sample * timesteps + t) * features;
      timeMajor.set(x.subarray(from, from + features), (t * batch + sample) * features);
    }
  }
  return timeMajor;
}
