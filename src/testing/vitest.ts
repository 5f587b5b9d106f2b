/**
 * Registers the matchers with Vitest, and declares their types.
 *
 * @module explicit-lstm/testing/vitest
 */

import { expect } from 'vitest';
import type { TensorMatchers } from './matchers/matcher-types.js';
import { matchers } from './matchers/matchers.js';

declare module 'vitest' {
  // The parameters must be Vitest's.
  // biome-ignore lint/suspicious/noExplicitAny: Vitest declares it so
  interface Matchers<T = any> extends TensorMatchers {}
}

expect.extend(matchers);
