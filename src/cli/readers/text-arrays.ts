import type { FirstRows } from '../../formats/byte-source.js';
import { UserError } from '../user-error.js';
import type { Vocabulary } from './vocabulary.js';

export type PaddingSide = 'left' | 'right';

/** A token's number where there is no token. */
const NO_TOKEN = -1;

/**
 * Makes lines of different lengths equally long. The number of a filled-up place is -1, and its label is empty.
 *
 * @param options `timesteps`: how long they must be; null: as long as the longest.
 * @throws UserError for a line that is too long.
 */
export function paddedIds(
  ids: readonly number[][],
  tokens: readonly string[][],
  { timesteps, pad }: { timesteps: number | null; pad: PaddingSide },
): { padded: FirstRows; labels: string[][] } {
  const longest = ids.reduce((most, line) => Math.max(most, line.length), 0);
  const length = timesteps ?? longest;
  if (longest > length) throw new UserError(`a line has ${longest} tokens, but the model takes ${length}`);
  const fill = <Item>(line: readonly Item[], filling: Item): Item[] => {
    const missing = new Array<Item>(length - line.length).fill(filling);
    return pad === 'left' ? [...missing, ...line] : [...line, ...missing];
  };
  const values = new Float32Array(ids.length * length);
  for (const [n, line] of ids.entries()) values.set(fill(line, NO_TOKEN), n * length);
  return { padded: { shape: [ids.length, length], values }, labels: tokens.map((line) => fill(line, '')) };
}

/** Token numbers for a model that looks them up itself: where there is no token it gets 0. */
export function withZeros({ shape, values }: FirstRows): FirstRows {
  return { shape, values: values.map((id) => (id === NO_TOKEN ? 0 : id)) };
}

/**
 * One-hot vectors [B, T, D] of token numbers [B, T]; all zeros where there is no token.
 *
 * @throws UserError where a number of the vocabulary does not fit in.
 */
export function oneHotOf({ shape, values }: FirstRows, features: number, { size }: Vocabulary): FirstRows {
  if (size > features) {
    throw new UserError(
      `the vocabulary numbers its tokens up to ${size - 1}, but the model takes ${features} features`,
    );
  }
  const vectors = new Float32Array(values.length * features);
  for (const [n, id] of values.entries()) if (id !== NO_TOKEN) vectors[n * features + id] = 1;
  return { shape: [...shape, features], values: vectors };
}
