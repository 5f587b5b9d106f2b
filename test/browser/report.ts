import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import * as tf from '@tensorflow/tfjs';
import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core';
import { traceModel } from '../../src/inspect/index.js';
import type * as plot from '../../src/plot/index.js';

/** What was checked, and what was wrong. */
export interface ReportCheck {
  title: string;
  problem?: string;
}

/** Milliseconds for a click or a drawing, which takes seconds on a machine that does other things too. */
const PATIENCE = 60_000;
const HOSTILE = '</script><img src=x onerror=alert(1)>';
/** What would run in one place or another, if it were not text. */
const HOSTILE_TEXTS = [
  HOSTILE,
  `"><svg onload=alert(2)>`,
  `' onfocus='alert(3)' autofocus='`,
  '<!--<script>alert(4)//',
  'javascript:alert(5)',
  '\u2028alert(6)//',
  '&lt;img src=x onerror=alert(7)&gt;',
];
const HOSTILE_ADDRESSES = [
  'show=__proto__&unit=0&pins=1e0.0_0.1e0_.0',
  'layer=-1&sample=1e0&step=NaN&unit=99999999999999999999',
  'layer=%3Cimg%20src=x%20onerror=alert(8)%3E&order=constructor&from=Infinity',
  '"><img src=x onerror=alert(9)>',
  'javascript:alert(10)',
  '%',
];
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
  model.setWeights(model.getWeights().map((weight, n) => tf.randomNormal(weight.shape, 0, 0.7, 'float32', n + 1)));
  const values = tf.randomNormal([2, TOKENS.length, 3], 0, 1, 'float32', 8).arraySync() as number[][][];
  // The last step of the first sample is masked.
  (values[0] as number[][])[TOKENS.length - 1] = [9, 9, 9];
  const inputs = tf.tensor3d(values);
  const html = await inspectionReport({ model, inputs, timeLabels: TOKENS });
  const [, backward] = traceModel(model, inputs);
  return { html, backwardForgetGates: backward?.trace.f.arraySync() as number[][][] };
}

