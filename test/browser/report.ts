import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import * as tf from '@tensorflow/tfjs';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { traceModel } from '../../src/inspect/index.js';
import type * as plot from '../../src/plot/index.js';

/** What was checked, and what was wrong. */
export interface ReportCheck {
  title: string;
  problem?: string;
}

const HOSTILE = '</script><img src=x onerror=alert(1)>';
const TOKENS = ['the', ' ', 'cat', 'sat', HOSTILE, '\u2028'];
const UNITS = 4;

/** The report of a model with a bidirectional and a masked LSTM, by the built package, and the forget gates of its second call. */
async function makeReport(): Promise<{ html: string; backwardForgetGates: number[][][] }> {
  const { inspectionReport }: typeof plot = await import(pathToFileURL(resolve('dist/esm/plot/index.js')).href);
  const layer = tf.layers.lstm({ units: UNITS, returnSequences: true, recurrentActivation: 'sigmoid' });
  const model = tf.sequential({
    name: HOSTILE,
    layers: [
      tf.layers.masking({ maskValue: 9, inputShape: [TOKENS.length, 3] }),
      tf.layers.bidirectional({ layer: layer as tf.RNN, mergeMode: 'concat' }),
      tf.layers.lstm({ units: 2, name: 'second' }),
    ],
  });
  model.setWeights(model.getWeights().map((weight, n) => tf.randomNormal(weight.shape, 0, 0.7, 'float32', n)));
  const values = tf.randomNormal([2, TOKENS.length, 3], 0, 1, 'float32', 8).arraySync() as number[][][];
  // The last step of the first sample is masked.
  (values[0] as number[][])[TOKENS.length - 1] = [9, 9, 9];
  const inputs = tf.tensor3d(values);
  const html = await inspectionReport({ model, inputs, timeLabels: TOKENS });
  const [, backward] = traceModel(model, inputs);
  return { html, backwardForgetGates: backward?.trace.f.arraySync() as number[][][] };
}

