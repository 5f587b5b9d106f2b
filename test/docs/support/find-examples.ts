import { readdirSync, readFileSync } from 'node:fs';

/** A block of TypeScript in a document or in a doc comment. */
export interface Example {
  /** `README.md:24`, where it begins. */
  place: string;
  code: string;
  /** Whether it is only compiled, as it is marked `ts browser`: it needs a page. */
  isOnlyCompiled: boolean;
}

const FENCES = ['```ts', '```ts browser'];
const IN_COMMENT = /^\s*\* ?/;

/** The blocks fenced as `ts` in lines of Markdown, or of source whose doc comments hold it. */
function examplesOf(path: string): Example[] {
  const isSource = path.endsWith('.ts');
  const lines = readFileSync(path, 'utf8').split('\n');
  const textOf = (line: string) => (isSource ? line.replace(IN_COMMENT, '') : line);
  const examples: Example[] = [];
  for (const [n, line] of lines.entries()) {
    const fence = textOf(line).trim();
    if (!FENCES.includes(fence) || (isSource && !IN_COMMENT.test(line))) continue;
    const end = lines.findIndex((candidate, at) => at > n && textOf(candidate).trim() === '```');
    const code = lines
      .slice(n + 1, end)
      .map(textOf)
      .join('\n');
    examples.push({ place: `${path}:${n + 1}`, code, isOnlyCompiled: fence !== FENCES[0] });
  }
  return examples;
}

function filesBelow(folder: string, ending: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith(ending))
    .sort()
    .map((file) => `${folder}/${file}`);
}

/** Every example that a reader may copy. */
export function findExamples(): Example[] {
  const documents = ['README.md', 'CONTRIBUTING.md', 'fixtures/README.md', 'notebooks/README.md'];
  return [...documents, ...filesBelow('docs', '.md'), ...filesBelow('src', '.ts')].flatMap(examplesOf);
}
