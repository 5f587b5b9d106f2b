import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';
import { checkBundlers, checkNext, NEXT } from './bundlers.js';

const CONSUMERS = 'test/package/consumers';
const INSTALL = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline'];
/** What pictures are drawn with. */
const DRAWING = ['vega@6', 'vega-lite@6', '@napi-rs/canvas@1', 'dejavu-fonts-ttf@2'];
const LARGEST_TARBALL = 2_360_000;
const RESOLUTIONS = [
  ['--module', 'node16', 'consumer.mts', 'consumer.cts'],
  ['--module', 'nodenext', 'consumer.mts', 'consumer.cts'],
  ['--module', 'esnext', '--moduleResolution', 'bundler', 'consumer.ts'],
];
const compiler = createRequire(import.meta.url).resolve('typescript/bin/tsc');

function run(command: string, args: string[], folder: string): string {
  const { status, error, stdout, stderr } = spawnSync(command, args, { cwd: folder, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${error ?? `${stdout}${stderr}`}`);
  return stdout;
}

interface Tarball {
  filename: string;
  size: number;
  files: Array<{ path: string }>;
}

function checkContent({ files, size }: Tarball): string {
  const allowed =
    /^(dist\/(esm|cjs)\/.+|dist\/cli\/([\w-]+\.js|THIRD-PARTY-LICENSES\.txt)|dist\/THIRD-PARTY-LICENSES\.txt|dist\/thread-worker\.js|dist\/explicit-lstm\.global\.js(\.map)?|src\/.+\.ts|fixtures\/[\w-]+\.(py|md|txt)|package\.json|README\.md|LICENSE)$/;
  const paths = files.map((file) => file.path);
  assert.deepEqual(
    paths.filter((path) => !allowed.test(path)),
    [],
    'files that do not belong into the package',
  );
  for (const path of ['README.md', 'LICENSE']) assert.ok(paths.includes(path), `the package lacks ${path}`);
  assert.ok(size <= LARGEST_TARBALL, `the package has ${size} bytes, more than ${LARGEST_TARBALL}`);
  return `${paths.length} files, ${Math.round(size / 1000)} kB`;
}

async function checkDependencies(installed: string): Promise<string> {
  const { dependencies = {} } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'));
  const entry = join(installed, 'dist/esm/index.js');
  const bundle = await build({
    entryPoints: [entry],
    bundle: true,
    write: false,
    metafile: true,
    packages: 'external',
  });
  const imports = Object.values(bundle.metafile.outputs).flatMap((output) => output.imports);
  const outside = [...new Set(imports.map((imported) => imported.path))];
  assert.deepEqual(outside, ['@tensorflow/tfjs'], 'what the first entry point imports');
  return `imports ${outside}; dependencies: ${Object.keys(dependencies).join(', ') || 'none'}`;
}

function checkTypes(folder: string): string {
  for (const extension of ['ts', 'mts', 'cts']) {
    copyFileSync(join(CONSUMERS, 'types.ts'), join(folder, `consumer.${extension}`));
  }
  const options = ['--noEmit', '--strict', '--skipLibCheck', '--target', 'es2022', '--ignoreConfig'];
  for (const resolution of RESOLUTIONS) run(process.execPath, [compiler, ...options, ...resolution], folder);
  return RESOLUTIONS.map(([, module]) => module).join(', ');
}

function checkSourceMaps(installed: string): string {
  const maps = readdirSync(join(installed, 'dist'), { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.map'),
  );
  for (const file of maps) {
    const map = JSON.parse(readFileSync(join(installed, 'dist', file), 'utf8'));
    for (const source of map.sources.filter((path: string) => path.endsWith('.ts'))) {
      assert.ok(statSync(join(installed, 'dist', file, '..', source)).isFile(), `${file} points to ${source}`);
    }
  }
  return `${maps.length} maps`;
}

/** @param how What is installed beside the package. */
function runConsumers(folder: string, how = 'alone'): void {
  for (const consumer of ['esm.mjs', 'commonjs.cjs']) {
    copyFileSync(join(CONSUMERS, consumer), join(folder, consumer));
    run(process.execPath, [consumer, how], folder);
    console.log(`runs: ${consumer}, ${how}`);
  }
}

async function main(folder: string): Promise<void> {
  const packed = run('npm', ['pack', '--json', '--pack-destination', folder], process.cwd());
  const [tarball] = Object.values<Tarball>(JSON.parse(packed)) as [Tarball];
  console.log(`content: ${checkContent(tarball)}`);
  writeFileSync(join(folder, 'package.json'), '{ "private": true }');
  run('npm', [...INSTALL, tarball.filename], folder);
  const installed = join(folder, 'node_modules/explicit-lstm');
  console.log(`first entry point: ${await checkDependencies(installed)}`);
  console.log(`source maps: ${checkSourceMaps(installed)}`);
  runConsumers(folder);
  const fixture = resolve('fixtures/keras/returns-last.json');
  const command = join(folder, 'node_modules/.bin/explicit-lstm');
  console.log(`command: ${run(command, ['check', fixture, '--backend', 'cpu'], folder).trim()}`);
  console.log(`compiles: ${checkTypes(folder)}`);
  for (const line of await checkBundlers(folder)) console.log(`bundled: ${line}`);
  run('npm', [...INSTALL, ...NEXT], folder);
  console.log(`Next: ${checkNext(folder)}`);
  run('npm', [...INSTALL, ...DRAWING], folder);
  runConsumers(folder, 'with-vega');
}

const folder = mkdtempSync(join(tmpdir(), 'explicit-lstm-'));
try {
  await main(folder);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
