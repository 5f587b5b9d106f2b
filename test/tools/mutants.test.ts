import ts from 'typescript';
import { type Mutant, mutantsOf, mutated, withSwitches } from '../../tools/mutate/mutants.js';

const SOURCE = `
class Base { constructor(first, second) { this.made = [first, second]; } }
class Derived extends Base {
  constructor(a, b) { super(b, a); this.sum = a + b; }
  scaled(by = 2) { return this.sum * by; }
}
const table = { one: 1, two: [2, 3], nested: { deep: -4 } };
export function run(n, list) {
  if (n < 0) throw new Error('negative');
  const derived = new Derived(n, 3);
  let total = 0;
  for (const value of list ?? [5, 1]) {
    if (value % 2 === 0 && value !== 4) total += value;
    else total -= 1;
  }
  const smallest = Math.min(...list?.filter((one) => one > 1).slice(0, 2).map((one) => one + n) ?? [7]);
  const holder = { list: [...(list ?? [])].reverse(), n };
  holder.list[0] = total;
  total++;
  const words = \`\${n}: \${holder.list.slice(1).join(', ')}\`;
  switch (words.trim()) {
    case '2: 3, 2': return { words, smallest, derived: derived.scaled(), at: holder?.list?.at(-1) };
    default: return [words, total, smallest, derived.made, derived.scaled(n > 1 ? 3 : 4), table.two.at(1), -n];
  }
}`;

const GIVEN: [number, number[] | undefined][] = [
  [-1, []],
  [0, [4, 6, 8]],
  [2, [1, 2, 3]],
  [2, undefined],
];

const compiled = new Map<string, string>();

function compile(source: string): string {
  const known = compiled.get(source);
  if (known !== undefined) return known;
  const { outputText } = ts.transpileModule(source, { compilerOptions: { module: ts.ModuleKind.CommonJS } });
  compiled.set(source, outputText);
  return outputText;
}

/** What a source gives for all that is given, or throws. */
function resultsOf(source: string): unknown[] {
  const outputText = compile(source);
  return GIVEN.map(([n, list]) => {
    const exported: { run?: (n: number, list: number[] | undefined) => unknown } = {};
    try {
      new Function('exports', outputText)(exported);
      return exported.run?.(n, list && [...list]);
    } catch (error) {
      // What the engine says of a value names the expression that it is of.
      return error instanceof TypeError ? 'TypeError' : String(error);
    }
  });
}

const all = mutantsOf('some.ts', SOURCE);
const numbered = new Map<number, Mutant>(all.entries());
const switched = withSwitches(SOURCE, numbered);
const switchOf = globalThis as { __mutate?: (id: number) => boolean };

afterEach(() => {
  delete switchOf.__mutate;
});

test('A source with switches does what it did, as long as none is on', () => {
  expect(all.length).toBeGreaterThan(70);
  expect(resultsOf(switched)).toEqual(resultsOf(SOURCE));
  const asked = new Set<number>();
  switchOf.__mutate = (id) => {
    asked.add(id);
    return false;
  };
  expect(resultsOf(switched)).toEqual(resultsOf(SOURCE));
  // Where it is not run, nothing is asked.
  expect(asked.size).toBeGreaterThan(0.8 * all.length);
});

test('With one switch on it does what a source with this change does', () => {
  for (const [id, mutant] of numbered) {
    // Of a call of super nothing may be made but a call of super.
    if (mutant.around === null) {
      expect(mutant.before).toMatch(/^super/);
      continue;
    }
    switchOf.__mutate = (asked) => asked === id;
    expect([id, mutant.before, resultsOf(switched)]).toEqual([id, mutant.before, resultsOf(mutated(SOURCE, mutant))]);
  }
});

test('Most changes make a difference, and each is of one line that is known', () => {
  const usual = JSON.stringify(resultsOf(SOURCE));
  const different = all.filter((mutant) => JSON.stringify(resultsOf(mutated(SOURCE, mutant))) !== usual);
  expect(different.length / all.length).toBeGreaterThan(0.6);
  const lines = SOURCE.split('\n');
  for (const { line, before } of all) expect(lines[line - 1]).toContain(before.split('\n')[0]);
});
