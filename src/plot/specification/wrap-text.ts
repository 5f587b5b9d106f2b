/** Of the letters of a heading, on average. */
const LETTER_WIDTH = 6;

/** A text in lines that are not much wider than so many pixels: a heading does not wrap by itself. */
export function wrapText(text: string, width: number): string[] {
  const longest = Math.max(20, Math.floor(width / LETTER_WIDTH));
  const lines: string[] = [];
  for (const word of text.split(/\s+/)) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= longest) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
