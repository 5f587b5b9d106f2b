import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cpus, loadavg } from 'node:os';
import type { NodeBackend } from '../tools/backends.js';

/** What a measurement depends on besides the code. */
export interface Machine {
  cpu: string;
  cores: number;
  /** Processes that wanted to run in the last minute; far above 0 at the start, the numbers are noisy. */
  load: number;
  node: string;
}

export function describeMachine(): Machine {
  const all = cpus();
  return { cpu: all[0]?.model ?? 'unknown', cores: all.length, load: loadavg()[0] as number, node: process.version };
}

/** The version of the package that a backend comes in. */
export function backendVersion(backend: NodeBackend): string {
  const packages = { cpu: 'tfjs', wasm: 'tfjs-backend-wasm', tensorflow: 'tfjs-node' };
  const name = `@tensorflow/${packages[backend]}`;
  const file = createRequire(`${process.cwd()}/package.json`).resolve(`${name}/package.json`);
  return `${name} ${JSON.parse(readFileSync(file, 'utf8')).version}`;
}
