import { relative } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build, type Metafile, type Plugin } from 'esbuild';

/**
 * By how many bytes some code makes a page larger: minified by esbuild and gzipped, without TensorFlow.js.
 *
 * @param options.splits Whether the bundler splits code: then without what is loaded later, or never.
 * @param options.without Files whose exports are left away.
 */
export async function pageSize(
  contents: string,
  { splits = true, without }: { splits?: boolean; without?: RegExp } = {},
): Promise<number> {
  const leaveAway: Plugin = {
    name: 'leave-away',
    setup({ onLoad }) {
      // CommonJS, of which any name may be imported.
      if (without !== undefined)
        onLoad({ filter: without }, () => ({ contents: 'module.exports = {};', loader: 'js' }));
    },
  };
  const { outputFiles, metafile } = await build({
    stdin: { contents, resolveDir: process.cwd(), loader: 'ts' },
    bundle: true,
    splitting: splits,
    minify: true,
    format: 'esm',
    write: false,
    metafile: true,
    outdir: '.',
    external: ['@tensorflow/*', 'vega*', 'node:*'],
    plugins: [leaveAway],
    logLevel: 'error',
  });
  const loaded = filesLoaded(metafile, 'stdin.js');
  const code = outputFiles.filter(({ path }) => loaded.has(relative(process.cwd(), path))).map(({ text }) => text);
  return gzipSync(code.join('')).length;
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
