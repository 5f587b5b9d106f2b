import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { type BuildOptions, build } from 'esbuild';
import { embeddedModules } from './embedded-modules.js';

/** Inside node_modules, so that what is left outside the bundles is found from there. */
export const FOLDER = join('node_modules', '.cache', 'explicit-lstm-benchmarks');

/** Bytes. */
export interface Size {
  bytes: number;
  gzipped: number;
}

export interface Bundles {
  /** The program that makes the first call. */
  program: string;
  /** The package's main entry, minified, TensorFlow.js left outside. */
  entry: string;
  entrySize: Size;
  /** The WebAssembly modules in it. */
  wasmSizes: Size[];
}

export async function makeBundles(): Promise<Bundles> {
  mkdirSync(FOLDER, { recursive: true });
  const [entry, program] = [join(FOLDER, 'explicit-lstm.cjs'), join(FOLDER, 'first-call.cjs')];
  const code = await bundle('src/index.ts', entry);
  await bundle('benchmarks/start/first-call.ts', program);
  return { program, entry, entrySize: sizeOf(code), wasmSizes: embeddedModules(code.toString()).map(sizeOf) };
}

/**
 * As CommonJS: to import TensorFlow.js's CommonJS build as ESM, Node looks through megabytes of it for its exports.
 *
 * @param more `ignoreAnnotations` for sources that register classes: `sideEffects` of package.json speaks of what is built.
 */
export async function bundle(source: string, outfile: string, more: BuildOptions = {}): Promise<Buffer> {
  const options = { bundle: true, minify: true, format: 'cjs', platform: 'node', packages: 'external' } as const;
  const { outputFiles } = await build({ ...options, ...more, entryPoints: [source], outfile, write: false });
  const [file] = outputFiles;
  if (file === undefined) throw new Error(`bundle: nothing came out of ${source}`);
  writeFileSync(outfile, file.contents);
  return Buffer.from(file.contents);
}

function sizeOf(contents: Buffer): Size {
  return { bytes: contents.length, gzipped: gzipSync(contents).length };
}
