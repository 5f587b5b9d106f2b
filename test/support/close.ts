import * as tf from '@tensorflow/tfjs';

/** How far two float32 computations of the same thing may be apart, absolute and relative. */
export const TOLERANCE = 1e-5;

/** Asserts that a tensor has the expected shape and, element by element, the expected values. */
export function expectClose(actual: tf.Tensor, expected: tf.Tensor | number[], tolerance = TOLERANCE): void {
  if (expected instanceof tf.Tensor) expect(actual.shape).toEqual(expected.shape);
  const [received, wanted] = [actual, expected].map((values) => [
    ...(values instanceof tf.Tensor ? values.dataSync() : values),
  ]) as [number[], number[]];
  expect(received).toHaveLength(wanted.length);
  const differences = wanted.map((value, at) =>
    Object.is(received[at], value) ? 0 : Math.abs((received[at] as number) - value),
  );
  const at = differences.findIndex((difference, n) => !(difference <= tolerance * (1 + Math.abs(wanted[n] as number))));
  if (at >= 0) {
    throw new Error(
      `element ${at} of a tensor [${actual.shape}] is ${received[at]}, expected ${wanted[at]}: ` +
        `${differences[at]} apart, at a tolerance of ${tolerance} absolute and relative`,
    );
  }
}

/** Asserts the same of lists of tensors. */
export function expectAllClose(actual: tf.Tensor[], expected: tf.Tensor[], tolerance = TOLERANCE): void {
  expect(actual).toHaveLength(expected.length);
  for (const [n, tensor] of actual.entries()) expectClose(tensor, expected[n] as tf.Tensor, tolerance);
}

export function asList<Value>(value: Value | Value[]): Value[] {
  return Array.isArray(value) ? value : [value];
}
