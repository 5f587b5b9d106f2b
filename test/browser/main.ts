import type { Browser } from 'playwright-core';
import type { GroupResult } from './checks.js';
import { launchChromium } from './chromium.js';
import type { Comparison, Expected } from './compare.js';
import { checkReport } from './report.js';
import { pageRoutes } from './routes.js';
import { serve } from './server.js';

const FUSED = 'wasm-relaxed-simd';
const RUNS: [page: string, expected: Expected][] = [
  ...['esm', 'script-tags'].flatMap((page): [string, Expected][] => [
    [page, { backend: 'webgl', implementation: 'webgl' }],
    [page, { backend: 'wasm', implementation: FUSED }],
    [page, { backend: 'cpu', implementation: FUSED }],
  ]),
  ['worker', { backend: 'wasm', implementation: FUSED }],
  ['worker', { backend: 'cpu', implementation: FUSED }],
  ['isolated/esm', { backend: 'wasm', implementation: FUSED, isThreaded: true, threads: 2 }],
  ['isolated/esm', { backend: 'cpu', implementation: FUSED, threads: 2 }],
  ['isolated-strict/esm', { backend: 'cpu', implementation: FUSED, threads: 1 }],
  ['isolated-strict/esm', { backend: 'cpu', implementation: FUSED, threads: 2, worker: 'thread-worker.js' }],
  ['wasm-allowed/esm', { backend: 'wasm', implementation: FUSED }],
  ['wasm-allowed/esm', { backend: 'cpu', implementation: FUSED, threads: 1 }],
  ['wasm-forbidden/esm', { backend: 'cpu', implementation: 'reference', reason: 'WebAssembly is not allowed here' }],
];
/** The groups of checks of the fused kernel on webgl, by pages: some want a page of their own. */
const FUSED_PAGES = [
  [
    'what float64 computes, forward and backward',
    'what tf.layers.lstm computes',
    'what only this layer has',
    'accelerateBuiltIn',
    'Keras fixtures',
    'model.fit',
    'launches and memory',
    'tuneKernels',
    'a lost context',
  ],
  ['textures of float16'],
];
const WEBGPU_GROUPS = [
  'prepareKernels',
  'what float64 computes, forward and backward',
  'what tf.layers.lstm computes',
  'Keras fixtures',
  'layers, on plain ops and on the fused kernel',
  'dispatches',
  'tuneKernels',
  'a lost device',
];
const TIME_LIMIT = 300_000;

interface Row extends Comparison {
  page: string;
  backend: string;
}

/** Opens a page of its own for the backend; a request that leaves this machine is a failure. */
async function runPage(browser: Browser, origin: string, page: string, expected: Expected): Promise<Row[]> {
  const { backend } = expected;
  const tab = await browser.newPage();
  tab.setDefaultTimeout(TIME_LIMIT);
  const problems: string[] = [];
  tab.on('pageerror', (error) => problems.push(error.message));
  tab.on('request', (request) => {
    if (!request.url().startsWith(origin) && !/^(blob|data):/.test(request.url())) problems.push(request.url());
  });
  try {
    await tab.goto(`${origin}/${page}.html`);
    const timer = setTimeout(() => tab.close(), TIME_LIMIT);
    const comparisons = await tab.evaluate((one) => window.compareOn(one), expected);
    clearTimeout(timer);
    const rows = comparisons.map((comparison) => ({ page, backend, ...comparison }));
    return [...rows, ...problems.map((problem) => failure(page, backend, problem))];
  } catch (error) {
    return [failure(page, backend, [String(error), ...problems].join('; '))];
  } finally {
    await tab.close();
  }
}

