// src/fused/wasm/threads/worker-script.ts, the script of the workers as text: workers are started where no file of it may be.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('../..', import.meta.url));

export async function workerScript() {
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: ['src/fused/wasm/threads/worker.ts'],
    bundle: true,
    write: false,
    format: 'iife',
    target: 'es2021',
    minify: true,
    charset: 'ascii',
    logLevel: 'warning',
  });
  return outputFiles[0].text.trim();
}

export async function writeWorkerScript() {
  const lines = [
    '// Made by npm run generate.',
    `export const WORKER_SCRIPT: string = ${JSON.stringify(await workerScript())};`,
    '',
  ];
  const target = `${root}src/fused/wasm/threads/worker-script.ts`;
  const text = lines.join('\n');
  // Whatever reads it at the same time finds it whole.
  if (!existsSync(target) || readFileSync(target, 'utf8') !== text) writeFileSync(target, text);
}
