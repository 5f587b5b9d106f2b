import { readdirSync, readFileSync } from 'node:fs';

const { sideEffects } = JSON.parse(readFileSync('package.json', 'utf8')) as { sideEffects: string[] };

/** Done once, when a module is loaded, and not undone by who does not use what it exports. */
const EFFECT = /^(tf\.serialization\.registerClass|expect\.extend)\(/m;

test('what bundlers must keep although nothing of it is used is what registers something', () => {
  const sources = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
  const effective = sources.filter((file) => EFFECT.test(readFileSync(`src/${file}`, 'utf8')));
  const built = effective.map((file) => `./dist/*/${file.replace(/ts$/, 'js')}`);
  const listed = sideEffects.filter((file) => file.startsWith('./dist/*/') && file !== './dist/*/index.js');
  // Of the variants all files are listed, so that a new one need not be.
  const isVariant = (file: string) => file.startsWith('./dist/*/variants/');
  expect(listed.filter(isVariant)).toEqual(['./dist/*/variants/*.js']);
  expect(built.filter(isVariant)).toContain('./dist/*/variants/peephole-cell.js');
  const others = (files: string[]) => files.filter((file) => !isVariant(file)).sort();
  expect(others(listed)).toEqual(others(built));
});
