import { toBeAllClose } from './to-be-all-close.js';
import { toReproduceFixture } from './to-reproduce-fixture.js';

/**
 * The matchers for `expect.extend`, of whichever framework. `explicit-lstm/testing/jest`, `…/jest-globals` and
 * `…/vitest` register them and tell TypeScript so.
 *
 * ```ts
 * expect.extend(matchers);
 * ```
 */
export const matchers = { toBeAllClose, toReproduceFixture };
