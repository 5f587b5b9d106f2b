import { UserError } from '../user-error.js';
import { countLines, linesOf, readFrom } from './read-file.js';
import type { Vocabulary } from './vocabulary.js';

/** Text as a model reads it: a line is a sample. */
export interface TokenizedText {
  /** The tokens of every line, as they stand in the file. */
  tokens: string[][];
  /** Their numbers. */
  ids: number[][];
  /** How many lines the file has, those included that were not read. */
  lines: number;
}

/**
 * Cuts the first lines of a text file into tokens: characters where all of the vocabulary are single characters, else
 * words between blanks. Empty lines are left out.
 *
 * @param samples How many lines are read.
 * @throws UserError for a token that the vocabulary lacks, where it has none for what is unknown; for an empty file.
 */
export function readTokens(path: string, vocabulary: Vocabulary, samples: number): TokenizedText {
  const { ids, unknown, isOfCharacters } = vocabulary;
  const text: TokenizedText = { tokens: [], ids: [], lines: 0 };
  readFrom(path, 'the input', (source) => {
    let number = 0;
    for (const line of linesOf(source)) {
      number++;
      const tokens = isOfCharacters ? [...line] : line.split(/\s+/).filter((word) => word !== '');
      if (tokens.length === 0) continue;
      text.tokens.push(tokens);
      text.ids.push(
        tokens.map((token) => {
          const id = ids.get(token) ?? unknown;
          if (id !== null) return id;
          throw new UserError(`line ${number} of '${path}' has '${token}', which is not in the vocabulary`);
        }),
      );
      if (text.tokens.length === samples) break;
    }
    text.lines = countLines(source, isOfCharacters);
  });
  if (text.tokens.length === 0) throw new UserError(`'${path}' must hold text, one sample per line`);
  return text;
}
