import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { build as buildWithVite } from 'vite';
import webpack from 'webpack';

/** Installed for the one check that nothing smaller stands in for. */
export const NEXT = ['next@16', 'react@19', 'react-dom@19'];

const CLASSES = ['ExplicitLSTM', 'ExplicitLSTMCell', 'ChronoInitializer', 'hardSigmoidKeras3'];
const VARIANTS = ['ExplicitLSTMCell', 'ExplicitPeepholeCell'];

/** A page that uses one thing of the package. */
interface Page {
  code: string;
  /** What of the package it does without, as paths in `src` or `dist/esm`: all of it must be shaken off. */
  without: RegExp;
  /** Of the classes of saved models, those that load in it. */
  registers: readonly string[];
  /** What it may weigh, gzipped, where a bundler puts all of it into one file. */
  mostBytes?: number;
}

const importing = (name: string, entry: string) => `import { ${name} } from '${entry}'; globalThis.used = ${name};`;

const PAGES: Readonly<Record<string, Page>> = {
  'nothing but explicit-lstm': {
    code: "import 'explicit-lstm';",
    without: /^(inspect|convert|plot|report|testing|training|layers\/accelerate)\//,
    registers: CLASSES,
  },
  lstm: {
    code: importing('lstm', 'explicit-lstm'),
    without: /^(inspect|convert|plot|report|testing|training|layers\/accelerate)\//,
    registers: CLASSES,
    mostBytes: 55_500,
  },
  'nothing but explicit-lstm/variants': {
    code: "import 'explicit-lstm/variants';",
    without: /^(inspect|convert|plot|report|testing|training|layers\/(accelerate|initializers))\//,
    registers: VARIANTS,
  },
  peepholeCell: {
    code: importing('peepholeCell', 'explicit-lstm/variants'),
    without: /^(inspect|convert|plot|report|testing|training|layers\/(accelerate|initializers))\//,
    registers: VARIANTS,
  },
  gateStatistics: {
    code: importing('gateStatistics', 'explicit-lstm/inspect'),
    without:
      /^(layers|sequence|fused|convert|plot|report|testing|training|inspect\/(diagnose|gradient|intervene|model|monitor|trace))\//,
    registers: [],
  },
  toBuiltIn: {
    code: importing('toBuiltIn', 'explicit-lstm/convert'),
    without: /^(inspect|plot|report|testing)\//,
    registers: [],
  },
  gateHeatmap: {
    code: importing('gateHeatmap', 'explicit-lstm/plot'),
    without:
      /^(layers|sequence|fused|convert|report|testing|training|plot\/report|inspect\/(diagnose|gradient|intervene|model|monitor))\//,
    registers: [],
  },
  'inspectionReport of plot': {
    code: importing('inspectionReport', 'explicit-lstm/plot'),
    without:
      /^(convert|testing|training|plot\/(rendering|traces|gradients|history|weights)|inspect\/(intervene|monitor))\//,
    registers: [],
  },
  'inspectionReport of report': {
    code: importing('inspectionReport', 'explicit-lstm/report'),
    without:
      /^(convert|testing|training|plot\/(rendering|traces|gradients|history|weights)|inspect\/(intervene|monitor))\//,
    registers: [],
  },
};

const TENSORFLOW = '@tensorflow/tfjs';

/** Makes one file for Node of a page in `folder`, with a source map. */
type Bundler = (folder: string, page: string, outfile: string) => Promise<unknown>;

const BUNDLERS: Readonly<Record<string, Bundler>> = {
  esbuild: (folder, page, outfile) =>
    build({
      absWorkingDir: folder,
      entryPoints: [page],
      outfile,
      bundle: true,
      minify: true,
      sourcemap: true,
      format: 'cjs',
      external: [TENSORFLOW],
      logLevel: 'error',
      logLimit: 0,
    }),
  webpack: (folder, page, outfile) =>
    new Promise((done, fail) => {
      const configuration: webpack.Configuration = {
        mode: 'production',
        target: ['web', 'es2020'],
        devtool: 'source-map',
        context: folder,
        entry: page,
        output: { path: join(outfile, '..'), filename: outfile.split('/').at(-1) as string, publicPath: '' },
        externals: { [TENSORFLOW]: `commonjs ${TENSORFLOW}` },
        // A report's page is larger than webpack recommends for a site's first script.
        performance: { hints: false },
      };
      webpack(configuration, (error, stats) => {
        if (error || stats?.hasErrors() || stats?.hasWarnings()) fail(error ?? new Error(stats?.toString()));
        else done(undefined);
      });
    }),
  vite: (folder, page, outfile) =>
    buildWithVite({
      root: folder,
      configFile: false,
      logLevel: 'error',
      build: {
        outDir: join(outfile, '..'),
        emptyOutDir: false,
        sourcemap: true,
        minify: true,
        lib: { entry: page, formats: ['cjs'], fileName: () => outfile.split('/').at(-1) as string },
        rollupOptions: { external: [TENSORFLOW] },
      },
    }),
};

