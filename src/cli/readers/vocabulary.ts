import { UserError } from '../user-error.js';
import { readJson, readText } from './read-file.js';

/** What a text model was trained to read: characters or words, each with a number. */
export interface Vocabulary {
  ids: ReadonlyMap<string, number>;
  /** The number of what the vocabulary lacks; null: there is none. */
  unknown: number | null;
  /** Whether every token is one character. */
  isOfCharacters: boolean;
  /** One more than the largest number. */
  size: number;
}

// As Keras's StringLookup, SentencePiece and BERT write it.
const UNKNOWN = ['[UNK]', '<unk>', '<UNK>'];

function entriesOf(path: string): [string, unknown][] {
  if (!path.toLowerCase().endsWith('.json')) {
    const lines = readText(path, 'the vocabulary').split(/\r?\n/);
    if (lines.at(-1) === '') lines.pop();
    return lines.map((token, id) => [token, id]);
  }
  const document = readJson(path, 'the vocabulary');
  if (Array.isArray(document) && document.every((token) => typeof token === 'string')) {
    return document.map((token, id) => [token, id]);
  }
  if (typeof document !== 'object' || document === null || Array.isArray(document)) {
    throw new UserError(
      `the vocabulary '${path}' must be an array of tokens, or an object that maps tokens to numbers`,
    );
  }
  return Object.entries(document);
}

/**
 * Reads a vocabulary: JSON, an array of tokens or an object that gives each its number; or text with a token a line.
 *
 * @throws UserError
 */
export function readVocabulary(path: string): Vocabulary {
  const entries = entriesOf(path);
  if (entries.length === 0) throw new UserError(`the vocabulary '${path}' must not be empty`);
  for (const [token, id] of entries) {
    if (!Number.isSafeInteger(id) || (id as number) < 0) {
      throw new UserError(`the vocabulary '${path}' must give '${token}' a whole number of at least 0`);
    }
  }
  const ids = new Map(entries as [string, number][]);
  const unknown = UNKNOWN.map((token) => ids.get(token)).find((id) => id !== undefined) ?? null;
  const ordinary = [...ids.keys()].filter((token) => !UNKNOWN.includes(token));
  return {
    ids,
    unknown,
    isOfCharacters: ordinary.every((token) => [...token].length <= 1),
    size: 1 + [...ids.values()].reduce((largest, id) => Math.max(largest, id), 0),
  };
}