/** Opens a report from its file, uses it as a reader does, and tells what went wrong. */
export async function checkReport(browser: Browser, origin: string): Promise<ReportCheck[]> {
  const folder = mkdtempSync(join(tmpdir(), 'explicit-lstm-report-'));
  try {
    const { html, backwardForgetGates } = await makeReport();
    const file = join(folder, 'report.html');
    writeFileSync(file, html);
    const ofText = join(folder, 'text.html');
    const { html: textHtml, ...text } = await makeTextReport();
    writeFileSync(ofText, textHtml);
    const ofHostile = join(folder, 'hostile.html');
    writeFileSync(ofHostile, await makeHostileReport());
    const visitText = (title: string, use: (page: Page) => Promise<void>) =>
      visitReport(browser, { file: ofText, title, options: {}, use });
    const visit = (title: string, options: BrowserContextOptions, use: (page: Page) => Promise<void>) =>
      visitReport(browser, { file, title, options, use });
    return [
      await visit('a click and the keys move one cursor', {}, (page) => useCursor(page, backwardForgetGates)),
      await visit('a drag and Shift select a span', {}, useSpan),
      await visit('what is named is a link, and the address is the place', {}, followLinks),
      await visit('labels are text, coloured by the unit', {}, useLabels),
      await visit('masked steps have no numbers', {}, useMaskedStep),
      await visit(
        'layers are side by side on a wide screen',
        { viewport: { width: 1440, height: 900 } },
        seeSideBySide,
      ),
      await visitReport(browser, {
        file: ofHostile,
        title: 'nothing that is named runs',
        options: {},
        use: nothingRuns,
      }),
      await visit(
        'it fits a phone',
        { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true },
        fitsPhone,
      ),
      await visit('it is dark in the dark', { colorScheme: 'dark' }, isDark),
      await visitText('predictions, targets and losses are told at every step', (page) => seePredictions(page, text)),
      await visitText('what is shown is saved as a picture and as numbers', saveAll),
      await visitText('words are explained, by keyboard too', explainWords),
      await visitText('it searches', search),
      ...(await checkAccessibility(browser, ofText)),
      await checkLive(browser, `${origin}/report.html`),
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const ALPHABET = ['a', ' ', 'b', '\n', 'c', 'd', 'e'];
const LETTERS = [4, 1, 0, 1, 2, 0, 3, 5, 1, 6];

/** A model that guesses the next letter, its second probabilities, and the loss of its second guess. */
async function makeTextReport(): Promise<{ html: string; probabilities: number[]; loss: number }> {
  const { inspectionReport }: typeof plot = await import(pathToFileURL(resolve('dist/esm/plot/index.js')).href);
  const width = ALPHABET.length;
  const layers = [
    tf.layers.lstm({ units: 6, returnSequences: true, inputShape: [LETTERS.length, width] }),
    tf.layers.dense({ units: width, activation: 'softmax' }),
  ];
  const model = tf.sequential({ name: 'letters', layers });
  model.setWeights(model.getWeights().map((weight, n) => tf.randomNormal(weight.shape, 0, 1.5, 'float32', n + 1)));
  const inputs = tf.cast(tf.oneHot([LETTERS, [...LETTERS].reverse()], width), 'float32');
  const next = (letters: number[]) => [...letters.slice(1), 0].map((letter) => [letter]);
  const labels = tf.tensor3d([next(LETTERS), next([...LETTERS].reverse())]);
  const html = await inspectionReport({
    model,
    inputs,
    labels,
    loss: 'sparseCategoricalCrossentropy',
    timeLabels: [LETTERS, [...LETTERS].reverse()].map((letters) => letters.map((letter) => ALPHABET[letter] as string)),
    classNames: ALPHABET,
  });
  const [first] = (model.predict(inputs) as tf.Tensor3D).arraySync();
  const probabilities = first?.[1] as number[];
  return { html, probabilities, loss: -Math.log(probabilities[LETTERS[2] as number] as number) };
}

/** Everything in it that has a name has a hostile one. */
async function makeHostileReport(): Promise<string> {
  const { inspectionReport }: typeof plot = await import(pathToFileURL(resolve('dist/esm/plot/index.js')).href);
  const steps = HOSTILE_TEXTS.length;
  const model = tf.sequential({
    name: HOSTILE,
    layers: [
      tf.layers.lstm({ units: 2, returnSequences: true, inputShape: [steps, 1] }),
      tf.layers.lstm({ units: 2, returnSequences: true }),
      tf.layers.dense({ units: steps, activation: 'softmax' }),
    ],
  });
  // tfjs checks names only as it builds a model.
  for (const [n, layer] of model.layers.entries()) layer.name = HOSTILE_TEXTS[n + 1] as string;
  model.outputNames = [HOSTILE];
  const inputs = tf.randomNormal([2, steps, 1], 0, 1, 'float32', 5);
  const labels = tf.tensor3d([HOSTILE_TEXTS, HOSTILE_TEXTS].map((texts) => texts.map((_, n) => [n])));
  return inspectionReport({
    model,
    inputs,
    labels,
    loss: 'sparseCategoricalCrossentropy',
    title: HOSTILE_TEXTS[4] as string,
    timeLabels: HOSTILE_TEXTS,
    sampleNames: [HOSTILE, HOSTILE_TEXTS[1] as string],
    classNames: HOSTILE_TEXTS,
  });
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
  page.setDefaultTimeout(PATIENCE);
  const problems: string[] = [];
  const address = pathToFileURL(file).href;
  page.on('console', (message) => problems.push(`console: ${message.text()}`));
  page.on('pageerror', (error) => problems.push(error.message));
  page.on('dialog', (dialog) => problems.push(`a script of a label ran: ${dialog.message()}`));
  page.on('request', (request) => {
    if (
      request.url().replace(/#.*/, '') !== address &&
      request.url() !== 'about:blank' &&
      !request.url().startsWith('data:')
    )
      problems.push(`request: ${request.url()}`);
  });
  try {
    await page.goto(address);
    await page.locator('#place', { hasText: 'step' }).waitFor();
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

/** Where a report says that it looks: in words, in the selections, and where the cursor stands. */
async function whereabouts(page: Page): Promise<{ words: string | null; unit: string | null; cursor: string }> {
  return {
    words: await page.locator('#place').textContent(),
    unit: await page.locator('#unit option:checked').textContent(),
    cursor: await page.locator('#pictures').evaluate((pictures) => pictures.style.getPropertyValue('--cursor')),
  };
}

const wordsOf = async (page: Page) => (await whereabouts(page)).words;

async function sizeOf(place: Locator): Promise<{ x: number; y: number; width: number; height: number }> {
  return (await place.boundingBox()) as { x: number; y: number; width: number; height: number };
}

/** A number of the readout, of the unit that is under the cursor. */
async function numberOf(page: Page, quantity: string): Promise<number> {
  const names = await page.locator('#numbers th[scope=col]').allTextContents();
  const [row] = await page.locator('#numbers tr:has(th[scope=row])').all();
  return Number(await row?.locator('td').nth(names.indexOf(quantity)).textContent());
}

async function useCursor(page: Page, forgetGates: number[][][]): Promise<void> {
  await page.selectOption('#layer', { label: (await page.locator('#layer option').allTextContents())[1] as string });
  await page.selectOption('#sample', '1');
  await page.selectOption('#quantity', 'f');
  const map = page.locator('.heatmap');
  const { width, height } = await sizeOf(map);
  const tile = (t: number, unit: number) => ({
    x: ((t + 0.5) / TOKENS.length) * width,
    y: ((unit + 0.5) / UNITS) * height,
  });
  await map.click({ position: tile(2, 1) });
  const clicked = { words: 'step 2 of 6 “cat”', unit: 'unit 1', cursor: `${2.5 / TOKENS.length}` };
  requireSame('the place clicked', await whereabouts(page), clicked);
  const [shown, computed] = [await numberOf(page, 'f'), forgetGates[1]?.[2]?.[1] as number];
  if (Math.abs(shown - computed) > 6e-4) throw new Error(`the forget gate must be ${computed}, got ${shown}`);
  await map.hover({ position: tile(4, 3) });
  requireSame('what a pointer is over', await wordsOf(page), `step 4 of 6 “${HOSTILE}”`);
  requireSame('the cursor meanwhile', (await whereabouts(page)).cursor, clicked.cursor);
  await page.mouse.move(0, 0);
  requireSame('the place afterwards', await whereabouts(page), clicked);
  const keys: [key: string, words: string, unit: string][] = [
    ['ArrowRight', 'step 3 of 6 “sat”', 'unit 1'],
    ['ArrowDown', 'step 3 of 6 “sat”', 'unit 2'],
    ['End', 'step 5 of 6 “\u2028”', 'unit 2'],
    ['PageUp', 'step 0 of 6 “the”', 'unit 2'],
    ['PageDown', 'step 5 of 6 “\u2028”', 'unit 2'],
    ['Home', 'step 0 of 6 “the”', 'unit 2'],
    ['ArrowUp', 'step 0 of 6 “the”', 'unit 1'],
  ];
  for (const place of ['.heatmap', '#text', '#timeline']) {
    await map.click({ position: tile(2, 1) });
    await page.locator(place).focus();
    for (const [key, words, unit] of keys) {
      await page.keyboard.press(key);
      const { words: told, unit: chosen } = await whereabouts(page);
      requireSame(`the place after ${key} in ${place}`, [told, chosen], [words, unit]);
    }
  }
  await page.mouse.move(0, 0);
  const line = page.locator('#timeline svg').nth(4);
  const row = await sizeOf(line);
  await line.click({ position: { x: (3.5 / TOKENS.length) * row.width, y: row.height / 2 } });
  requireSame('the place clicked in the timeline', await wordsOf(page), 'step 3 of 6 “sat”');
  await page.selectOption('#layer', { label: 'second' });
  requireSame('the unit of a smaller layer', (await whereabouts(page)).unit, 'unit 1');
}

/** A drag selects a span in every picture, and so does Shift with the keys. */
async function useSpan(page: Page): Promise<void> {
  const selected = () => page.locator('#text [aria-selected=true]').allTextContents();
  for (const place of ['.heatmap', '#timeline svg >> nth=1']) {
    const { x, y, width, height } = await sizeOf(page.locator(place));
    const at = (t: number) => [x + ((t + 0.5) / TOKENS.length) * width, y + height / 2] as const;
    await page.mouse.move(...at(3));
    await page.mouse.down();
    await page.mouse.move(...at(1), { steps: 3 });
    await page.mouse.up();
    requireSame(`the span dragged in ${place}`, await selected(), [' ', 'cat', 'sat']);
    await page.locator('#text span').first().click();
    requireSame('the step clicked', await selected(), ['the']);
  }
  await page.keyboard.press('Shift+ArrowRight');
  requireSame('the span of keys', await selected(), ['the', ' ']);
  await page.keyboard.press('Escape');
  requireSame('the step that is left', await selected(), [' ']);
}

/** Every place that is named is a link, and the address brings a reader back. */
async function followLinks(page: Page): Promise<void> {
  const [, backward] = await page.locator('#layer option').allTextContents();
  await page.locator('header a', { hasText: backward as string }).click();
  await page.locator('#layer option:checked', { hasText: backward as string }).waitFor({ state: 'attached' });
  await page.locator('.layer summary', { hasText: 'second' }).click();
  await page.locator('.layer[open] a', { hasText: 'output gate o' }).first().click();
  await page.locator('#layer option:checked', { hasText: 'second' }).waitFor({ state: 'attached' });
  requireSame('the gate', await page.locator('#quantity').inputValue(), 'o');
  await followDot(page);
  await page.evaluate(() => {
    location.hash = 'layer=0&unit=3&step=4';
  });
  await page.locator('#place', { hasText: 'step 4' }).waitFor();
  await page.locator('#pin').click();
  await page.locator('#all-layers').check();
  requireSame('the layers side by side', await page.locator('.heatmap').count(), 3);
  await page.waitForFunction(() => location.hash.includes('layers=all'));
  const address = page.url();
  await page.goto('about:blank');
  await page.goto(address);
  requireSame('the place of an address', await whereabouts(page), {
    words: `step 4 of 6 “${HOSTILE}”`,
    unit: 'unit 3',
    cursor: `${4.5 / TOKENS.length}`,
  });
  requireSame('the pins of an address', await page.locator('.pin').count(), 1);
  await page.selectOption('#unit', '1');
  requireSame('units in the readout', await page.locator('#numbers th[scope=row]').allTextContents(), [
    'unit 1',
    'unit 3',
  ]);
  requireSame('lines of a gate', await page.locator('#timeline svg').first().locator('.line').count(), 2);
}

/** From the last dot of the first gate of the layer that is open, or from one that lies upon it. */
async function followDot(page: Page): Promise<void> {
  const picture = page.locator('.layer[open] svg:has(.dots)').first();
  await picture.scrollIntoViewIfNeeded();
  const dot = await picture
    .locator('.dots')
    .first()
    .evaluate((path) => ({
      place: path.getAttribute('d')?.split('M').at(-1)?.split(/[ h]/).map(Number) as number[],
      widthOfPicture: (path.closest('svg') as SVGSVGElement).viewBox.baseVal.width,
    }));
  const { x, y, width } = await sizeOf(picture);
  const [left, top] = dot.place.map((coordinate) => (coordinate * width) / dot.widthOfPicture) as [number, number];
  await page.mouse.move(x + left + 1, y + top);
  const unit = /^(unit \d): closed \d+%, open \d+%$/.exec((await picture.locator('title').textContent()) ?? '')?.[1];
  await page.mouse.click(x + left + 1, y + top);
  await page.waitForFunction(() => document.querySelector<HTMLSelectElement>('#quantity')?.value === 'i');
  requireSame('the unit of a dot', (await whereabouts(page)).unit, unit);
}

async function useLabels(page: Page): Promise<void> {
  requireSame('the heading', await page.locator('h1').textContent(), `Inspection of ${HOSTILE}`);
  const tokens = page.locator('#text span');
  requireSame('the tokens', await tokens.allTextContents(), TOKENS);
  requireSame('the text', await page.locator('#text').textContent(), TOKENS.join(''));
  const colour = () => tokens.nth(2).evaluate((token) => token.style.background);
  const before = await colour();
  await page.selectOption('#unit', '3');
  if ((await colour()) === before) throw new Error('another unit must colour the text otherwise');
  await tokens.nth(4).click();
  requireSame('the token clicked', await page.locator('[aria-selected=true]').allTextContents(), [HOSTILE]);
  requireSame('the place', await wordsOf(page), `step 4 of 6 “${HOSTILE}”`);
}

async function useMaskedStep(page: Page): Promise<void> {
  await page.locator('#text').press('End');
  requireSame('what is told', await page.locator('#numbers td[colspan]').allTextContents(), ['masked']);
  requireSame('hatched stretches', await page.locator('.overlay .masked').count(), 1);
  await page.selectOption('#sample', '1');
  requireSame('hatched stretches of the other sample', await page.locator('.overlay .masked').count(), 0);
}

/** Beside each other, not one below the other, and with one cursor. */
async function seeSideBySide(page: Page): Promise<void> {
  await page.locator('#all-layers').check();
  const maps = await page.locator('.layer-map').all();
  requireSame('the layers', maps.length, 3);
  const boxes = await Promise.all(maps.map(sizeOf));
  const [first, ...others] = boxes.map(({ x, y, width }) => ({ left: x, right: x + width, top: y }));
  for (const [n, { left, top }] of others.entries()) {
    requireSame('the top of a layer', top, first?.top);
    const before = n === 0 ? first : others[n - 1];
    if (left < (before?.right as number)) throw new Error(`layer ${n + 1} begins at ${left}, within the one before`);
  }
  await page.locator('.heatmap').nth(2).focus();
  await page.keyboard.press('End');
  requireSame('the layer', await page.locator('#layer').inputValue(), '2');
  requireSame('the place', await wordsOf(page), 'step 5 of 6 “\u2028”');
  await page.locator('.map-title').first().click();
  requireSame('the layer of the title', await page.locator('#layer').inputValue(), '0');
  requireSame('the width of the page', await page.evaluate(() => document.documentElement.scrollWidth), 1440);
}

/** Whatever is opened, pointed at, searched, followed or given as an address; a dialog or an error is a problem. */
async function nothingRuns(page: Page): Promise<void> {
  await page.evaluate(() => {
    for (const details of document.querySelectorAll('details')) details.open = true;
  });
  await page.locator('#all-layers').check();
  for (const sample of ['1', '0']) await page.selectOption('#sample', sample);
  for (const token of await page.locator('#text span').all()) await token.click();
  await page.click('#pin');
  await page.fill('#threshold', '-1');
  for (const button of ['units', 'steps', 'snippets']) await page.click(`#find-${button}`);
  const links = await page.locator('a').evaluateAll((all) => all.map((link) => link.getAttribute('href') ?? ''));
  requireSame(
    'links that lead out of the page',
    links.filter((link) => !link.startsWith('#')),
    [],
  );
  const found = await page.locator('img, script:not(#data), [onload], [onerror], [onfocus], [autofocus]').count();
  requireSame('scripts and pictures', found, 1);
  for (const address of [...new Set(links), ...HOSTILE_ADDRESSES.map((one) => `#${one}`)]) {
    await page.evaluate((hash) => {
      location.hash = hash;
    }, address);
  }
  const [file] = page.url().split('#');
  for (const address of HOSTILE_ADDRESSES.slice(0, 3)) {
    await page.goto('about:blank');
    await page.goto(`${file}#${address}`);
    await page.locator('#place', { hasText: 'step 0 of' }).waitFor();
  }
}

async function fitsPhone(page: Page): Promise<void> {
  requireSame('the width of the page', await page.evaluate(() => document.documentElement.scrollWidth), 390);
  const sizes = await page.locator('select').evaluateAll((all) => all.map((one) => one.getBoundingClientRect().height));
  if (Math.min(...sizes) < 40) throw new Error(`selections must be 40 pixels high for a finger, got ${sizes}`);
  const { y, width, height } = await sizeOf(page.locator('.heatmap'));
  if (y + height > 844) throw new Error(`the heatmap must be on the first screen, got ${y} to ${y + height}`);
  await page.locator('.heatmap').tap({ position: { x: 3.5 * (width / TOKENS.length), y: 5 } });
  const [readout, words] = [await sizeOf(page.locator('#readout')), await wordsOf(page)];
  if (readout.y + readout.height > 845) throw new Error('the readout must be seen together with the heatmap');
  requireSame('the step tapped', words, 'step 3 of 6 “sat”');
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

async function seePredictions(
  page: Page,
  { probabilities, loss }: { probabilities: number[]; loss: number },
): Promise<void> {
  await page.locator('#text span').nth(1).click();
  await page.mouse.move(0, 0);
  const told = await page.locator('#predictions .prediction-title').textContent();
  requireSame('the loss', Number(told?.match(/loss (.*)/)?.[1]).toFixed(1), loss.toFixed(1));
  const best = probabilities.indexOf(Math.max(...probabilities));
  const names = await page.locator('#predictions th').allTextContents();
  requireSame('the best guess', names[0], ALPHABET[best]?.replace(' ', '␣').replace('\n', '⏎'));
  requireSame('the target', await page.locator('#predictions .target th').allTextContents(), ['a']);
  if ((await page.locator('#losses path').getAttribute('d')) === null) throw new Error('losses must be drawn');
  const hardest = page.locator('.hardest a').first();
  const step = (await hardest.getAttribute('href'))?.match(/step=(\d+)/)?.[1];
  await hardest.click();
  await page.locator('#place', { hasText: `step ${step} ` }).waitFor();
  // The letter after the line break begins a line, in whichever sample the link has led to.
  const lefts = await page.locator('#text span').evaluateAll((tokens) => {
    const after = tokens.findIndex(({ textContent }) => textContent?.includes('\n')) + 1;
    return [tokens[after], tokens[0]].map((token) => token?.getBoundingClientRect().left);
  });
  requireSame('a new line breaks the text', lefts[0], lefts[1]);
}

async function saveAll(page: Page): Promise<void> {
  const starts: Record<string, string> = { png: '\x89PNG', svg: '<svg xmlns', csv: 'step,label,valid,f 0' };
  for (const [kind, start] of Object.entries(starts)) {
    const [download] = await Promise.all([page.waitForEvent('download'), page.click(`#save-${kind}`)]);
    requireSame('the name', download.suggestedFilename().split('.').at(-1), kind);
    const content = readFileSync(await download.path());
    requireSame(`the start of ${kind}`, content.toString('latin1').slice(0, start.length), start);
    if (kind === 'png' && content.length < 5000)
      throw new Error(`the picture must not be empty, got ${content.length}`);
  }
}

async function explainWords(page: Page): Promise<void> {
  await page.locator('[popovertarget=word-gate]').focus();
  await page.keyboard.press('Enter');
  await page.locator('#word-gate').waitFor();
  await page.keyboard.press('Escape');
  await page.locator('#word-gate').waitFor({ state: 'hidden' });
}

async function search(page: Page): Promise<void> {
  await page.selectOption('#quantity', 'h');
  await page.locator('#search summary').click();
  await page.fill('#threshold', '0.05');
  await page.click('#find-snippets');
  const link = page.locator('#found a').first();
  const place = new URLSearchParams((await link.getAttribute('href'))?.slice(1));
  await link.click();
  // The address is followed after the click is over.
  await page.waitForFunction(
    (sample) => document.querySelector<HTMLSelectElement>('#sample')?.value === sample,
    place.get('sample'),
  );
  await page.locator('#place', { hasText: `step ${place.get('step')} ` }).waitFor();
  const largest = await numberOf(page, 'h');
  if (!(largest > 0.05)) throw new Error(`the largest value must be large, got ${largest}`);
  await page.click('#find-units');
  const units = await page.locator('#found a').allTextContents();
  if (!units.includes((await whereabouts(page)).unit as string))
    throw new Error(`the unit must be found, got ${units}`);
  await page.click('#find-steps');
  await page.locator('#found p', { hasText: 'Where unit' }).waitFor();
}

/** All of the page, unfolded, by axe-core; light and dark, on a computer and a phone. */
async function checkAccessibility(browser: Browser, file: string): Promise<ReportCheck[]> {
  const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
  const check = async (page: Page) => {
    await page.evaluate(() => {
      for (const details of document.querySelectorAll('details')) details.open = true;
    });
    await page.evaluate(axe);
    const violations = await page.evaluate(async () => {
      const run = (window as unknown as { axe: { run(): Promise<{ violations: Violation[] }> } }).axe.run();
      return (await run).violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).slice(0, 3)}`);
    });
    requireSame('violations', violations, []);
  };
  const phone = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true };
  return [
    await visitReport(browser, { file, title: 'axe finds nothing, by day', options: {}, use: check }),
    await visitReport(browser, {
      file,
      title: 'axe finds nothing, in the dark',
      options: { colorScheme: 'dark' },
      use: check,
    }),
    await visitReport(browser, { file, title: 'axe finds nothing, on a phone', options: phone, use: check }),
  ];
}

interface Violation {
  id: string;
  nodes: { html: string }[];
}

/** In a page that has the model, a unit is silenced and the prediction follows. */
async function checkLive(browser: Browser, address: string): Promise<ReportCheck> {
  const title = 'a live report runs the model with an edit';
  const page = await browser.newPage();
  page.setDefaultTimeout(PATIENCE);
  const problems: string[] = [];
  page.on('pageerror', (error) => problems.push(error.message));
  try {
    await page.goto(address);
    const bias = await page.evaluate(() => window.reported);
    const frame = page.frameLocator('iframe');
    for (const unit of ['0', '1', '2']) {
      await frame.locator('#unit').selectOption(unit);
      await frame.locator('#pin').click();
    }
    requireSame('the units to edit', await frame.locator('#edited-units').textContent(), '0, 1, 2');
    await frame.locator('#edit').click();
    await frame.locator('#edit-told', { hasText: 'held at 0' }).waitFor();
    requireSame('the output', await frame.locator('#edited td.number').textContent(), `${bias}`);
    requireSame('the origin of the report', await page.frames()[1]?.evaluate(() => self.origin), 'null');
    for (const kind of ['csv', 'png']) {
      const [download] = await Promise.all([page.waitForEvent('download'), frame.locator(`#save-${kind}`).click()]);
      requireSame('what is saved', download.suggestedFilename().split('.').at(-1), kind);
    }
  } catch (error) {
    problems.push(String(error));
  }
  await page.close();
  return problems.length === 0 ? { title } : { title, problem: problems.join('; ') };
}
