import { readFileSync } from 'node:fs';
import { build } from 'esbuild';
import type { Browser } from 'playwright-core';
import { launchChromium } from '../../test/browser/chromium.js';
import { serve } from '../../test/browser/server.js';
import type { Opening } from './open-in-node.js';

/** Opens each file in a page of its own, in a browser of its own. */
export async function openInChromium(files: readonly string[]): Promise<Opening[]> {
  const options = { bundle: true, write: false, format: 'iife', ignoreAnnotations: true } as const;
  const { outputFiles } = await build({
    ...options,
    define: { global: 'globalThis' },
    entryPoints: ['benchmarks/opening/page.ts'],
  });
  const page = new TextEncoder().encode('<!doctype html><meta charset="utf-8"><script src="/page.js"></script>');
  const routes = Object.fromEntries(files.map((file, n) => [`/model-${n}.keras`, file]));
  const { origin, server } = await serve({
    ...routes,
    '/page.html': page,
    '/page.js': outputFiles[0]?.contents as Uint8Array,
  });
  try {
    const openings: Opening[] = [];
    for (const [n] of files.entries()) openings.push(await openOne(origin, `${origin}/model-${n}.keras`));
    return openings;
  } finally {
    server.close();
  }
}

async function openOne(origin: string, address: string): Promise<Opening> {
  const browser = await launchChromium();
  try {
    const tab = await browser.newPage();
    await tab.goto(`${origin}/page.html`);
    const before = await highWaterMark(browser);
    const { milliseconds, sum } = await tab.evaluate((file) => window.openModel(file), address);
    return { milliseconds, sum, peakBytes: (await highWaterMark(browser)) - before };
  } finally {
    await browser.close();
  }
}

/** Of the memory of the pages' processes, in bytes: the largest that one of them has had. */
async function highWaterMark(browser: Browser): Promise<number> {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  await session.detach();
  const pages = processInfo.filter(({ type }) => type === 'renderer');
  const kilobytes = pages.map(({ id }) =>
    Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${id}/status`, 'utf8'))?.[1]),
  );
  return 1024 * Math.max(...kilobytes);
}
