// Runs notebooks from top to bottom and saves their outputs: those named, or all.
//
//   --check   saves nothing
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const DENO = 'deno@2.9.6';
const FOLDER = 'notebooks';
const check = process.argv.includes('--check');
const named = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));

/** A Jupyter data folder whose only kernel is Deno's, so that nothing of the user's own is changed. */
function kernelFolder(folder) {
  const kernel = join(folder, 'kernels/deno');
  mkdirSync(kernel, { recursive: true });
  const argv = [
    'npm',
    'exec',
    '--yes',
    `--package=${DENO}`,
    '--',
    'deno',
    'jupyter',
    '--kernel',
    '--conn',
    '{connection_file}',
  ];
  writeFileSync(join(kernel, 'kernel.json'), JSON.stringify({ argv, display_name: 'Deno', language: 'typescript' }));
  return folder;
}

function execute(name, folder) {
  const env = { ...process.env, JUPYTER_PATH: folder, NO_COLOR: '1' };
  const args = ['-m', 'nbconvert', '--to', 'notebook', '--execute', '--output', join(folder, name), name];
  const { status, error, stderr } = spawnSync('python3', args, { cwd: FOLDER, env, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${name} does not run: ${error ?? stderr}`);
  return readFileSync(join(folder, name), 'utf8');
}

/** Leaves out when each cell ran, and what machine it ran on. */
function withoutCircumstances(notebook) {
  const { cells, ...rest } = JSON.parse(notebook);
  const kept = cells.map((cell) => ({ ...cell, metadata: {} }));
  return `${JSON.stringify({ cells: kept, ...rest }, null, 1)}\n`;
}

const folder = kernelFolder(mkdtempSync(join(tmpdir(), 'notebooks-')));
try {
  const all = readdirSync(FOLDER).filter((file) => file.endsWith('.ipynb'));
  for (const name of named.length > 0 ? named : all) {
    const executed = execute(name, folder);
    if (!check) writeFileSync(join(FOLDER, name), withoutCircumstances(executed));
    console.log(`${name}: ran from top to bottom`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
