/** Asserts that two plain objects have the same keys and values, and numbers that agree to a relative difference. */
export function expectNumbersClose(actual: unknown, expected: unknown, tolerance = 1e-9, path = ''): void {
  if (typeof expected === 'number' && typeof actual === 'number') {
    const difference = Math.abs(actual - expected);
    // Means about 0 have lost digits to cancellation, so that a difference far below 1 is one of rounding.
    if (difference <= tolerance * Math.abs(expected) || difference < 1e-12) return;
    throw new Error(`${path} is ${actual}, expected ${expected}`);
  }
  if (typeof expected !== 'object' || expected === null || typeof actual !== 'object' || actual === null) {
    if (Object.is(actual, expected)) return;
    throw new Error(`${path} is ${JSON.stringify(actual)}, expected ${JSON.stringify(expected)}`);
  }
  expect([path, Object.keys(actual).sort()]).toEqual([path, Object.keys(expected).sort()]);
  for (const [key, value] of Object.entries(expected)) {
    expectNumbersClose((actual as Record<string, unknown>)[key], value, tolerance, `${path}.${key}`);
  }
}
