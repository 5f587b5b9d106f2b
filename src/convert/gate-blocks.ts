// In plain loops: on the cpu backend tf.split and tf.transpose take seconds for the weights of a large layer.

/** The transpose of a matrix. */
export function transposed(data: ArrayLike<number>, rows: number, columns: number): Float32Array {
  const result = new Float32Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      result[column * rows + row] = data[row * columns + column] as number;
    }
  }
  return result;
}

/**
 * The same rows with their blocks, one a gate, in another order.
 *
 * @param columns How wide a row is, all blocks together.
 * @param order Of each block of the result, which block of the data it is.
 */
export function withBlocksInOrder(data: ArrayLike<number>, columns: number, order: readonly number[]): Float32Array {
  const result = new Float32Array(data.length);
  const width = columns / order.length;
  for (let row = 0; row < data.length; row += columns) {
    for (const [to, from] of order.entries()) {
      for (let n = 0; n < width; n++) result[row + to * width + n] = data[row + from * width + n] as number;
    }
  }
  return result;
}
