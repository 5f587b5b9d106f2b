// The script of the inspection report, as a module that holds it as text: a report is made where no bundler is.
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

export const REPORT_PAGE = 'src/plot/report/page-script.ts';

/** Types and names of gates come from files that import TensorFlow.js, of which a report needs nothing. */
const withoutTensorFlow = {
  name: 'without-tensorflow',
  setup({ onResolve }) {
    onResolve({ filter: /^@tensorflow\/tfjs$/ }, ({ path }) => ({ path, external: true, sideEffects: false }));
  },
};

/** @returns The text of `REPORT_PAGE`. */
export async function reportPage() {
  const { outputFiles } = await build({
    entryPoints: ['src/plot/report/page/main.ts'],
    bundle: true,
    write: false,
    format: 'iife',
    target: 'es2021',
    minify: true,
    charset: 'ascii',
    plugins: [withoutTensorFlow],
    logLevel: 'warning',
  });
  const script = outputFiles[0].text.trim();
  if (/@tensorflow|<\/script|<!--/i.test(script)) throw new Error('reportPage: the script must not hold what it holds');
  const hash = createHash('sha256').update(script).digest('base64');
  return [
    '// Written by scripts/build.mjs out of page/main.ts; do not edit.',
    `export const PAGE_SCRIPT = ${JSON.stringify(script)};`,
    '/** For the content security policy: no other script runs. */',
    `export const PAGE_SCRIPT_HASH = 'sha256-${hash}';`,
    '',
  ].join('\n');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(REPORT_PAGE, await reportPage());
