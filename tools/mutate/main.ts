// Changes sources at random places, one at a time in a copy of this repository, and tells which changes no test noticed:
//
//   npm run mutate -- --path src/plot --sample 60 --seed 1
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { parseArgs } from 'node:util';
import ts from 'typescript';
import { randomNumbers } from '../random-numbers.js';
import { type Mutant, mutantsOf, mutated } from './mutants.js';
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

/** Tells which changes compile: those that do not need no test. Each is in a file of its own. */
function compileCheck(): (mutants: readonly Mutant[]) => Mutant[] {
  const { config } = ts.readConfigFile('tsconfig.json', ts.sys.readFile);
  const { options: compilerOptions, fileNames } = ts.parseJsonConfigFileContent(
    { ...config, include: ['src'] },
    ts.sys,
    '.',
  );
  let current = new Map<string, Mutant>();
  let version = 0;
  const textOf = (file: string) => {
    const text = ts.sys.readFile(file);
    const mutant = current.get(file);
    return text !== undefined && mutant ? mutated(text, mutant) : text;
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
  const isSound = (file: string) =>
    service.getSyntacticDiagnostics(file).length + service.getSemanticDiagnostics(file).length === 0;
  return (mutants) => {
    const next = new Map(mutants.map((mutant) => [ts.sys.resolvePath(mutant.file), mutant]));
    for (const touched of [...current.keys(), ...next.keys()]) versions.set(touched, ++version);
    current = next;
    return mutants.filter(({ file }) => isSound(ts.sys.resolvePath(file)));
  };
}

function describe({ file, line, kind, before, after }: Mutant): string {
  const short = (text: string) => {
    const line = text.replace(/\s+/g, ' ');
    return line.length > 70 ? `${line.slice(0, 67)}...` : line;
  };
  return `${file}:${line} ${kind}: ${short(before)} -> ${short(after)}`;
}

/** Many files at a time are checked, as what takes long is to begin. */
function sampleOf(mutants: readonly Mutant[]): Mutant[] {
  const size = Number(options.sample);
  const compiling = compileCheck();
  const waiting = shuffled(mutants, randomNumbers(Number(options.seed)));
  const sample: Mutant[] = [];
  while (sample.length < size && waiting.length > 0) {
    const candidates = waiting.splice(0, size - sample.length);
    while (candidates.length > 0) {
      const oneOfEachFile = new Map(candidates.map((mutant) => [mutant.file, mutant]));
      sample.push(...compiling([...oneOfEachFile.values()]));
      for (const mutant of oneOfEachFile.values()) candidates.splice(candidates.indexOf(mutant), 1);
    }
  }
  return sample;
}

async function main(): Promise<void> {
  const sources = new Map(options.path.flatMap(sourcesBelow).map((file) => [file, readFileSync(file, 'utf8')]));
  const mutants = [...sources].flatMap(([file, text]) => mutantsOf(file, text));
  const sample = sampleOf(mutants);
  console.log(`${mutants.length} possible changes in ${sources.size} files; a sample of ${sample.length} that compile`);
  const tests = options.tests ?? [...new Set(options.path.map(mirror))];
  const copy = new TestedCopy(tests, sources, new Map(sample.entries()));
  const survivors: Mutant[] = [];
  let tried = 0;
  try {
    console.log(copy.runOnce());
    const end = Date.now() + Number(options.minutes) * 60_000;
    const tell = (id: number, verdict: string): void => {
      const mutant = sample[id] as Mutant;
      if (verdict.startsWith('survived')) survivors.push(mutant);
      console.log(`${++tried}/${sample.length} ${verdict}: ${describe(mutant)}`);
    };
    await copy.try(tell, () => Date.now() > end);
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
  main().catch((error: Error) => {
    console.error(error.message);
    process.exitCode = 1;
  });
}
