/**
 * Registers the matchers with the `expect` of `@jest/globals`, and declares their types.
 *
 * @module explicit-lstm/testing/jest-globals
 */

import { expect } from '@jest/globals';
import type { TensorMatchers } from './matchers/matcher-types.js';
import { matchers } from './matchers/matchers.js';

declare module 'expect' {
  // The parameters must be those of the package expect.
  interface Matchers<R extends void | Promise<void>, T = unknown> extends TensorMatchers {}
}

expect.extend(matchers);
