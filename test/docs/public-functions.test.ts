import ts from 'typescript';
import { createProgram, entryPoints, exportsOf } from './support/package-program.js';

const entries = [...entryPoints()];
const program = createProgram(entries.map(([, file]) => file));
const checker = program.getTypeChecker();

/** What a reader finds in the reference about an exported function or class. */
interface Documented {
  name: string;
  isFunction: boolean;
  text: string;
  tags: string[];
}

function documented(entry: string, symbol: ts.Symbol): Documented[] {
  const { flags } = symbol;
  if (!(flags & (ts.SymbolFlags.Function | ts.SymbolFlags.Class))) return [];
  return [
    {
      name: `${entry}: ${symbol.name}`,
      isFunction: (flags & ts.SymbolFlags.Function) !== 0,
      text: ts.displayPartsToString(symbol.getDocumentationComment(checker)),
      tags: symbol.getJsDocTags(checker).map(({ name }) => name),
    },
  ];
}

const all = entries.flatMap(([entry, file]) => exportsOf(program, file).flatMap((symbol) => documented(entry, symbol)));

/** A class that is made by a function, which the reference describes. */
const isPointer = ({ text }: Documented) => /^See `\w+`\.$/.test(text);

/** A class whose function of the same name shows how it is made, as a variant's does. */
const hasMaker = ({ name, isFunction }: Documented) => {
  const maker = name.replace(/[A-Z]/, (initial) => initial.toLowerCase());
  return !isFunction && all.some((other) => other.isFunction && other.name === maker);
};

const namesOf = (found: Documented[]) => found.map(({ name }) => name);

test('the exports of every entry point are found', () => {
  expect(namesOf(all)).toEqual(
    expect.arrayContaining([
      'explicit-lstm: lstm',
      'explicit-lstm/inspect: traceModel',
      'explicit-lstm/convert: toExplicit',
      'explicit-lstm/testing: checkFixture',
    ]),
  );
});

test('every exported function and class is described', () => {
  expect(namesOf(all.filter(({ text }) => text.trim() === ''))).toEqual([]);
});

test('every exported function and class shows an example', () => {
  const isShown = (found: Documented) => found.text.includes('```ts') || isPointer(found) || hasMaker(found);
  expect(namesOf(all.filter((found) => !isShown(found)))).toEqual([]);
});

test('every exported function says what it throws', () => {
  expect(namesOf(all.filter(({ isFunction, tags }) => isFunction && !tags.includes('throws')))).toEqual([]);
});

test('every exported function and class stands in the reference under what it is for', () => {
  expect(namesOf(all.filter(({ tags }) => !tags.includes('category')))).toEqual([]);
});
