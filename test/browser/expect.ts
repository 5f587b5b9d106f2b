/** The few of Jest's matchers that the tests' own support uses, for a page. */
export function installExpect(): void {
  const global = globalThis as unknown as { expect: unknown };
  global.expect = (received: unknown) => ({
    toBe: (expected: unknown) => requireEqual(Object.is(received, expected), received, expected),
    toEqual: (expected: unknown) => requireEqual(written(received) === written(expected), received, expected),
    toHaveLength: (length: number) =>
      requireEqual((received as ArrayLike<unknown>).length === length, received, length),
  });
}

function requireEqual(areEqual: boolean, received: unknown, expected: unknown): void {
  if (!areEqual) throw new Error(`expected ${written(expected)}, got ${written(received)}`);
}

/** Typed arrays as lists. */
function written(value: unknown): string {
  return JSON.stringify(value, (_, part) =>
    ArrayBuffer.isView(part) ? [...(part as Float32Array)].map(String) : part,
  );
}
