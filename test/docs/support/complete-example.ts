import ts from 'typescript';
import { EXAMPLE_CONTEXT } from './example-context.js';
import type { Example } from './find-examples.js';

/** What each entry point exports, by its name. */
export type ExportsByEntry = ReadonlyMap<string, ReadonlySet<string>>;

const HERE = 'test/docs/support';

function isDeclaration({ parent }: ts.Identifier): boolean {
  return (
    ts.isVariableDeclaration(parent) ||
    ts.isBindingElement(parent) ||
    ts.isParameter(parent) ||
    ts.isFunctionDeclaration(parent) ||
    ts.isImportSpecifier(parent) ||
    ts.isNamespaceImport(parent)
  );
}

function isPropertyName(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent) || ts.isQualifiedName(parent)) return node !== firstOf(parent);
  if (ts.isBindingElement(parent)) return parent.propertyName === node;
  return ts.isPropertyAssignment(parent) && parent.name === node;
}

function firstOf(parent: ts.PropertyAccessExpression | ts.QualifiedName): ts.Node {
  return ts.isQualifiedName(parent) ? parent.left : parent.expression;
}

/** The names that code uses and does not declare. */
export function freeNames(code: string): Set<string> {
  const declared = new Set<string>();
  const used = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node) && !isPropertyName(node)) {
      const isNameOfDeclaration = isDeclaration(node) && (node.parent as ts.NamedDeclaration).name === node;
      (isNameOfDeclaration ? declared : used).add(node.text);
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile('example.ts', code, ts.ScriptTarget.ES2022, true));
  return new Set([...used].filter((name) => !declared.has(name)));
}

/**
 * An example as a module of its own: with imports of what the package exports, with what `EXAMPLE_CONTEXT` makes, and in
 * a function `run`.
 */
export function completeExample({ code }: Example, exportsByEntry: ExportsByEntry): string {
  const free = freeNames(code);
  const [imports, rest] = partition(code.split('\n'), (line) => line.startsWith('import '));
  const added = free.has('tf') ? ["import * as tf from '@tensorflow/tfjs';"] : [];
  for (const [entry, names] of exportsByEntry) {
    const needed = [...names].filter((name) => free.delete(name));
    if (needed.length > 0) added.push(`import { ${needed.join(', ')} } from '${entry}';`);
  }
  const fromContext = Object.keys(EXAMPLE_CONTEXT).filter((name) => free.has(name));
  return [
    `import { EXAMPLE_CONTEXT as context } from '../${HERE.split('/').at(-1)}/example-context.js';`,
    ...added,
    ...imports,
    'const tests: (() => unknown)[] = [];',
    'const test = (_: string, run: () => unknown) => void tests.push(run);',
    'export async function run() {',
    ...fromContext.map((name) => `const ${name} = await context.${name}();`),
    ...rest,
    'for (const run of tests) await run();',
    '}',
    'export const uses = [context, test];',
  ].join('\n');
}

function partition<Item>(items: readonly Item[], holds: (item: Item) => boolean): [Item[], Item[]] {
  return [items.filter(holds), items.filter((item) => !holds(item))];
}
