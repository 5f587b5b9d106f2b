import { UserError } from '../user-error.js';
import { readText } from './read-file.js';
import type { Vocabulary } from './vocabulary.js';

/** Text as a model reads it: a line is a sample. */
export interface TokenizedText {
  /** The tokens of every line, as they stand in the file. */
  tokens: string[][];
  /** Their numbers. */
  ids: number[][];
}

/**
 * Cuts a text file into tokens: characters where all of the vocabulary are single characters, else words between blanks.
 * Empty lines are left out.
 *
 * @throws UserError for a token that the vocabulary lacks, where it has none for what is unknown; for an empty file.
 */
export function readTokens(path: string, vocabulary: Vocabulary): TokenizedText {
  const { ids, unknown, isOfCharacters } = vocabulary;
  const numbered: TokenizedText = { tokens: [], ids: [] };
  for (const [index, line] of readText(path, 'the input').split(/\r?\n/).entries()) {
    const tokens = isOfCharacters ? [...line] : line.split(/\s+/).filter((word) => word !== '');
    if (tokens.length === 0) continue;
    numbered.tokens.push(tokens);
    numbered.ids.push(
      tokens.map((token) => {
        const id = ids.get(token) ?? unknown;
        if (id !== null) return id;
        throw new UserError(`line ${index + 1} of '${path}' has '${token}', which the vocabulary lacks`);
      }),
    );
  }
  if (numbered.tokens.length === 0) throw new UserError(`'${path}' must hold text, a sample a line`);
  return numbered;
}
