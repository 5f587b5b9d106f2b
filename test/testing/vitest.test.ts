import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const CONFIG = 'test/testing/vitest/vitest.config.ts';

test('the matchers are registered with Vitest, which compares tensors and replays fixtures', () => {
  const folder = mkdtempSync(join(tmpdir(), 'vitest-'));
  try {
    const outputFile = join(folder, 'results.json');
    const reporter = ['--reporter', 'json', '--outputFile', outputFile];
    // What Jest sets in the environment would make Vitest take itself for a test of Jest's.
    const { JEST_WORKER_ID: _, ...env } = process.env;
    spawnSync(
      process.execPath,
      ['node_modules/vitest/vitest.mjs', 'run', '--root', '.', '--config', CONFIG, ...reporter],
      {
        env: { ...env, NODE_ENV: 'test' },
      },
    );
    const { testResults } = JSON.parse(readFileSync(outputFile, 'utf8'));
    const results = testResults[0].assertionResults.map((result: Record<string, unknown>) => ({
      title: result.title,
      failures: result.failureMessages,
    }));
    expect(results).toEqual([
      { title: 'tensors are compared', failures: [] },
      { title: 'fixtures are replayed', failures: [] },
    ]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
