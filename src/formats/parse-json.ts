import { decodeText } from './decode-text.js';
import { FileError } from './file-error.js';

/** What reads a document item by item may call itself so often; models are nested some ten deep. */
const DEEPEST = 500;

/**
 * Parses JSON that is not nested deeper than a program can follow.
 *
 * @param document Its text, or the bytes of it.
 * @throws FileError
 */
export function parseJson(document: string | Uint8Array): unknown {
  const text = typeof document === 'string' ? document : decodeText(document, 'the document');
  requireShallow(text);
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new FileError('the document', `must be JSON: ${(cause as Error).message}`);
  }
}

function requireShallow(text: string): void {
  let depth = 0;
  let isInString = false;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (isInString && character === '\\') at++;
    else if (character === '"') isInString = !isInString;
    else if (isInString) continue;
    else if (character === '[' || character === '{') depth++;
    else if (character === ']' || character === '}') depth--;
    if (depth > DEEPEST) throw new FileError('the document', `must not be nested deeper than ${DEEPEST}`);
  }
}
