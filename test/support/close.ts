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
  let worst = { excess: 0, at: -1 };
  for (const [at, value] of wanted.entries()) {
    const difference = Object.is(received[at], value) ? 0 : Math.abs((received[at] as number) - value);
    const excess = difference / (tolerance + tolerance * Math.abs(value));
    if (!(excess <= 1) && !(excess <= worst.excess)) worst = { excess, at };
  }
  if (worst.at >= 0) {
    throw new Error(
      `element ${worst.at} of a tensor [${actual.shape}] is ${received[worst.at]}, expected ${wanted[worst.at]}; ` +
        `${worst.excess} times the tolerance of ${tolerance}`,
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
