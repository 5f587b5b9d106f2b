import { invalidArgument } from '../../core/errors.js';

/** @throws RangeError for a seed that is neither missing nor an integer. */
export function requireSeed(where: string, seed: unknown): void {
  if (seed != null && !Number.isSafeInteger(seed)) throw invalidArgument(where, 'seed must be an integer', seed);
}

/** A seed for tfjs, whose random numbers differ for each `stream`; as a text, since tfjs takes 0 for no seed. */
export function hostSeed(seed: number | undefined, stream: string): number | undefined {
  return seed === undefined ? undefined : (`${seed}/${stream}` as unknown as number);
}
