import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

/** What a page may import, and what it is called in the docs. */
const IMPORTS: [string, string][] = [
  ['lstm', "export { lstm } from './src/index.js'"],
  ['lstm and all variants', "export { lstm } from './src/index.js'; export * from './src/variants/index.js'"],
  ['gateStatistics', "export { gateStatistics } from './src/inspect/index.js'"],
  ['gateHeatmap', "export { gateHeatmap } from './src/plot/index.js'"],
  ['inspectionReport', "export { inspectionReport } from './src/report/index.js'"],
];

// Prints by how much each makes a page larger: minified by esbuild and gzipped, without TensorFlow.js.
for (const [name, contents] of IMPORTS) {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: process.cwd(), loader: 'ts' },
    bundle: true,
    minify: true,
    format: 'esm',
    write: false,
    external: ['@tensorflow/*', 'vega*', 'node:*'],
  });
  const [file] = outputFiles;
  console.log(`${name.padEnd(24)} ${(gzipSync(file?.contents ?? '').length / 1000).toFixed(0)} kB`);
}
