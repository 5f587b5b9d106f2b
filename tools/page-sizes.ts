import { relative } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build, type Metafile } from 'esbuild';

/** What a page may import, and what it is called in the docs. */
const IMPORTS: [string, string][] = [
  ['lstm', "export { lstm } from './src/index.js'"],
  ['lstm and all variants', "export { lstm } from './src/index.js'; export * from './src/variants/index.js'"],
  ['gateStatistics', "export { gateStatistics } from './src/inspect/index.js'"],
  ['gateHeatmap', "export { gateHeatmap } from './src/plot/index.js'"],
  ['inspectionReport', "export { inspectionReport } from './src/report/index.js'"],
];

// Prints by how much each makes a page larger: minified by esbuild and gzipped, without TensorFlow.js, and without what is
// loaded only on webgpu.
for (const [name, contents] of IMPORTS) {
  const { outputFiles, metafile } = await build({
    stdin: { contents, resolveDir: process.cwd(), loader: 'ts' },
    bundle: true,
    splitting: true,
    minify: true,
    format: 'esm',
    write: false,
    metafile: true,
    outdir: '.',
    external: ['@tensorflow/*', 'vega*', 'node:*'],
  });
  const loaded = filesLoaded(metafile, 'stdin.js');
  const code = outputFiles.filter(({ path }) => loaded.has(relative(process.cwd(), path))).map(({ text }) => text);
  console.log(`${name.padEnd(24)} ${(gzipSync(code.join('')).length / 1000).toFixed(0)} kB`);
}

/** A file and those that it imports from the start. */
function filesLoaded({ outputs }: Metafile, file: string, found = new Set<string>()): Set<string> {
  if (found.has(file)) return found;
  found.add(file);
  for (const { path, kind } of outputs[file]?.imports ?? []) {
    if (kind === 'import-statement' && path in outputs) filesLoaded({ outputs } as Metafile, path, found);
  }
  return found;
}
