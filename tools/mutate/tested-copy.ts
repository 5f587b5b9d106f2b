import { spawn, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { type Mutant, mutated, withSwitches } from './mutants.js';

/** What a copy has no use for; node_modules it borrows. */
const LEFT_OUT = ['.git', 'node_modules', 'dist', 'api', 'coverage'];

const SETUP = join(import.meta.dirname, 'in-jest.cjs');
const SEQUENCER = join(import.meta.dirname, 'plan-order.cjs');

/** What happens to a change, by its number: `noticed`, or `survived`, and why. */
export type Verdicts = (id: number, verdict: string) => void;

interface TestFile {
  file: string;
  tests: Array<{ n: number; ms: number; hits: number[] }>;
  atLoading: number[];
  inHooks: number[];
}

/** One change before one test file: the tests in it that ask for the change, by their number. */
interface Trial {
  id: number;
  tests: number[];
  ms: number;
  isDone: boolean;
}

/** A copy of this repository in which sources are changed and tests run. */
export class TestedCopy {
  private readonly folder = mkdtempSync(join(tmpdir(), 'mutate-'));
  private readonly log = join(this.folder, 'mutate-log.jsonl');
  private readonly plan = join(this.folder, 'mutate-plan.json');
  private readonly switched = new Map<string, string>();
  private files: TestFile[] = [];

  /**
   * @param testFolders Whose tests are to notice a change.
   * @param sources The texts of the files that are changed.
   * @param mutants The changes, by their numbers.
   */
  constructor(
    private readonly testFolders: readonly string[],
    private readonly sources: ReadonlyMap<string, string>,
    private readonly mutants: ReadonlyMap<number, Mutant>,
  ) {
    const isCopied = (path: string) => !LEFT_OUT.includes(relative('.', path));
    cpSync('.', this.folder, { recursive: true, filter: isCopied });
    symlinkSync(join(process.cwd(), 'node_modules'), join(this.folder, 'node_modules'));
    for (const file of new Set([...mutants.values()].map((mutant) => mutant.file))) {
      const inFile = new Map([...mutants].filter(([, mutant]) => mutant.file === file));
      this.switched.set(file, withSwitches(sources.get(file) as string, inFile));
    }
  }

  /**
   * Runs all tests once, and learns which of them ask for which changes.
   *
   * @throws Error when they do not pass: on such a ground nothing can be told.
   */
  runOnce(): string {
    const started = Date.now();
    for (const [file, text] of this.switched) this.write(file, text);
    const { status, stderr } = this.jest([...this.testFolders, '--setupFilesAfterEnv', SETUP]);
    if (status !== 0) throw new Error(`mutate: the tests fail as they are:\n${stderr.slice(-3000)}`);
    const time = ({ tests }: TestFile) => tests.reduce((sum, { ms }) => sum + ms, 0);
    this.files = (this.logged() as unknown as TestFile[]).sort((a, b) => time(a) - time(b));
    return `${this.files.length} test files pass in ${Math.round((Date.now() - started) / 1000)} s`;
  }

  /** Tells of each change what becomes of it; of those that tests ask for while they run first, as that is quickest. */
  async try(tell: Verdicts, isTimeUp: () => boolean): Promise<void> {
    const alone: number[] = [];
    const together: number[] = [];
    for (const [id, mutant] of this.mutants) {
      const isAsked = this.files.some(
        ({ tests, inHooks }) => inHooks.includes(id) || tests.some((t) => t.hits.includes(id)),
      );
      if (isAsked) together.push(id);
      else if (this.runsWithoutNotice(id, mutant)) tell(id, 'survived (no test runs it)');
      else alone.push(id);
    }
    const unsure = await this.tryTogether(together, tell, isTimeUp);
    for (const id of [...unsure, ...alone]) if (!isTimeUp()) tell(id, this.tryAlone(id));
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Others in its file are asked for, and so this one would be too, did anything but the tests' own processes run it. */
  private runsWithoutNotice(id: number, { file, around }: Mutant): boolean {
    if (!around || this.files.some(({ atLoading }) => atLoading.includes(id))) return false;
    const others = [...this.mutants].filter(([, mutant]) => mutant.file === file).map(([other]) => other);
    const isAsked = ({ tests, inHooks, atLoading }: TestFile) =>
      others.some((n) => inHooks.includes(n) || atLoading.includes(n) || tests.some(({ hits }) => hits.includes(n)));
    return this.files.some(isAsked);
  }

  /** @returns Those that survived, but have also taken part in loading, or were not asked for again. */
  private async tryTogether(ids: readonly number[], tell: Verdicts, isTimeUp: () => boolean): Promise<number[]> {
    const trials = new Map(this.files.map((file) => [file.file, this.trialsIn(file, ids)]));
    const of = (id: number) => [...trials.values()].flat().filter((trial) => trial.id === id);
    const unsure = new Set(ids.filter((id) => this.files.some(({ atLoading }) => atLoading.includes(id))));
    const told = new Set<number>();
    const settle = (id: number, verdict: string): void => {
      for (const trial of of(id)) trial.isDone = true;
      if (told.has(id)) return;
      told.add(id);
      tell(id, verdict);
    };
    while (!isTimeUp() && [...trials.values()].flat().some(({ isDone }) => !isDone)) {
      const lines = await this.runPlanned(trials, isTimeUp);
      const last = lines.at(-1);
      for (const { file, passed, noticed, isAsked } of lines) {
        if (noticed !== undefined) settle(noticed, 'noticed');
        if (passed === undefined) continue;
        const trial = trials.get(file)?.find(({ id }) => id === passed);
        if (trial) trial.isDone = true;
        if (!isAsked) unsure.add(passed);
        const all = of(passed);
        if (all.every(({ isDone }) => isDone) && !unsure.has(passed))
          settle(passed, `survived (${all.length} test files)`);
      }
      // Of a loop without end, and of a crash, nobody could tell.
      if (last?.started !== undefined && !isTimeUp()) settle(last.started, 'noticed (out of time)');
    }
    return [...unsure].filter((id) => !told.has(id));
  }

  private trialsIn({ tests, inHooks }: TestFile, ids: readonly number[]): Trial[] {
    return ids.flatMap((id) => {
      const asking = tests.filter(({ hits }) => hits.includes(id) || inHooks.includes(id));
      const ms = asking.reduce((sum, test) => sum + test.ms, 0);
      return asking.length > 0 ? [{ id, tests: asking.map(({ n }) => n), ms, isDone: false }] : [];
    });
  }

  /** One run of Jest over all that is left to do, which ends early where a change makes it run for ever. */
  private async runPlanned(trials: ReadonlyMap<string, Trial[]>, isTimeUp: () => boolean) {
    const left = [...trials]
      .map(([file, inFile]) => [file, inFile.filter(({ isDone }) => !isDone)] as const)
      .filter(([, inFile]) => inFile.length > 0);
    writeFileSync(this.plan, JSON.stringify(Object.fromEntries(left)));
    writeFileSync(this.log, '');
    const args = ['--runInBand', '--setupFilesAfterEnv', SETUP, '--testSequencer', SEQUENCER, '--runTestsByPath'];
    const files = left.map(([file]) => file);
    const child = spawn(process.execPath, ['node_modules/jest/bin/jest.js', ...args, ...files], {
      cwd: this.folder,
      env: { ...process.env, MUTATE_LOG: this.log, MUTATE_PLAN: this.plan },
      stdio: 'ignore',
    });
    let length = 0;
    let idle = 0;
    // Seconds in which this process runs too, so that a machine's pause is not taken for a loop.
    const watch = setInterval(() => {
      const lines = this.logged();
      idle = lines.length === length ? idle + 1 : 0;
      length = lines.length;
      const { file, started } = lines.at(-1) ?? {};
      const ms = trials.get(file ?? '')?.find(({ id }) => id === started)?.ms ?? 60_000;
      if (isTimeUp() || idle * 1000 > 30_000 + 5 * ms) child.kill('SIGKILL');
    }, 1000);
    await new Promise((resolve) => child.on('close', resolve));
    clearInterval(watch);
    return this.logged();
  }

  /** Runs the tests with one changed source in place, fastest first, until one fails. */
  private tryAlone(id: number): string {
    const mutant = this.mutants.get(id) as Mutant;
    const { file } = mutant;
    const loads = ({ atLoading, inHooks, tests }: TestFile) =>
      atLoading.includes(id) || inHooks.includes(id) || tests.some(({ hits }) => hits.includes(id));
    const loading = this.files.filter(loads);
    // What no test loads runs elsewhere, in a page or in another process: any test may notice.
    const asked = this.mirrorFirst(file, loading.length > 0 ? loading : this.files);
    this.write(file, mutated(this.sources.get(file) as string, mutant));
    const milliseconds = asked.flatMap(({ tests }) => tests).reduce((sum, { ms }) => sum + ms, 0);
    const args = ['--runInBand', '--bail', '--runTestsByPath', ...asked.map((test) => test.file)];
    const { status, error } = this.jest(args, 60_000 + 5 * milliseconds);
    this.write(file, this.switched.get(file) as string);
    if (error) return 'noticed (out of time)';
    return status === 0 ? `survived (${asked.length} test files)` : 'noticed';
  }

  private mirrorFirst(file: string, tests: readonly TestFile[]): TestFile[] {
    const mirror = file.replace(/^src/, 'test').replace(/\.ts$/, '.test.ts');
    const isOwn = (test: TestFile) => test.file.endsWith(mirror);
    return [...tests].sort((a, b) => Number(isOwn(b)) - Number(isOwn(a)));
  }

  private write(file: string, text: string): void {
    writeFileSync(join(this.folder, file), text);
  }

  private logged() {
    const lines = existsSync(this.log) ? readFileSync(this.log, 'utf8').split('\n').slice(0, -1) : [];
    return lines.map((line) => JSON.parse(line)) as Array<{
      file: string;
      started?: number;
      passed?: number;
      noticed?: number;
      isAsked?: boolean;
    }>;
  }

  private jest(args: readonly string[], timeout?: number) {
    // What a report's page runs is kept as text, which must be that of the changed sources.
    spawnSync(process.execPath, ['scripts/generate/main.mjs'], { cwd: this.folder });
    return spawnSync(process.execPath, ['node_modules/jest/bin/jest.js', ...args], {
      cwd: this.folder,
      env: { ...process.env, MUTATE_LOG: this.log },
      encoding: 'utf8',
      killSignal: 'SIGKILL',
      maxBuffer: 2 ** 28,
      timeout,
    });
  }
}
