import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { type BuildOptions, build } from 'esbuild';
import type { Routes } from './server.js';

const PAGES = 'test/browser/pages';
const KERAS_FIXTURES = 'fixtures/keras';
const GLOBAL_BUILD = 'dist/explicit-lstm.global.js';
const require = createRequire(import.meta.url);
const folderOf = (name: string): string => join(dirname(require.resolve(`${name}/package.json`)), 'dist');

async function bundle(page: string, options: BuildOptions): Promise<Uint8Array> {
  const { outputFiles } = await build({
    entryPoints: [join(PAGES, page)],
    bundle: true,
    write: false,
    // The repository's own tsconfig.json maps `explicit-lstm` to the sources; what is tested here is the built package.
    tsconfigRaw: {},
    alias: {
      'explicit-lstm/plot': './dist/esm/plot/index.js',
      'explicit-lstm/report': './dist/esm/report/index.js',
      'explicit-lstm': './dist/esm/index.js',
    },
    logLevel: 'warning',
    ...options,
  });
  const [output] = outputFiles ?? [];
  if (!output) throw new Error(`bundle: ${page} gave no output`);
  return output.contents;
}

/** The sources and what their tests share, which were written for Node. */
const OF_SOURCES: BuildOptions = { format: 'esm', ignoreAnnotations: true, define: { global: 'globalThis' } };

/** The backend must register itself with the tfjs of the sources, whatever else of tfjs is installed beside it. */
async function bundleWithWebGPU(): Promise<Uint8Array> {
  const alias = Object.fromEntries(
    ['core', 'backend-cpu'].map((part) => [`@tensorflow/tfjs-${part}`, ownFolder(part)]),
  );
  const backend = join(folderOf('@tensorflow/tfjs-backend-webgpu'), 'index.js');
  return bundle('webgpu.ts', { ...OF_SOURCES, alias, inject: [backend] });
}

const ownFolder = (part: string): string => dirname(require.resolve(`@tensorflow/tfjs-${part}/package.json`));

/** All of the committed fixtures, in one list. */
function kerasFixtures(): Uint8Array {
  const files = readdirSync(KERAS_FIXTURES).filter((file) => file.endsWith('.json'));
  const texts = files.map((file) => readFileSync(join(KERAS_FIXTURES, file), 'utf8'));
  return new TextEncoder().encode(`[${texts.join(',')}]`);
}

/** Everything that the pages load; `npm run build` has run before. */
export async function pageRoutes(): Promise<Routes> {
  const tfjs = folderOf('@tensorflow/tfjs');
  const wasm = folderOf('@tensorflow/tfjs-backend-wasm');
  const binaries = readdirSync(wasm, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.wasm'));
  return {
    '/favicon.ico': new Uint8Array(),
    '/esm.html': join(PAGES, 'esm.html'),
    '/esm.js': await bundle('esm.ts', { format: 'esm' }),
    '/fused.html': join(PAGES, 'fused.html'),
    '/fused.js': await bundle('fused.ts', OF_SOURCES),
    '/keras-fixtures.json': kerasFixtures(),
    '/plot.html': join(PAGES, 'plot.html'),
    '/plot.js': await bundle('plot.ts', { format: 'esm' }),
    '/report.html': join(PAGES, 'report.html'),
    '/report.js': await bundle('report.ts', { format: 'esm' }),
    '/script-tags.html': join(PAGES, 'script-tags.html'),
    '/script-tags.js': await bundle('script-tags.ts', { format: 'iife' }),
    '/worker.html': join(PAGES, 'worker.html'),
    '/worker-page.js': await bundle('worker-page.ts', { format: 'iife' }),
    '/worker.js': await bundle('worker.ts', { format: 'iife' }),
    '/webgpu.html': join(PAGES, 'webgpu.html'),
    '/webgpu.js': await bundleWithWebGPU(),
    '/without-tensorflow.html': join(PAGES, 'without-tensorflow.html'),
    '/thread-worker.js': 'dist/thread-worker.js',
    '/tf.min.js': join(tfjs, 'tf.min.js'),
    '/tf-backend-wasm.min.js': join(wasm, 'tf-backend-wasm.min.js'),
    '/explicit-lstm.global.js': GLOBAL_BUILD,
    ...Object.fromEntries(binaries.map((file) => [`/${file.split(/[\\/]/).at(-1)}`, join(wasm, file)])),
  };
}
