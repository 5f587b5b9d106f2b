import type { Tolerance } from '../compare.js';
import type { Fixture } from '../fixture.js';
import type { NumbersLike } from './numbers.js';

/** What a matcher tells the test framework. */
export interface MatcherResult {
  pass: boolean;
  message(): string;
}

/** The part of a test framework's matcher context that is looked at; Jest, Vitest and Bun have it. */
export interface MatcherContext {
  isNot?: boolean;
}

/**
 * The matchers as `expect(received)` offers them, once registered. They read numbers off a device, so that their promise
 * must be awaited: `await expect(...)`.
 */
export interface TensorMatchers {
  /**
   * Holds a tensor, a typed array, nested arrays or a number to others, element by element:
   * |received - expected| <= atol + rtol * |expected|.
   *
   * - Shapes must be the same. A typed array has none: only its length counts, its values are in row-major order.
   * - Dtypes must be the same where both are tensors.
   * - NaN is equal to NaN only, an infinity to the same infinity only, whatever the tolerance.
   *
   * ```ts
   * await expect(tf.tensor([[1, 2]]).div(10)).toBeAllClose([[0.1, 0.2]], { atol: 1e-6 });
   * ```
   *
   * @param options `atol`, `rtol`; default 1e-5 each.
   * @throws RangeError (by the promise) for what are no real numbers.
   */
  toBeAllClose(expected: NumbersLike, options?: Partial<Tolerance>): Promise<void>;

  /**
   * Holds a layer or a model with the fixture's weights to what Keras computed: outputs, gates and gradients. See
   * `checkFixture`, whose report is the message.
   *
   * ```ts
   * await expect(model.getLayer('lstm_1')).toReproduceFixture('test/lstm_1.json');
   * ```
   *
   * @param fixture What `loadFixture` returns, or takes.
   * @param options `atol`, `rtol`; default 1e-5 each.
   * @throws RangeError (by the promise) where the fixture is none, or its shapes do not fit.
   */
  toReproduceFixture(fixture: Fixture | string | object, options?: Partial<Tolerance>): Promise<void>;
}
