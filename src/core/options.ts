import { invalidArgument } from './errors.js';

/** What the value of an option must be. An option that is undefined or null is not given, and breaks no rule. */
export interface OptionRule {
  /** Completes 'the option … must be …': 'a number in (0, 1)'. */
  must: string;
  holds(value: unknown): boolean;
  /** Whether it must be given. Default: false. */
  isRequired?: boolean;
  /** All values that it holds for, where these can be listed. */
  values?: readonly unknown[];
}

/** A function's options by name: the one list that spelling and values are checked against. */
export type OptionRules = Readonly<Record<string, OptionRule>>;

/** For what is checked where it is used, because the value alone does not suffice: a tensor's shape, a layer's name. */
export const CHECKED_LATER: OptionRule = { must: 'anything', holds: () => true };
export const A_BOOLEAN: OptionRule = { must: 'a boolean', holds: (value) => typeof value === 'boolean' };
export const A_STRING: OptionRule = { must: 'a string', holds: (value) => typeof value === 'string' };
export const A_FUNCTION: OptionRule = { must: 'a function', holds: (value) => typeof value === 'function' };
export const AN_INTEGER: OptionRule = { must: 'an integer', holds: Number.isSafeInteger };
export const A_POSITIVE_INTEGER: OptionRule = {
  must: 'a positive integer',
  holds: (value) => Number.isSafeInteger(value) && (value as number) > 0,
};

export const AN_ABORT_SIGNAL: OptionRule = {
  must: 'an AbortSignal',
  holds: (value) => typeof (value as Partial<AbortSignal>).throwIfAborted === 'function',
};

/**
 * A number for which `holds` is true; NaN never is.
 *
 * @param must Such as 'a number in [0, 1)'.
 */
export function aNumber(must: string, holds: (value: number) => boolean): OptionRule {
  return { must, holds: (value) => typeof value === 'number' && !Number.isNaN(value) && holds(value) };
}

/** A rule whose option must be given. */
export function required(rule: OptionRule): OptionRule {
  return { ...rule, isRequired: true };
}

export const A_FINITE_NUMBER = aNumber('a finite number', Number.isFinite);

export function oneOf(...values: readonly unknown[]): OptionRule {
  const shown = values.map((value) => (typeof value === 'string' ? `'${value}'` : String(value)));
  const must = shown.length === 1 ? `${shown[0]}` : `${shown.slice(0, -1).join(', ')} or ${shown.at(-1)}`;
  return { must, holds: (value) => values.includes(value), values };
}

/** An array of which every item keeps a rule. */
export function listOf(must: string, item: OptionRule): OptionRule {
  return { must, holds: (value) => Array.isArray(value) && value.every(item.holds) };
}

/**
 * Checks a function's options: a plain object with everything required, whose values keep their rules. A name that is close
 * to a known one, such as Python's `initial_state`, is an error, because it would be dropped silently. Any other unknown
 * name gets a warning.
 *
 * @throws RangeError
 */
export function checkOptions(where: string, options: unknown, rules: OptionRules): void {
  requirePlainObject(where, options);
  const known = Object.keys(rules);
  for (const [name, value] of Object.entries(options)) {
    const rule = Object.hasOwn(rules, name) ? rules[name] : undefined;
    if (rule !== undefined) {
      if (value == null || rule.holds(value)) continue;
      throw invalidArgument(where, `${name} must be ${rule.must}`, value);
    }
    const meant = closestName(name, known);
    if (meant !== undefined) throw invalidArgument(where, `the option must be spelt '${meant}'`, name);
    if (value !== undefined) console.warn(`${where}: the option '${name}' is unknown and has no effect.`);
  }
  for (const [name, { must, isRequired }] of Object.entries(rules)) {
    const value = (options as Record<string, unknown>)[name];
    if (isRequired && value == null) throw invalidArgument(where, `${name} must be ${must}`, value);
  }
}

/** Tensors and arrays are refused too: they mean that an argument was passed in place of the options. */
function requirePlainObject(where: string, options: unknown): asserts options is object {
  const prototype = typeof options === 'object' && options !== null ? Object.getPrototypeOf(options) : undefined;
  // An object of another realm, a test's or a frame's, has another Object.prototype, but none above it.
  const isPlain = prototype === null || (prototype !== undefined && Object.getPrototypeOf(prototype) === null);
  if (!isPlain || Array.isArray(options)) throw invalidArgument(where, 'options must be an object', options);
}

/** The known name that was probably meant: the same apart from spelling conventions and a typing error. */
export function closestName(name: string, known: readonly string[]): string | undefined {
  const plain = withoutSpelling(name);
  const exact = known.find((candidate) => withoutSpelling(candidate) === plain);
  return exact ?? known.find((candidate) => isOneSlipAway(withoutSpelling(candidate), plain));
}

/** A name without what conventions of naming differ in. */
export function withoutSpelling(name: string): string {
  return name.replace(/[_\-\s]/g, '').toLowerCase();
}

/** Short names that differ by a letter are other names. */
const LETTERS_OF_A_SHORT_NAME = 5;

/** Whether one letter is missing, added, exchanged or swapped with its neighbour. */
function isOneSlipAway(a: string, b: string): boolean {
  if (Math.min(a.length, b.length) <= LETTERS_OF_A_SHORT_NAME || Math.abs(a.length - b.length) > 1) return false;
  let start = 0;
  while (start < a.length && a[start] === b[start]) start += 1;
  let end = 0;
  while (end < Math.min(a.length, b.length) - start && a.at(-1 - end) === b.at(-1 - end)) end += 1;
  const [inA, inB] = [a.slice(start, a.length - end), b.slice(start, b.length - end)];
  return Math.max(inA.length, inB.length) <= 1 || (inA.length === 2 && inA === [...inB].reverse().join(''));
}