/** The modules of this package in a bundle, without the folder that they are shipped in. */
function modulesOf(map: string): string[] {
  const { sources = [], sections = [] } = JSON.parse(map);
  const all: string[] = [
    ...sources,
    ...sections.flatMap((section: { map: { sources: string[] } }) => section.map.sources),
  ];
  return all
    .filter((source) => /explicit-lstm\/(dist\/esm|src)\//.test(source))
    .map((source) => source.replace(/^.*explicit-lstm\/(dist\/esm|src)\//, ''));
}

/** The classes that tfjs can load once a bundle ran. */
function registeredBy(bundle: string, folder: string): string[] {
  const code = `require(${JSON.stringify(bundle)});
    const { serialization } = require('${TENSORFLOW}');
    console.log(JSON.stringify(Object.keys(serialization.SerializationMap.getMap().classNameMap)));`;
  const { stdout, stderr } = spawnSync(process.execPath, ['-e', code], { cwd: folder, encoding: 'utf8' });
  assert.match(stdout, /^\[/m, stderr);
  return JSON.parse(stdout.slice(stdout.indexOf('[')));
}

function checkModules(where: string, modules: readonly string[], without: RegExp): void {
  const kept = modules.filter((module) => without.test(module));
  assert.ok(modules.length > 0, `${where}: no module of the package is in the bundle`);
  assert.deepEqual(kept, [], `${where}: what is not used must be shaken off`);
}

/**
 * Bundles pages for someone who has the package in `folder`, TensorFlow.js and nothing else: they build, what they do not
 * use is not in them, and the classes of saved models are registered.
 *
 * @returns A line for each page, with the sizes.
 */
export async function checkBundlers(folder: string): Promise<string[]> {
  const lines: string[] = [];
  mkdirSync(join(folder, 'bundles'));
  for (const [n, [name, { code, without, registers, mostBytes = Number.POSITIVE_INFINITY }]] of Object.entries(
    PAGES,
  ).entries()) {
    const page = join(folder, `page-${n}.mjs`);
    writeFileSync(page, code);
    const sizes: string[] = [];
    for (const [bundler, bundle] of Object.entries(BUNDLERS)) {
      const outfile = join(folder, 'bundles', `${bundler}-${n}.cjs`);
      await bundle(folder, page, outfile);
      checkModules(`${name}, ${bundler}`, modulesOf(readFileSync(`${outfile}.map`, 'utf8')), without);
      const registered = registeredBy(outfile, folder);
      assert.deepEqual(
        registers.filter((className) => !registered.includes(className)),
        [],
        `${name}, ${bundler}: what must be registered is not`,
      );
      const bytes = gzipSync(readFileSync(outfile)).length;
      if (bundler === 'esbuild') assert.ok(bytes <= mostBytes, `${name} weighs ${bytes} bytes, more than ${mostBytes}`);
      sizes.push(`${bundler} ${(bytes / 1000).toFixed(1)} kB`);
    }
    lines.push(`${name}: ${sizes.join(', ')}`);
  }
  return lines;
}

/** A page of Next that imports from `explicit-lstm/plot` what needs no other package; Next is installed in `folder`. */
export function checkNext(folder: string): string {
  const app = join(folder, 'next-app');
  cpSync('test/package/consumers/next-app', app, { recursive: true });
  const env = { ...process.env, NEXT_TELEMETRY_DISABLED: '1', CI: '1' };
  const { status, stdout, stderr } = spawnSync('npx', ['next', 'build'], { cwd: app, env, encoding: 'utf8' });
  assert.equal(status, 0, `next build: ${stdout}${stderr}`);
  const html = readFileSync(join(app, '.next/server/app/index.html'), 'utf8');
  assert.deepEqual(
    CLASSES.filter((name) => !html.includes(name)),
    [],
    'what is registered where Next renders the page',
  );
  const chunks = join(app, '.next/static');
  const maps = readdirSync(chunks, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.map'));
  const modules = maps.flatMap((file) => modulesOf(readFileSync(join(chunks, file), 'utf8')));
  checkModules('Next', modules, /^(convert|testing|plot\/(rendering|traces|gradients|history|weights))\//);
  return `${new Set(modules).size} modules of the package`;
}
