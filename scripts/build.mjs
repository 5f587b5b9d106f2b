// dist/esm and dist/cjs (with types) by tsc, out of one source; by esbuild dist/explicit-lstm.global.js for script tags, and
// dist/cli, the command. What the command and the files that inflate need of other libraries is put into them, so that
// installing the package installs none.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, relative, resolve } from 'node:path';
import { build, transform } from 'esbuild';
import { workerScript } from './generate/worker-script.mjs';

const require = createRequire(import.meta.url);
const { name, version, license } = JSON.parse(readFileSync('package.json', 'utf8'));

function compile(project) {
  const { status } = spawnSync(process.execPath, [require.resolve('typescript/bin/tsc'), '-p', project], {
    stdio: 'inherit',
  });
  if (status !== 0) throw new Error(`build: tsc -p ${project} failed`);
}

/** The library that inflates. */
const INFLATING = 'fflate/browser';

const tfFromGlobal = `
if (typeof globalThis.tf === 'undefined') {
  throw new Error('${name}: TensorFlow.js is missing: put its script tag, which defines tf, before this one');
}
module.exports = globalThis.tf;`;

/** Whatever is not TensorFlow.js and not a file of ours would end up in every page that uses the script. */
const onlyTensorFlowFromOutside = {
  name: 'only-tensorflow-from-outside',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^[^./]/ }, ({ path, kind }) => {
      if (kind === 'entry-point') return undefined;
      if (path === '@tensorflow/tfjs') return { path, namespace: 'global' };
      if (path === INFLATING) return undefined;
      return { errors: [{ text: `the script-tag build must not depend on ${path}` }] };
    });
    onLoad({ filter: /.*/, namespace: 'global' }, () => ({ contents: tfFromGlobal, loader: 'js' }));
  },
};

/** What the command bundles, beside its own files. */
const BUNDLED = ['commander'];

/** The command runs on the package's ESM build instead of carrying a second copy of it. */
const packageFromItsBuild = {
  name: 'package-from-its-build',
  setup({ onResolve }) {
    onResolve({ filter: /^\./ }, ({ path, importer, kind }) => {
      if (kind === 'entry-point') return undefined;
      const file = relative('src', resolve(dirname(importer), path));
      return file.startsWith('..') || file.startsWith('cli/') ? undefined : { path: `../esm/${file}`, external: true };
    });
    onResolve({ filter: /^[^./]/ }, ({ path, kind }) => {
      if (kind === 'entry-point' || BUNDLED.includes(path) || path.startsWith('node:')) return undefined;
      if (path.startsWith('@tensorflow/')) return { path, external: true };
      return { errors: [{ text: `the command must not depend on ${path}` }] };
    });
  },
};

/** For CommonJS, tsc turns `import()` into `require()`, which on Node 20 may not load the ES modules that these are. */
async function keepDynamicImports(file) {
  const source = readFileSync(`src/${file}.ts`, 'utf8');
  const { code } = await transform(source, { loader: 'ts', format: 'cjs', platform: 'node', target: 'node20' });
  writeFileSync(`dist/cjs/${file}.js`, code);
}

/** The files that import the library that inflates. */
const INFLATING_FILES = ['formats/inflate', 'plot/report/packing'];

/** Puts the library that inflates into a file that imports it, as little of it as that needs. */
async function carryInflate(file, format, folder) {
  await build({
    entryPoints: [`src/${file}.ts`],
    outfile: `dist/${folder}/${file}.js`,
    bundle: true,
    external: ['./file-error.js', '../page/packed.js', '../rows/base64.js'],
    format,
    target: 'es2021',
    sourcemap: true,
    sourcesContent: false,
    banner: { js: '/*! With fflate, MIT License; see dist/THIRD-PARTY-LICENSES.txt. */' },
    allowOverwrite: true,
    logLevel: 'warning',
  });
}

/** The texts of the licenses of what a build carries. */
function licensesOf(libraries) {
  return libraries
    .map((library) => {
      let folder = dirname(require.resolve(library));
      while (!existsSync(resolve(folder, 'LICENSE'))) folder = dirname(folder);
      return `${library}\n\n${readFileSync(resolve(folder, 'LICENSE'), 'utf8')}`;
    })
    .join('\n');
}

rmSync('dist', { recursive: true, force: true });
compile('tsconfig.build.json');
compile('tsconfig.build.cjs.json');
writeFileSync('dist/cjs/package.json', '{ "type": "commonjs" }\n');
await keepDynamicImports('plot/rendering/optional-packages');
for (const file of INFLATING_FILES) {
  await carryInflate(file, 'esm', 'esm');
  await carryInflate(file, 'cjs', 'cjs');
}
writeFileSync('dist/THIRD-PARTY-LICENSES.txt', licensesOf(['fflate']));
// For pages that may not make a worker of a text.
writeFileSync('dist/thread-worker.js', `/*! ${name} ${version} | ${license} */\n${await workerScript()}\n`);
await build({
  stdin: {
    // Of convert without what reads and writes files, which most pages would load in vain.
    contents: ['index', 'convert/to-built-in', 'convert/to-explicit', 'inspect/index', 'variants/index']
      .map((entry) => `export * from './src/${entry}.ts';`)
      .join(' '),
    resolveDir: process.cwd(),
    loader: 'ts',
  },
  outfile: 'dist/explicit-lstm.global.js',
  bundle: true,
  format: 'iife',
  globalName: 'explicitLSTM',
  target: 'es2020',
  minify: true,
  sourcemap: true,
  sourcesContent: false,
  banner: { js: `/*! ${name} ${version} | ${license} */` },
  plugins: [onlyTensorFlowFromOutside],
  logLevel: 'warning',
});
await build({
  entryPoints: ['src/cli/explicit-lstm.ts', 'src/cli/main.ts'],
  outdir: 'dist/cli',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  minifySyntax: true,
  minifyWhitespace: true,
  // commander is CommonJS, and asks for Node's modules by require.
  banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
  plugins: [packageFromItsBuild],
  logLevel: 'warning',
});
writeFileSync('dist/cli/THIRD-PARTY-LICENSES.txt', licensesOf(BUNDLED));
