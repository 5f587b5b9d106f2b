// Changes sources at random places, one at a time in a copy of this repository, and tells which changes no test noticed:
//
//   npm run mutate -- --path src/plot --sample 60 --seed 1
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { parseArgs } from 'node:util';
import ts from 'typescript';
import { randomNumbers } from '../random-numbers.js';
import { type Mutant, mutantsOf, mutated, probeOf } from './mutants.js';
import { TestedCopy } from './tested-copy.js';

const HELP = `npm run mutate -- [options]
  --path FOLDER     what is changed, a folder or a file below src; may be given several times (src)
  --tests FOLDER    whose tests are to notice; several times (the folder of test/ that mirrors each path)
  --sample N        how many changes are tried (60)
  --seed N          which (1)
  --minutes N       no further change is tried so long after the tests passed as they are (20)
  --at-least N      fails when fewer percent are noticed (0)`;

const { values: options } = parseArgs({
  options: {
    path: { type: 'string', multiple: true, default: ['src'] },
    tests: { type: 'string', multiple: true },
    sample: { type: 'string', default: '60' },
    seed: { type: 'string', default: '1' },
    minutes: { type: 'string', default: '20' },
    'at-least': { type: 'string', default: '0' },
    help: { type: 'boolean', default: false },
  },
});

function shuffled<Item>(items: readonly Item[], random: () => number): Item[] {
  return items
    .map((item) => ({ item, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}

/** AssemblyScript is another language, and what a script writes is changed where it is written from. */
const isChangeable = (file: string) =>
  file.endsWith('.ts') &&
  !/\.d\.ts$|\/assembly\/|\/binaries(-with-additions)?\.ts$|\/(page|worker)-script\.ts$/.test(file);

function sourcesBelow(path: string): string[] {
  if (statSync(path).isFile()) return [path];
  const files = readdirSync(path, { recursive: true, encoding: 'utf8' });
  return files.map((file) => `${path}/${file}`).filter(isChangeable);
}

/** `src/plot/rendering/to-svg.ts` is held to its promises by `test/plot`. */
const mirror = (path: string) => path.split('/').slice(0, 2).join('/').replace(/^src/, 'test');

/** Tells of a change whether it compiles: one that does not needs no test. */
function compileCheck(): (mutant: Mutant) => boolean {
  const { config } = ts.readConfigFile('tsconfig.json', ts.sys.readFile);
  const { options: compilerOptions, fileNames } = ts.parseJsonConfigFileContent(
    { ...config, include: ['src'] },
    ts.sys,
    '.',
  );
  let current: Mutant | undefined;
  let version = 0;
  const isChanged = (file: string) => current !== undefined && ts.sys.resolvePath(current.file) === file;
  const textOf = (file: string) => {
    const text = ts.sys.readFile(file);
    return text !== undefined && current && isChanged(file) ? mutated(text, current) : text;
  };
  const versions = new Map<string, number>();
  const service = ts.createLanguageService({
    getScriptFileNames: () => fileNames,
    getScriptVersion: (file) => String(versions.get(file) ?? 0),
    getScriptSnapshot: (file) => {
      const text = textOf(file);
      return text === undefined ? undefined : ts.ScriptSnapshot.fromString(text);
    },
    getCurrentDirectory: () => process.cwd(),
    getCompilationSettings: () => compilerOptions,
    getDefaultLibFileName: ts.getDefaultLibFilePath,
    fileExists: ts.sys.fileExists,
    readFile: ts.sys.readFile,
    readDirectory: ts.sys.readDirectory,
    directoryExists: ts.sys.directoryExists,
    getDirectories: ts.sys.getDirectories,
  });
  return (mutant) => {
    for (const touched of [current, mutant]) if (touched) versions.set(ts.sys.resolvePath(touched.file), ++version);
    current = mutant;
    const file = ts.sys.resolvePath(mutant.file);
    return service.getSyntacticDiagnostics(file).length + service.getSemanticDiagnostics(file).length === 0;
  };
}

function describe({ file, line, kind, before, after }: Mutant): string {
  const short = (text: string) => {
    const line = text.replace(/\s+/g, ' ');
    return line.length > 70 ? `${line.slice(0, 67)}...` : line;
  };
  return `${file}:${line} ${kind}: ${short(before)} -> ${short(after)}`;
}

function sampleOf(mutants: readonly Mutant[]): Mutant[] {
  const compiles = compileCheck();
  const sample: Mutant[] = [];
  for (const mutant of shuffled(mutants, randomNumbers(Number(options.seed)))) {
    if (sample.length === Number(options.sample)) break;
    if (compiles(mutant)) sample.push(mutant);
  }
  return sample;
}

function main(): void {
  const sources = new Map(options.path.flatMap(sourcesBelow).map((file) => [file, readFileSync(file, 'utf8')]));
  const mutants = [...sources].flatMap(([file, text]) => mutantsOf(file, text));
  const sample = sampleOf(mutants);
  console.log(`${mutants.length} possible changes in ${sources.size} files; a sample of ${sample.length} that compile`);
  const copy = new TestedCopy(options.tests ?? [...new Set(options.path.map(mirror))]);
  const survivors: Mutant[] = [];
  let tried = 0;
  try {
    const files = [...new Set(sample.map(({ file }) => file))];
    console.log(copy.runOnce(new Map(files.map((file) => [file, sources.get(file) as string]))));
    const started = Date.now();
    for (const mutant of sample) {
      if (Date.now() - started > Number(options.minutes) * 60_000) break;
      const text = sources.get(mutant.file) as string;
      const verdict = copy.try(mutant.file, mutated(text, mutant), probeOf(mutant, text));
      tried++;
      if (verdict.startsWith('survived')) survivors.push(mutant);
      console.log(`${tried}/${sample.length} ${verdict}: ${describe(mutant)}`);
    }
  } finally {
    copy.remove();
  }
  const percent = (100 * (tried - survivors.length)) / Math.max(tried, 1);
  console.log(`\n${tried - survivors.length} of ${tried} noticed (${percent.toFixed(1)} %), seed ${options.seed}`);
  if (tried < sample.length) console.log(`time was up: ${sample.length - tried} were not tried`);
  for (const survivor of survivors) console.log(`survived: ${describe(survivor)}`);
  if (percent < Number(options['at-least'])) process.exitCode = 1;
}

if (options.help) console.log(HELP);
else {
  try {
    main();
  } catch (error) {
    console.error((error as Error).message);
    process.exitCode = 1;
  }
}
