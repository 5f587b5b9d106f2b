import { invalidArgument } from './errors.js';

/**
 * Checks a function's options: an object, and no known name spelt as in Python, `initial_state`, which would be dropped
 * in silence. Names of other meaning pass, as one object may serve several functions.
 *
 * @throws RangeError
 */
export function requireOptions(where: string, options: unknown, known: readonly string[]): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw invalidArgument(where, 'options must be an object', options);
  }
  for (const name of Object.keys(options)) {
    const meant = known.find((candidate) => withoutSpelling(candidate) === withoutSpelling(name));
    if (meant !== undefined && meant !== name)
      throw invalidArgument(where, `the option must be spelt '${meant}'`, name);
  }
}

/** A name without what conventions of naming differ in. */
export function withoutSpelling(name: string): string {
  return name.replaceAll('_', '').toLowerCase();
}
