import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';

/** Where the page is put, with all that it loads: any server of static files will do. */
export const SITE = 'benchmarks/browser/site';

/** Folders of the page, and the files in them that packages bring along. */
const FILES: [folder: string, from: string, files: RegExp][] = [
  ['tfjs', 'node_modules/@tensorflow/tfjs-backend-wasm/wasm-out', /^tfjs-backend-wasm(-simd)?\.wasm$/],
  ['onnxruntime', 'node_modules/onnxruntime-web/dist', /^ort-wasm-simd-threaded(\.asyncify)?\.(mjs|wasm)$/],
  ['litert', 'node_modules/@litertjs/core/wasm', /^litert_wasm(_compat)?_internal\.(js|wasm)$/],
];

const PACKAGES = [
  '@tensorflow/tfjs',
  '@tensorflow/tfjs-backend-wasm',
  '@tensorflow/tfjs-backend-webgpu',
  'onnxruntime-web',
  '@litertjs/core',
];

/** Builds the page. What is measured are the sources of this package. */
export async function buildSite(): Promise<void> {
  rmSync(SITE, { recursive: true, force: true });
  mkdirSync(SITE, { recursive: true });
  await build({
    entryPoints: ['benchmarks/browser/page.ts'],
    outdir: SITE,
    bundle: true,
    // Runtimes are loaded when they are first run.
    splitting: true,
    format: 'esm',
    minify: true,
    target: 'es2022',
    ignoreAnnotations: true,
    define: { global: 'globalThis', VERSIONS: JSON.stringify(versions()) },
    logLevel: 'error',
  });
  copyFileSync('benchmarks/browser/page.html', join(SITE, 'index.html'));
  copyFileSync('benchmarks/onnx/onnx.proto', join(SITE, 'onnx.proto'));
  for (const [folder, from, wanted] of FILES) {
    mkdirSync(join(SITE, folder));
    const names = readdirSync(from).filter((name) => wanted.test(name));
    if (names.length === 0) throw new Error(`buildSite: ${from} must have files like ${wanted}`);
    for (const name of names) copyFileSync(join(from, name), join(SITE, folder, name));
  }
}

function versions(): Record<string, string> {
  const versionIn = (folder: string): string => JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).version;
  const others = PACKAGES.map((name) => [name, versionIn(join('node_modules', name))]);
  return { 'explicit-lstm': versionIn('.'), ...Object.fromEntries(others) };
}
