import { readFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import type { NodeBackend } from '../tools/backends.js';
import { RUNTIMES } from './onnx/runtimes.js';

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

/** The versions of what is compared. */
export function versionsOf(backends: readonly NodeBackend[]): Record<string, string> {
  const packages = { cpu: 'tfjs', wasm: 'tfjs-backend-wasm', tensorflow: 'tfjs-node' };
  const names = [...backends.map((backend) => `@tensorflow/${packages[backend]}`), ...RUNTIMES];
  return Object.fromEntries(names.map((name) => [name, versionOf(name)]));
}

function versionOf(name: string): string {
  // Not require.resolve: not every package exports its package.json.
  return JSON.parse(readFileSync(join('node_modules', name, 'package.json'), 'utf8')).version;
}
