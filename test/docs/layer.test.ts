import { readFileSync } from 'node:fs';
import { ARGUMENTS, type Argument, isMissingInBuiltIn } from '../../src/layers/arguments.js';

/** The rows of the table of arguments: each names one or several that have a default in common. */
const rows = readFileSync('docs/layer.md', 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('| `'))
  .map((line) => {
    const [names = '', otherwise = '', what = ''] = line.slice(1).split('|');
    return {
      names: [...names.matchAll(/`(\w+)`/g)].map(([, name]) => name as string),
      otherwise: otherwise.trim(),
      what,
    };
  });

const argument = (name: string): Argument => ARGUMENTS[name as keyof typeof ARGUMENTS];

test('The page of the layer names each argument once, and none that there is not', () => {
  expect(rows.flatMap(({ names }) => names).sort()).toEqual(Object.keys(ARGUMENTS).sort());
});

test('The page of the layer gives the defaults that arguments have', () => {
  for (const { names, otherwise } of rows) {
    for (const name of names) {
      const { default: value, of } = argument(name);
      if (of === 'any layer' || name === 'implementation' || name === 'unroll') continue;
      const written = typeof value === 'string' ? `\`'${value}'\`` : value === null ? 'none' : `\`${value}\``;
      const expected = value !== undefined ? written : name === 'units' ? 'required' : 'not set';
      expect(`${name}: ${otherwise}`).toBe(`${name}: ${expected}`);
    }
  }
});

test('The page of the layer says which arguments the built-in does not have', () => {
  for (const { names, what } of rows) {
    for (const name of names)
      expect([name, what.includes('**new**')]).toEqual([name, isMissingInBuiltIn(argument(name).inBuiltIn)]);
  }
});
