/** Bytes that are read piece by piece: of a file, or in memory. */
export interface ByteSource {
  /** How many there are. */
  readonly size: number;
  /** So many bytes from a place on, or the fewer that there are. They stay as they are until the next call only. */
  read(start: number, length: number): Uint8Array;
}

export function inMemory(bytes: Uint8Array): ByteSource {
  return { size: bytes.length, read: (start, length) => bytes.subarray(start, start + length) };
}

/** Numbers with a shape, of which only the first along the first axis have been read. */
export interface FirstRows {
  /** Of all that the document holds; its first size is how many rows there are. */
  shape: number[];
  /** The rows that have been read, in row-major order; a float32 holds the numbers, as it will in a model. */
  values: Float32Array;
}

/** How many numbers a row has. */
export function rowSize(shape: readonly number[]): number {
  return shape.slice(1).reduce((product, size) => product * size, 1);
}
