export { toBuiltIn } from './to-built-in.js';
export { toExplicit } from './to-explicit.js';
