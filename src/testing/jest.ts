/**
 * Registers the matchers with Jest's global `expect`, and declares their types.
 *
 * @module explicit-lstm/testing/jest
 */

import type { TensorMatchers } from './matchers/matcher-types.js';
import { matchers } from './matchers/matchers.js';

declare global {
  namespace jest {
    // The parameters must be those of @types/jest.
    // biome-ignore lint/complexity/noBannedTypes: @types/jest declares it so
    interface Matchers<R, T = {}> extends TensorMatchers {}
  }
}

const { expect } = globalThis as { expect?: { extend(matchers: object): void } };
if (expect === undefined) {
  throw new Error(
    "explicit-lstm/testing/jest: there is no global expect here; list this module in Jest's setupFilesAfterEnv, " +
      "or import 'explicit-lstm/testing/jest-globals' or 'explicit-lstm/testing/vitest'",
  );
}
expect.extend(matchers);
