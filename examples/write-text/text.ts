import { readFileSync } from 'node:fs';

/** Chapters 1 to 28 of Moby-Dick, by Herman Melville, 1851: in the public domain. */
export function loadNovel(): string {
  return withoutLineBreaks(readFileSync('examples/write-text/moby-dick.txt', 'utf8'));
}

/** One line per paragraph: the line breaks of the book say nothing about the language. */
export function withoutLineBreaks(text: string): string {
  return text
    .split(/\r?\n\s*\n\s*/)
    .map((paragraph) => paragraph.trim().replace(/\s+/g, ' '))
    .filter((paragraph) => paragraph !== '')
    .join('\n');
}

/** Breaks paragraphs between words into lines of at most `columns` characters, as far as words allow. */
export function wrapped(text: string, columns: number): string {
  return text
    .split('\n')
    .flatMap((paragraph) => wrapParagraph(paragraph, columns))
    .join('\n');
}

function wrapParagraph(paragraph: string, columns: number): string[] {
  const lines = [''];
  for (const word of paragraph.split(' ')) {
    const last = lines[lines.length - 1] as string;
    const longer = last === '' ? word : `${last} ${word}`;
    if (longer.length <= columns || last === '') lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}

/** The characters of a text, and their numbers from 0, in the order of their code points. */
export class Alphabet {
  readonly characters: readonly string[];
  private readonly numbers: ReadonlyMap<string, number>;

  constructor(text: string) {
    this.characters = [...new Set(text)].sort();
    this.numbers = new Map(this.characters.map((character, number) => [character, number]));
  }

  get size(): number {
    return this.characters.length;
  }

  /** @throws Error for a character that is not in the text that the alphabet was made from. */
  encode(text: string): number[] {
    return [...text].map((character) => {
      const number = this.numbers.get(character);
      if (number === undefined) throw new Error(`the character '${character}' does not occur in the novel`);
      return number;
    });
  }

  decode(numbers: readonly number[]): string {
    return numbers.map((number) => this.characters[number]).join('');
  }
}
