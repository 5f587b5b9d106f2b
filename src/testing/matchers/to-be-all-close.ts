import { type Comparison, compare, type Difference, type Tolerance, toleranceOf } from '../compare.js';
import { sizeOf } from '../decode-tensor.js';
import type { MatcherContext, MatcherResult } from './matcher-types.js';
import { type Numbers, readNumbers } from './numbers.js';

const WHERE = 'toBeAllClose';

/** The matcher; see `TensorMatchers`. */
export async function toBeAllClose(
  this: MatcherContext | undefined,
  received: unknown,
  expected: unknown,
  options?: Partial<Tolerance>,
): Promise<MatcherResult> {
  const tolerance = toleranceOf(WHERE, options);
  const [found, wanted] = await Promise.all([
    readNumbers(WHERE, 'received', received),
    readNumbers(WHERE, 'expected', expected),
  ]);
  const mismatch = describeMismatch(found, wanted);
  if (mismatch !== null) return { pass: false, message: () => `${hint(this)}\n\n${mismatch}` };
  const shape = wanted.shape ?? found.shape ?? [wanted.values.length];
  const comparison = compare({ shape, values: wanted.values }, found.values, tolerance);
  const describe = comparison.passed ? describeAgreement : describeDifferences;
  return { pass: comparison.passed, message: () => `${hint(this)}\n\n${describe(comparison, tolerance)}` };
}

function hint(context: MatcherContext | undefined): string {
  return `expect(received)${context?.isNot ? '.not' : ''}.${WHERE}(expected)`;
}

/** How the two are of different kinds, so that no number can be compared; null where they are of one. */
function describeMismatch(received: Numbers, expected: Numbers): string | null {
  if (!haveSameShape(received, expected)) {
    return `The shapes differ.\nExpected: ${describeShape(expected)}\nReceived: ${describeShape(received)}`;
  }
  if (received.dtype !== null && expected.dtype !== null && received.dtype !== expected.dtype) {
    return `The dtypes differ.\nExpected: ${expected.dtype}\nReceived: ${received.dtype}`;
  }
  return null;
}

function haveSameShape({ shape, values }: Numbers, { shape: other, values: otherValues }: Numbers): boolean {
  if (shape === null || other === null) return values.length === otherValues.length;
  return shape.length === other.length && shape.every((size, axis) => size === other[axis]);
}

function describeShape({ shape, values }: Numbers): string {
  return shape === null ? `a typed array of ${values.length} numbers` : `[${shape.join(', ')}]`;
}

function describeTolerance({ atol, rtol }: Tolerance): string {
  return `${atol} + ${rtol} * |expected|`;
}

function describeDifferences({ shape, differing, first, worst }: Comparison, tolerance: Tolerance): string {
  const lines = [
    `${differing} of ${sizeOf(shape)} numbers differ by more than ${describeTolerance(tolerance)}.`,
    `First at ${describeDifference(first as Difference)}`,
  ];
  if (differing > 1) lines.push(`Worst at ${describeDifference(worst as Difference)}`);
  return lines.join('\n');
}

function describeAgreement({ shape, maxAbsoluteError }: Comparison, tolerance: Tolerance): string {
  const range = `all ${sizeOf(shape)} are within ${describeTolerance(tolerance)}`;
  return `Expected some numbers to differ, but ${range}; the largest difference is ${rounded(maxAbsoluteError)}.`;
}

function describeDifference({ index, expected, received }: Difference): string {
  const error = Math.abs(received - expected);
  const apart = Number.isFinite(error) ? ` (${rounded(error)} apart)` : '';
  return `[${index.join(', ')}]: expected ${expected}, received ${received}${apart}`;
}

function rounded(value: number): number {
  return Number(value.toPrecision(3));
}
