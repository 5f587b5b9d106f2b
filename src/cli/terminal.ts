/** Where a command writes: results to `out`, everything else to `error`. */
export interface Terminal {
  out(text: string): void;
  error(text: string): void;
  /** Whether `error` is a terminal, so that a line of it may be overwritten. */
  isInteractive: boolean;
}

/** Control characters but for line breaks, separators of lines, and what turns the direction of writing. */
const COMMANDING = /[^\P{Cc}\n]|[\u2028-\u202e\u2066-\u2069]/gu;

/** Text with names out of a file in it, which must not be able to command the terminal. */
export function printable(text: string): string {
  return text.replace(COMMANDING, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
