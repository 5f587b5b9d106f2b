/**
 * Converts built-in models to explicit ones, and back.
 *
 * @module explicit-lstm/convert
 */

export type { ConversionOptions } from './conversion.js';
export { toBuiltIn } from './to-built-in.js';
export { toExplicit } from './to-explicit.js';