/** Groups of checks of the sources themselves, one after the other in one page. */
async function runFused(browser: Browser, origin: string, backend: string, groups: readonly string[]): Promise<Row[]> {
  const page = backend === 'webgl' ? 'fused' : backend;
  const tab = await browser.newPage();
  tab.setDefaultTimeout(TIME_LIMIT);
  const rows: Row[] = [];
  const problems: string[] = [];
  tab.on('pageerror', (error) => problems.push(error.message));
  try {
    await tab.goto(`${origin}/${page}.html`);
    for (const group of groups) {
      const timer = setTimeout(() => tab.close(), TIME_LIMIT);
      const { count, failures, notes } = await tab.evaluate<GroupResult, string>((one) => window.runGroup(one), group);
      clearTimeout(timer);
      for (const note of notes) console.log(note);
      const passed = failures.length === 0;
      const title = `${group}: ${count}`;
      rows.push({
        page,
        backend,
        title,
        largestDifference: 0,
        passed,
        problem: passed ? undefined : failures.join('; '),
      });
    }
  } catch (error) {
    rows.push(failure(page, backend, [String(error), ...problems].join('; ')));
  }
  await tab.close();
  return rows;
}

function failure(page: string, backend: string, problem: string): Row {
  return { page, backend, title: 'the page runs', largestDifference: Number.NaN, passed: false, problem };
}

async function runWithoutTensorFlow(browser: Browser, origin: string): Promise<Row> {
  const [page, title] = ['without-tensorflow', 'the error says what is missing'];
  const tab = await browser.newPage();
  tab.setDefaultTimeout(TIME_LIMIT);
  const messages: string[] = [];
  tab.on('pageerror', (error) => messages.push(error.message));
  await tab.goto(`${origin}/${page}.html`);
  const passed = messages.some((message) => message.startsWith('explicit-lstm: TensorFlow.js is missing'));
  return { page, backend: '', title, largestDifference: 0, passed, problem: passed ? undefined : messages.join('; ') };
}

/** A picture in an element of a page, by vega-embed, bundled as a user's bundler would. */
async function runPlot(browser: Browser, origin: string): Promise<Row> {
  const [page, title] = ['plot', 'show draws in an element'];
  const tab = await browser.newPage();
  tab.setDefaultTimeout(TIME_LIMIT);
  const problems: string[] = [];
  tab.on('pageerror', (error) => problems.push(error.message));
  tab.on('console', (message) => problems.push(message.text()));
  try {
    await tab.goto(`${origin}/${page}.html`);
    await tab.evaluate(() => window.drawn);
    const pictures = await tab.locator('#gates canvas, #gates svg.marks').count();
    if (pictures !== 1) problems.push(`${pictures} pictures`);
  } catch (error) {
    problems.push(String(error));
  }
  await tab.close();
  const passed = problems.length === 0;
  return { page, backend: '', title, largestDifference: 0, passed, problem: passed ? undefined : problems.join('; ') };
}

function print({ page, backend, title, largestDifference, passed, problem }: Row): void {
  const columns = [passed ? 'pass' : 'FAIL', page.padEnd(18), backend.padEnd(6), title.padEnd(46)];
  console.log([...columns, largestDifference.toExponential(1), problem ?? ''].join('  ').trimEnd());
}

const browser = await launchChromium();
const { origin, server } = await serve(await pageRoutes());
try {
  console.log(`Chromium ${browser.version()}; the last column is the largest difference from tf.layers.lstm`);
  const rows: Row[] = [];
  for (const [page, expected] of RUNS) rows.push(...(await runPage(browser, origin, page, expected)));
  for (const groups of FUSED_PAGES) rows.push(...(await runFused(browser, origin, 'webgl', groups)));
  rows.push(...(await runFused(browser, origin, 'webgpu', WEBGPU_GROUPS)));
  rows.push(await runWithoutTensorFlow(browser, origin));
  rows.push(await runPlot(browser, origin));
  for (const { title, problem } of await checkReport(browser, origin)) {
    const passed = problem === undefined;
    rows.push({ page: 'report', backend: '', title, largestDifference: 0, passed, problem });
  }
  rows.forEach(print);
  const failed = rows.filter((row) => !row.passed).length;
  console.log(`${rows.length - failed} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
} finally {
  await browser.close();
  server.close();
}
