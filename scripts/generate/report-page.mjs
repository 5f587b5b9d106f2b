// src/plot/report/page-script.ts, the script of the inspection report as text: a report is made where no bundler is.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('../..', import.meta.url));

export async function writeReportPage() {
  const { outputFiles, metafile } = await build({
    absWorkingDir: root,
    entryPoints: ['src/plot/page/main.ts'],
    bundle: true,
    write: false,
    format: 'iife',
    target: 'es2021',
    minify: true,
    charset: 'ascii',
    metafile: true,
    logLevel: 'warning',
  });
  const script = outputFiles[0].text.trim();
  const needed = Object.keys(metafile.inputs).filter((file) => !file.startsWith('src/'));
  if (needed.length > 0) throw new Error(`report-page: the page must need no package, not ${needed.join(', ')}`);
  // esbuild writes neither within a string; elsewhere it would end the script or turn it into a comment.
  if (script.includes('</script') || script.includes('<!--')) throw new Error('report-page: HTML within the script');
  const hash = createHash('sha256').update(script).digest('base64');
  const lines = [
    '// Made by npm run generate.',
    `export const PAGE_SCRIPT: string = ${JSON.stringify(script)};`,
    '/** For the content security policy: no other script runs. */',
    `export const PAGE_SCRIPT_HASH = 'sha256-${hash}';`,
    '',
  ];
  const target = `${root}src/plot/report/page-script.ts`;
  const text = lines.join('\n');
  // Whatever reads it at the same time finds it whole.
  if (!existsSync(target) || readFileSync(target, 'utf8') !== text) writeFileSync(target, text);
}