/** Opens a report from its file, uses it as a reader does, and tells what went wrong. */
export async function checkReport(browser: Browser): Promise<ReportCheck[]> {
  const folder = mkdtempSync(join(tmpdir(), 'explicit-lstm-report-'));
  try {
    const { html, backwardForgetGates } = await makeReport();
    const file = join(folder, 'report.html');
    writeFileSync(file, html);
    const visit = (title: string, options: BrowserContextOptions, use: (page: Page) => Promise<void>) =>
      visitReport(browser, { file, title, options, use });
    return [
      await visit('a click and the keys move one cursor', {}, (page) => useCursor(page, backwardForgetGates)),
      await visit('labels are text, coloured by the unit', {}, useLabels),
      await visit('masked steps have no numbers', {}, useMaskedStep),
      await visit(
        'it fits a phone',
        { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true },
        fitsPhone,
      ),
      await visit('it is dark in the dark', { colorScheme: 'dark' }, isDark),
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Visit {
  file: string;
  title: string;
  options: BrowserContextOptions;
  use: (page: Page) => Promise<void>;
}

async function visitReport(browser: Browser, { file, title, options, use }: Visit): Promise<ReportCheck> {
  const context = await browser.newContext({ viewport: { width: 1100, height: 900 }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  const problems: string[] = [];
  const address = pathToFileURL(file).href;
  page.on('console', (message) => problems.push(`console: ${message.text()}`));
  page.on('pageerror', (error) => problems.push(error.message));
  page.on('dialog', (dialog) => problems.push(`a script of a label ran: ${dialog.message()}`));
  page.on('request', (request) => {
    if (request.url() !== address && !request.url().startsWith('data:')) problems.push(`request: ${request.url()}`);
  });
  try {
    await page.goto(address);
    await use(page);
  } catch (error) {
    problems.push(String(error));
  } finally {
    await context.close();
  }
  return problems.length === 0 ? { title } : { title, problem: problems.join('; ') };
}

function requireSame(what: string, received: unknown, expected: unknown): void {
  if (JSON.stringify(received) === JSON.stringify(expected)) return;
  throw new Error(`${what} must be ${JSON.stringify(expected)}, got ${JSON.stringify(received)}`);
}

/** Where a report says that it looks: in words, on the slider, and where the cursor stands. */
async function whereabouts(page: Page): Promise<{ words: string | null; slider: string; cursor: string }> {
  return {
    words: await page.locator('#readout b').textContent(),
    slider: await page.locator('#timestep').inputValue(),
    cursor: await page.locator('#chart').evaluate((chart) => chart.style.getPropertyValue('--cursor')),
  };
}

async function useCursor(page: Page, forgetGates: number[][][]): Promise<void> {
  await page.selectOption('#layer', { label: (await page.locator('#layer option').allTextContents())[1] as string });
  await page.selectOption('#sample', '1');
  await page.selectOption('#quantity', 'f');
  const map = page.locator('#heatmap');
  const box = (await map.boundingBox()) as { width: number; height: number };
  await map.click({ position: { x: (2.5 / TOKENS.length) * box.width, y: (1.5 / UNITS) * box.height } });
  requireSame('the place clicked', await whereabouts(page), {
    words: 'timestep 2 “cat”, unit 1',
    slider: '2',
    cursor: `${2.5 / TOKENS.length}`,
  });
  const shown = await page.locator('#readout span', { hasText: /^f / }).textContent();
  requireSame('the forget gate', shown, `f ${forgetGates[1]?.[2]?.[1]?.toFixed(3)}`);
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowDown');
  requireSame('the place after two keys', (await whereabouts(page)).words, 'timestep 3 “sat”, unit 2');
  await page.locator('#timestep').focus();
  await page.keyboard.press('ArrowLeft');
  requireSame('the place after a key on the slider', (await whereabouts(page)).words, 'timestep 2 “cat”, unit 2');
  const line = page.locator('#timeline svg').nth(4);
  const row = (await line.boundingBox()) as { width: number; height: number };
  await line.click({ position: { x: (0.5 / TOKENS.length) * row.width, y: row.height / 2 } });
  requireSame('the place clicked in the timeline', (await whereabouts(page)).words, 'timestep 0 “the”, unit 2');
  requireSame('the unit selected', await page.locator('#unit').inputValue(), '2');
  await page.selectOption('#layer', { label: 'second' });
  requireSame('the unit of a smaller layer', (await whereabouts(page)).words, 'timestep 0 “the”, unit 1');
}

async function useLabels(page: Page): Promise<void> {
  requireSame('the heading', await page.locator('h1').textContent(), `Inspection of ${HOSTILE}`);
  const tokens = page.locator('#text span');
  requireSame('the tokens', await tokens.allTextContents(), ['the', '␣', 'cat', 'sat', HOSTILE, '\u2028']);
  const colour = () => tokens.nth(2).evaluate((token) => token.style.background);
  const before = await colour();
  await page.selectOption('#unit', '3');
  if ((await colour()) === before) throw new Error('another unit must colour the text otherwise');
  await tokens.nth(4).click();
  requireSame('the token clicked', await page.locator('[aria-selected=true]').allTextContents(), [HOSTILE]);
  requireSame('the slider', await page.locator('#timestep').inputValue(), '4');
  await page.locator('#text').focus();
  await page.keyboard.press('ArrowLeft');
  requireSame('the slider after a key', await page.locator('#timestep').inputValue(), '3');
}

async function useMaskedStep(page: Page): Promise<void> {
  await page
    .locator('#text span')
    .nth(TOKENS.length - 1)
    .dispatchEvent('pointerdown');
  requireSame('what is told', await page.locator('#readout span').allTextContents(), ['masked']);
  requireSame('grey stretches', await page.locator('#heatmap-overlay .masked').count(), 1);
  await page.selectOption('#sample', '1');
  requireSame('grey stretches of the other sample', await page.locator('#heatmap-overlay .masked').count(), 0);
}

async function fitsPhone(page: Page): Promise<void> {
  requireSame('the width of the page', await page.evaluate(() => document.documentElement.scrollWidth), 360);
  const sizes = await page.locator('select').evaluateAll((all) => all.map((one) => one.getBoundingClientRect().height));
  if (Math.min(...sizes) < 40) throw new Error(`selections must be 40 pixels high for a finger, got ${sizes}`);
}

async function isDark(page: Page): Promise<void> {
  const background = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  requireSame('the background', background, 'rgb(20, 23, 26)');
  await page.selectOption('#quantity', 'g');
  await page.emulateMedia({ colorScheme: 'light' });
  requireSame(
    'the background by day',
    await page.evaluate(() => getComputedStyle(document.body).backgroundColor),
    'rgb(255, 255, 255)',
  );
}
