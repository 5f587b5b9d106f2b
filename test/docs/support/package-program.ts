import { readFileSync } from 'node:fs';
import ts from 'typescript';
import type { ExportsByEntry } from './complete-example.js';

/** The sources of the entry points, by the names under which they are imported. */
export function entryPoints(): Map<string, string> {
  const { exports } = JSON.parse(readFileSync('package.json', 'utf8')) as { exports: Record<string, unknown> };
  const names = Object.keys(exports).filter((name) => name !== './package.json');
  return new Map(
    names.map((name) => {
      const [, types] = /dist\/esm\/([\w/-]+)\.d\.ts/.exec(JSON.stringify(exports[name])) as unknown as [
        string,
        string,
      ];
      return [name.replace('.', 'explicit-lstm'), `src/${types}.ts`];
    }),
  );
}

/** The compiler over files of this repository and others that exist in memory only, as paths to texts. */
export function createProgram(files: readonly string[], inMemory: ReadonlyMap<string, string> = new Map()): ts.Program {
  const { config } = ts.readConfigFile('tsconfig.json', ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent({ ...config, files: ['src/index.ts'], include: [] }, ts.sys, '.');
  // Examples are for readers, not all of whom are as strict.
  Object.assign(options, { noUncheckedIndexedAccess: false, noUnusedLocals: false, noUnusedParameters: false });
  const host = ts.createCompilerHost(options);
  const { readFile, fileExists } = host;
  const textOf = (path: string) => inMemory.get(path.replace(`${process.cwd()}/`, ''));
  Object.assign(host, {
    readFile: (path: string) => textOf(path) ?? readFile(path),
    fileExists: (path: string) => textOf(path) !== undefined || fileExists(path),
  });
  return ts.createProgram([...files, ...inMemory.keys()], options, host);
}

/** The symbols that an entry point exports. */
export function exportsOf(program: ts.Program, file: string): ts.Symbol[] {
  const checker = program.getTypeChecker();
  const source = program.getSourceFile(file);
  const module = source && checker.getSymbolAtLocation(source);
  if (!module) return [];
  const resolve = (symbol: ts.Symbol) =>
    symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
  return checker.getExportsOfModule(module).map(resolve);
}

/** The names that every entry point exports. */
export function exportsByEntry(program: ts.Program): ExportsByEntry {
  return new Map(
    [...entryPoints()].map(([name, file]) => [name, new Set(exportsOf(program, file).map((symbol) => symbol.name))]),
  );
}
