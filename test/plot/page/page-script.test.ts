import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

test('The script that reports carry is that of page/main.ts: npm run build renews it', () => {
  const print = "import('./scripts/report-page.mjs').then(async (m) => process.stdout.write(await m.reportPage()))";
  const text = execFileSync(process.execPath, ['-e', print], { encoding: 'utf8' });
  expect(readFileSync('src/plot/report/page-script.ts', 'utf8') === text).toBe(true);
}, 60_000);
