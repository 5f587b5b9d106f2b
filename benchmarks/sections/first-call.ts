import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import type { NodeBackend } from '../../tools/backends.js';
import { relativeDifference } from '../contestant.js';
import { formatSpread, formatTable } from '../report.js';
import type { Section } from '../section.js';
import { type Spread, spreadOf } from '../spread.js';
import { type Bundles, makeBundles, type Size } from '../start/bundles.js';
import type { FirstCall, FirstCallArguments } from '../start/first-call.js';

/** Milliseconds, over as many fresh processes. */
interface Latency {
  backend: NodeBackend;
  layer: 'built-in' | 'explicit';
  load: Spread;
  first: Spread;
  second: Spread;
}

const PROCESSES = 5;
const TOLERANCE = 1e-5;

export const firstCallSection: Section = {
  title: `First call in a fresh process (1x100x100x100, milliseconds, ${PROCESSES} processes each), and sizes`,
  run: async ({ backends, plain }) => {
    const bundles = await makeBundles();
    const latencies: Latency[] = [];
    for (const backend of backends) latencies.push(...(await measureBackend(backend, bundles, plain)));
    const sizes = { entry: bundles.entrySize, wasm: bundles.wasmSizes };
    return { results: [], tables: [formatLatencies(latencies), formatSizes(sizes)], data: { latencies, sizes } };
  },
};

async function measureBackend(backend: NodeBackend, bundles: Bundles, plain: boolean): Promise<Latency[]> {
  const calls = { 'built-in': [] as FirstCall[], explicit: [] as FirstCall[] };
  for (let round = 0; round < PROCESSES; round++) {
    const builtIn = await runProgram(bundles, { backend, entry: null, plain });
    const explicit = await runProgram(bundles, { backend, entry: resolve(bundles.entry), plain });
    const difference = relativeDifference(Float32Array.from(builtIn.result), Float32Array.from(explicit.result));
    if (!(difference <= TOLERANCE)) {
      throw new Error(`first-call, ${backend}: results must agree to ${TOLERANCE}, differ by ${difference}`);
    }
    calls['built-in'].push(builtIn);
    calls.explicit.push(explicit);
  }
  console.error(`first-call, ${backend}: measured`);
  return (['built-in', 'explicit'] as const).map((layer) => {
    const spread = (part: 'load' | 'first' | 'second') => spreadOf(calls[layer].map((call) => call[part]));
    return { backend, layer, load: spread('load'), first: spread('first'), second: spread('second') };
  });
}

async function runProgram({ program }: Bundles, args: FirstCallArguments): Promise<FirstCall> {
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [program, JSON.stringify(args)]);
    return JSON.parse(stdout);
  } catch (error) {
    throw new Error(`first-call: a process failed: ${(error as { stderr?: string }).stderr ?? error}`);
  }
}

function formatLatencies(latencies: readonly Latency[]): string {
  return formatTable(
    ['backend', 'layer', 'loading (quartiles)', 'first call (quartiles)', 'second call (quartiles)'],
    latencies.map(({ backend, layer, load, first, second }) => [
      backend,
      layer,
      ...[load, first, second].map(formatSpread),
    ]),
  );
}

function formatSizes({ entry, wasm }: { entry: Size; wasm: Size[] }): string {
  return formatTable(
    ['size', 'bytes', 'gzipped'],
    [
      ['explicit-lstm, minified', String(entry.bytes), String(entry.gzipped)],
      ...wasm.map(({ bytes, gzipped }, n) => [
        `WebAssembly module ${n + 1} in it, decoded`,
        String(bytes),
        String(gzipped),
      ]),
    ],
  );
}
