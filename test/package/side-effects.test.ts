import { readdirSync, readFileSync } from 'node:fs';

const { sideEffects } = JSON.parse(readFileSync('package.json', 'utf8')) as { sideEffects: string[] };

/** Done once, when a module is loaded, and not undone by who does not use what it exports. */
const EFFECT = /^(tf\.serialization\.registerClass|expect\.extend)\(/m;

const WHOLE = [
  ['./dist/*/variants/', 'peephole-cell.js'],
  ['./dist/*/convert/keras/layers/', 'tensor-slice.js'],
] as const;

test('what bundlers must keep although nothing of it is used is what registers something', () => {
  const sources = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
  const effective = sources.filter((file) => EFFECT.test(readFileSync(`src/${file}`, 'utf8')));
  const built = effective.map((file) => `./dist/*/${file.replace(/ts$/, 'js')}`);
  const listed = sideEffects.filter((file) => file.startsWith('./dist/*/') && file !== './dist/*/index.js');
  // Of these folders all files are listed, so that a new one need not be.
  for (const [folder, one] of WHOLE) {
    expect(listed.filter((file) => file.startsWith(folder))).toEqual([`${folder}*.js`]);
    expect(built).toContain(folder + one);
  }
  const isListedWhole = (file: string) => WHOLE.some(([folder]) => file.startsWith(folder));
  const others = (files: string[]) => files.filter((file) => !isListedWhole(file)).sort();
  expect(others(listed)).toEqual(others(built));
});
