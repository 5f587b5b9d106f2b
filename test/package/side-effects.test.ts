import { readdirSync, readFileSync } from 'node:fs';

const { sideEffects } = JSON.parse(readFileSync('package.json', 'utf8')) as { sideEffects: string[] };

/** Done once, when a module is loaded, and not undone by who does not use what it exports. */
const EFFECT = /^(tf\.serialization\.registerClass|expect\.extend)\(/m;

test('what bundlers must keep although nothing of it is used is what registers something', () => {
  const sources = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
  const effective = sources.filter((file) => EFFECT.test(readFileSync(`src/${file}`, 'utf8')));
  const built = effective.map((file) => `./dist/*/${file.replace(/ts$/, 'js')}`);
  const listed = sideEffects.filter((file) => file.startsWith('./dist/*/') && file !== './dist/*/index.js');
  expect(listed.sort()).toEqual(built.sort());
});
