import { checkFixture } from '../check-fixture.js';
import { type Tolerance, toleranceOf } from '../compare.js';
import { type Fixture, isFixture } from '../fixture.js';
import { loadFixture } from '../load-fixture.js';
import type { CheckedTarget } from '../run-call.js';
import type { MatcherContext, MatcherResult } from './matcher-types.js';
import { toBeAllClose } from './to-be-all-close.js';

/**
 * The matchers for the `expect.extend` of any framework. `explicit-lstm/testing/jest`, `…/jest-globals` and `…/vitest`
 * register them and declare their types.
 *
 * ```ts
 * expect.extend(matchers);
 * ```
 */
export const matchers = { toBeAllClose, toReproduceFixture };

/** See `TensorMatchers`. */
async function toReproduceFixture(
  this: MatcherContext | undefined,
  received: unknown,
  fixture: unknown,
  options?: Partial<Tolerance>,
): Promise<MatcherResult> {
  const tolerance = toleranceOf('toReproduceFixture', options);
  const { passed, message } = await checkFixture(received as CheckedTarget, asFixture(fixture), tolerance);
  return {
    pass: passed,
    message: () => `expect(received)${this?.isNot ? '.not' : ''}.toReproduceFixture(fixture)\n\n${message}`,
  };
}

/** The fixture itself, or the one loaded from it; `checkFixture` refuses anything else. */
function asFixture(source: unknown): Fixture {
  const isToLoad = typeof source === 'string' || (typeof source === 'object' && source !== null && !isFixture(source));
  return isToLoad ? loadFixture(source) : (source as Fixture);
}
