import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { withProbes } from './mutants.js';

/** What a copy has no use for; node_modules it borrows. */
const LEFT_OUT = ['.git', 'node_modules', 'dist', 'api', 'coverage'];

/** Notes, for each test file, which probes it passed and how long it took. */
const RECORDER = `
const { appendFileSync } = require('node:fs');
const hits = new Set();
const started = Date.now();
globalThis.__mutateHit = (probe) => void hits.add(probe);
afterAll(() => {
  const line = { test: expect.getState().testPath, ms: Date.now() - started, hits: [...hits] };
  appendFileSync(process.env.MUTATE_LOG, JSON.stringify(line) + '\\n');
});`;

interface TestFile {
  test: string;
  ms: number;
  hits: string[];
}

/** A copy of this repository in which sources are changed and tests run. */
export class TestedCopy {
  private readonly folder = mkdtempSync(join(tmpdir(), 'mutate-'));
  private tests: TestFile[] = [];

  /** @param testFolders Whose tests are to notice a change. */
  constructor(private readonly testFolders: readonly string[]) {
    const isCopied = (path: string) => !LEFT_OUT.includes(relative('.', path));
    cpSync('.', this.folder, { recursive: true, filter: isCopied });
    symlinkSync(join(process.cwd(), 'node_modules'), join(this.folder, 'node_modules'));
  }

  /**
   * Runs all tests once, and learns which of them enter which functions of `sources`.
   *
   * @throws Error when they do not pass: on such a ground nothing can be told.
   */
  runOnce(sources: ReadonlyMap<string, string>): string {
    const log = join(this.folder, 'mutate-log.jsonl');
    const recorder = join(this.folder, 'mutate-recorder.cjs');
    writeFileSync(recorder, RECORDER);
    const started = Date.now();
    for (const [file, text] of sources) this.write(file, withProbes(file, text));
    const { status, stderr } = this.jest([...this.testFolders, '--setupFilesAfterEnv', recorder], { MUTATE_LOG: log });
    if (status !== 0) throw new Error(`mutate: the tests fail as they are:\n${stderr.slice(-3000)}`);
    for (const [file, text] of sources) this.write(file, text);
    const lines = readFileSync(log, 'utf8').trim().split('\n');
    this.tests = lines.map((line) => JSON.parse(line)).sort((a, b) => a.ms - b.ms);
    return `${this.tests.length} test files pass in ${Math.round((Date.now() - started) / 1000)} s`;
  }

  /**
   * Runs the tests that enter the changed function, fastest first, until one fails.
   *
   * @param probe Of the function that the change is in; undefined outside of all functions.
   * @returns How it went: `noticed`, or `survived` and how many test files ran.
   */
  try(file: string, changed: string, probe: string | undefined): string {
    const original = readFileSync(join(this.folder, file), 'utf8');
    const tests = this.testsOf(file, probe);
    if (tests.length === 0) return 'survived (no test enters it)';
    const milliseconds = tests.reduce((sum, { ms }) => sum + ms, 0);
    this.write(file, changed);
    const { status, error } = this.jest(
      ['--runInBand', '--bail', '--runTestsByPath', ...tests.map(({ test }) => test)],
      {},
      60_000 + 5 * milliseconds,
    );
    this.write(file, original);
    if (error) return 'noticed (out of time)';
    return status === 0 ? `survived (${tests.length} test files)` : 'noticed';
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Where no probe of a file was passed, it runs elsewhere, in a page or in another process: any test may notice. */
  private testsOf(file: string, probe: string | undefined): TestFile[] {
    const entersFile = ({ hits }: TestFile) => hits.some((hit) => hit.startsWith(`${file}:`));
    if (!this.tests.some(entersFile)) return this.mirrorFirst(file, this.tests);
    const enters = probe === undefined ? entersFile : ({ hits }: TestFile) => hits.includes(probe);
    return this.mirrorFirst(file, this.tests.filter(enters));
  }

  private mirrorFirst(file: string, tests: readonly TestFile[]): TestFile[] {
    const mirror = file.replace(/^src/, 'test').replace(/\.ts$/, '.test.ts');
    const isOwn = ({ test }: TestFile) => test.endsWith(mirror);
    return [...tests].sort((a, b) => Number(isOwn(b)) - Number(isOwn(a)));
  }

  private write(file: string, text: string): void {
    writeFileSync(join(this.folder, file), text);
  }

  private jest(args: readonly string[], env: Record<string, string>, timeout?: number) {
    // What a report's page runs is kept as text, which must be that of the changed sources.
    spawnSync(process.execPath, ['scripts/generate/main.mjs'], { cwd: this.folder });
    return spawnSync(process.execPath, ['node_modules/jest/bin/jest.js', ...args], {
      cwd: this.folder,
      env: { ...process.env, ...env },
      encoding: 'utf8',
      killSignal: 'SIGKILL',
      maxBuffer: 2 ** 28,
      timeout,
    });
  }
}
