import { readFileSync } from 'node:fs';
import asc from 'assemblyscript/asc';
import type { Build, ModuleExports } from '../../src/fused/wasm/module.js';

/** The module with something left out: what is replaced in which of its sources. */
export interface Part {
  name: string;
  replacements: { file: string; pattern: RegExp; by: string }[];
}

const FOLDER = 'src/fused/wasm/assembly';
const MOST_PAGES = 65536;

export const WHOLE: Part = { name: 'module', replacements: [] };

/** Each leaves out more than the one before. */
export const PARTS: Part[] = [
  {
    name: 'without activations',
    replacements: [
      {
        file: 'activations.ts',
        pattern: /(export function (?:sigmoid|tanh)\((\w+): v128, constants: usize\): v128 \{)/g,
        by: '$1 return $2;',
      },
    ],
  },
  {
    name: 'products only',
    replacements: [
      {
        file: 'forward-step.ts',
        pattern: /(export function stepForward\([^)]*\): void \{)/g,
        by: '$1 return;',
      },
    ],
  },
];

/**
 * Compiles the module for a memory, as `scripts/generate/wasm-binaries.mjs` does, but for what is replaced.
 *
 * @throws Error with what the compiler said; or where there is nothing to replace.
 */
export async function compilePart(part: Part, build: Build, memory: WebAssembly.Memory): Promise<ModuleExports> {
  const written = new Map<string, string | Uint8Array>();
  const { error, stderr } = await asc.main(
    [
      ...[`${FOLDER}/index.ts`, '--outFile', 'module.wasm', '--use', 'WITH_ADDITIONS=0'],
      ...['--optimizeLevel', '3', '--shrinkLevel', '0', '--noAssert', '--runtime', 'stub'],
      ...['--importMemory', '--noExportMemory', '--maximumMemory', String(MOST_PAGES), '--enable', 'simd'],
      ...(build === 'relaxed-simd' ? ['--enable', 'relaxed-simd'] : []),
    ],
    {
      readFile: (name) => readSource(name, part),
      writeFile: (name, contents) => void written.set(name, contents),
    },
  );
  const module = written.get('module.wasm');
  if (error || !(module instanceof Uint8Array)) throw new Error(`compilePart: ${error?.message ?? stderr}`);
  const env = { memory, awaitOthers: () => {} };
  const { instance } = await WebAssembly.instantiate(Uint8Array.from(module), { env });
  return instance.exports as unknown as ModuleExports;
}

function readSource(path: string, { name, replacements }: Part): string | null {
  let source: string;
  try {
    source = readFileSync(path, 'utf8');
  } catch {
    return null;
  }
  for (const { file, pattern, by } of replacements) {
    if (!path.endsWith(`assembly/${file}`)) continue;
    const replaced = source.replace(pattern, by);
    if (replaced === source) throw new Error(`compilePart: ${name}: nothing to replace in ${file}`);
    source = replaced;
  }
  return source;
}
