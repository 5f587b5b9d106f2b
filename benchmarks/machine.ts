import { existsSync, readFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import type { NodeBackend } from '../tools/backends.js';
import { RUNTIMES } from './onnx/runtimes.js';

/** What a measurement depends on besides the code. */
export interface Machine {
  cpu: string;
  /** The widest of its SIMD instructions, and its second cache, where the system tells: a name such as 'AMD EPYC' says neither. */
  simd: string | null;
  l2: string | null;
  cores: number;
  /** Processes that wanted to run in the last minute; far above 0 at the start, the numbers are noisy. */
  load: number;
  node: string;
}

export function describeMachine(): Machine {
  const all = cpus();
  return {
    cpu: all[0]?.model ?? 'unknown',
    simd: SIMD.find((name) => readIfThere('/proc/cpuinfo')?.includes(` ${name} `)) ?? null,
    l2: readIfThere('/sys/devices/system/cpu/cpu0/cache/index2/size')?.trim() ?? null,
    cores: all.length,
    load: loadavg()[0] as number,
    node: process.version,
  };
}

/** As Linux writes them, the widest first. */
const SIMD = ['avx512f', 'avx2', 'asimd'];

function readIfThere(path: string): string | null {
  return existsSync(path) ? readFileSync(path, 'utf8') : null;
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
