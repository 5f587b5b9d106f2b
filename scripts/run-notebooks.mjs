// Runs notebooks from top to bottom and saves their outputs: those named, or all.
//
//   --check   saves nothing, and fails where what is saved is not what a run gives
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { register } from 'tsx/esm/api';

register();
const { differencesOf, problemsOf } = await import('../tools/notebook-problems.ts');

const DENO = 'deno@2.9.6';
const FOLDER = 'notebooks';
/** The kernel may lose what is printed. */
const RUNS = 5;
/** Until the kernel answers, on a machine that does other things too. */
const STARTUP_SECONDS = 180;
/** What they print is the same at every run, on every machine. */
const REPEATABLE = ['keep-a-port-honest.ipynb', 'a-speech-detector-opened.ipynb'];
const check = process.argv.includes('--check');
const named = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));

/** What npm is told to run Deno with these arguments. */
function deno(...args) {
  return ['exec', '--yes', `--package=${DENO}`, '--', 'deno', ...args];
}

/** Before the kernel is started, which Jupyter gives too little time for a download. */
function installDeno() {
  const { status, error, stderr } = spawnSync('npm', deno('--version'), { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${DENO} does not run: ${error ?? stderr}`);
}

/** A Jupyter data folder whose only kernel is Deno's, so that nothing of the user's own is changed. */
function kernelFolder(folder) {
  const kernel = join(folder, 'kernels/deno');
  mkdirSync(kernel, { recursive: true });
  const argv = ['npm', ...deno('jupyter', '--kernel', '--conn', '{connection_file}')];
  writeFileSync(join(kernel, 'kernel.json'), JSON.stringify({ argv, display_name: 'Deno', language: 'typescript' }));
  return folder;
}

function execute(name, folder) {
  const env = { ...process.env, JUPYTER_PATH: folder, NO_COLOR: '1' };
  const patience = `--ExecutePreprocessor.startup_timeout=${STARTUP_SECONDS}`;
  const args = ['-m', 'nbconvert', '--to', 'notebook', '--execute', patience, '--output', join(folder, name), name];
  const { status, error, stderr } = spawnSync('python3', args, { cwd: FOLDER, env, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${name} does not run: ${error ?? stderr}`);
  return JSON.parse(readFileSync(join(folder, name), 'utf8'));
}

/** A run in which nothing was lost. */
function executeWhole(name, folder) {
  let problems = [];
  for (let run = 0; run < RUNS; run++) {
    const notebook = execute(name, folder);
    problems = problemsOf(notebook);
    if (problems.length === 0) return notebook;
  }
  throw new Error(`${name} did not run as a whole in ${RUNS} runs:\n${problems.join('\n')}`);
}

/** Leaves out when each cell ran, and what machine it ran on. */
function withoutCircumstances({ cells, ...rest }) {
  const kept = cells.map((cell) => ({ ...cell, metadata: {} }));
  return `${JSON.stringify({ cells: kept, ...rest }, null, 1)}\n`;
}

installDeno();
const folder = kernelFolder(mkdtempSync(join(tmpdir(), 'notebooks-')));
try {
  const all = readdirSync(FOLDER).filter((file) => file.endsWith('.ipynb'));
  for (const name of named.length > 0 ? named : all) {
    const path = join(FOLDER, name);
    const saved = JSON.parse(readFileSync(path, 'utf8'));
    const executed = executeWhole(name, folder);
    if (check) {
      const problems = [...problemsOf(saved), ...differencesOf(saved, executed, REPEATABLE.includes(name))];
      for (const problem of problems) console.error(`${name}: ${problem}`);
      if (problems.length > 0) process.exitCode = 1;
    } else {
      writeFileSync(path, withoutCircumstances(executed));
    }
    console.log(`${name}: ran from top to bottom`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
