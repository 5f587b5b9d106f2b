import { describeValue } from '../../core/errors.js';
import { FileError } from '../../formats/file-error.js';

/** An object out of a file. Its keys are anybody's: `__proto__` may be one, so that only own keys are read. */
export type Json = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function own(object: Json, key: string): unknown {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

/** A rule for a value in a file: what it must be, in words. */
export interface ValueRule {
  must: string;
  holds(value: unknown): boolean;
}

const isSize = (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 0;
const isSizes = (value: unknown) => isSize(value) || (Array.isArray(value) && value.length <= 8 && value.every(isSize));

export const BOOLEAN: ValueRule = { must: 'true or false', holds: (value) => typeof value === 'boolean' };
export const NUMBER: ValueRule = { must: 'a number', holds: (value) => Number.isFinite(value) };
export const INTEGER: ValueRule = { must: 'an integer', holds: Number.isSafeInteger };
export const SIZE: ValueRule = { must: 'a positive integer', holds: (value) => isSize(value) && value !== 0 };
export const SIZES: ValueRule = { must: 'a size or an array of sizes', holds: isSizes };
export const STRING: ValueRule = { must: 'a string', holds: (value) => typeof value === 'string' };
export const OBJECT: ValueRule = { must: 'an object', holds: isObject };
export const ARRAY: ValueRule = { must: 'an array', holds: Array.isArray };
export const INTEGERS: ValueRule = {
  must: 'an integer or an array of integers',
  holds: (value) => [value].flat().every(Number.isSafeInteger) && [value].flat().length <= 8,
};
/** One axis, several, or none. */
export const AXES: ValueRule = {
  must: 'an integer, an array of integers, or null',
  holds: (value) => value === null || INTEGERS.holds(value),
};
export const NUMBERS: ValueRule = {
  must: 'a number or an array of numbers',
  holds: (value) => [value].flat().length > 0 && [value].flat().every(Number.isFinite),
};
/** Arrays of sizes, of one or two levels: `2`, `[1, 2]`, `[[1, 1], [0, 2]]`. */
export const PADDING: ValueRule = {
  must: 'a size, or arrays of sizes',
  holds: (value) => isSizes(value) || (Array.isArray(value) && value.length <= 8 && value.every(isSizes)),
};
/** A shape with the batch in front: of sizes, and null for what varies. */
export const SHAPE: ValueRule = {
  must: 'a shape: an array of sizes and nulls',
  holds: (value) => Array.isArray(value) && value.length <= 8 && value.every((size) => size === null || isSize(size)),
};

/** A value that keeps a rule. */
export function required<Value>(value: unknown, rule: ValueRule, place: string): Value {
  if (!rule.holds(value)) throw new FileError(place, `must be ${rule.must}, got ${describeValue(value)}`);
  return value as Value;
}

/** `return_sequences` as tfjs spells it. */
export function camelCase(key: string): string {
  return key.replace(/_+([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/** `LSTMCell` is `lstm_cell`, as Keras names groups of weights and operations. */
export function snakeCase(className: string): string {
  return className
    .replace(/\W+/g, '')
    .replace(/(.)([A-Z][a-z]+)/g, '$1_$2')
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase();
}
