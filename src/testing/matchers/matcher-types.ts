import type { Tolerance } from '../compare.js';
import type { Fixture } from '../fixture.js';
import type { NumbersLike } from './numbers.js';

/** What a matcher returns to the test framework. */
export interface MatcherResult {
  pass: boolean;
  message(): string;
}

/** The part of a test framework's matcher context that is used; Jest, Vitest and Bun have it. */
export interface MatcherContext {
  isNot?: boolean;
}

/**
 * The matchers that `expect(received)` has once they are registered. They read values back from the backend, so always
 * await them: `await expect(...)`.
 */
export interface TensorMatchers {
  /**
   * Compares a tensor, a typed array, nested arrays or a number with the expected values, element by element:
   * |received - expected| <= atol + rtol * |expected|.
   *
   * - Shapes must be the same. A typed array has none: only its length counts, and its values are in row-major order.
   * - Dtypes must be the same if both are tensors.
   * - NaN equals only NaN, and an infinity only the same infinity, whatever the tolerance.
   *
   * ```ts
   * await expect(tf.tensor([[1, 2]]).div(10)).toBeAllClose([[0.1, 0.2]], { atol: 1e-6 });
   * ```
   *
   * @param options `atol`, `rtol`; both default to 1e-5.
   * @throws RangeError (as a rejection) for anything but real numbers.
   */
  toBeAllClose(expected: NumbersLike, options?: Partial<Tolerance>): Promise<void>;

  /**
   * Compares a layer or a model that has the fixture's weights with what Keras computed: outputs, gates and gradients. The
   * message is the report of `checkFixture`.
   *
   * ```ts
   * await expect(model.getLayer('lstm_1')).toReproduceFixture('test/lstm_1.json');
   * ```
   *
   * @param fixture A fixture, or anything that `loadFixture` accepts.
   * @param options `atol`, `rtol`; both default to 1e-5.
   * @throws RangeError (as a rejection) for an invalid fixture, and if its shapes do not fit.
   */
  toReproduceFixture(fixture: Fixture | string | object, options?: Partial<Tolerance>): Promise<void>;
}
