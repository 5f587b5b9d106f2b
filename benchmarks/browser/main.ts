import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { parseArgs } from 'node:util';
import { launchChromium } from '../../test/browser/chromium.js';
import { type Routes, serve } from '../../test/browser/server.js';
import { formatTime } from '../format-time.js';
import { formatTable } from '../report.js';
import { parseShape } from '../shapes.js';
import { buildSite, SITE } from './build.js';
import type { Report, Row, RunOptions } from './run.js';

const HELP = `Builds the benchmark's page into ${SITE}, for any server of static files, and runs it in Chromium.

  npm run bench:browser -- [options]

  --shapes 1x100x100x100,...      B x T x D x U; default: those of npm run bench
  --contestants fused-webgl,...   default: all of them; those with a wrong name are an error
  --seconds 1                     to time each for
  --gpu                           lets the browser use a graphics card; otherwise a program on the processor stands in
                                  for one, whose times say nothing
  --json FILE                     writes the results there, too
  --screenshots FOLDER            takes pictures of the page, wide and narrow
  --build                         builds the page only
  --serve                         builds the page and serves it, to be opened in a browser of your own
  --help                          this text`;

interface Options {
  asked: Partial<RunOptions>;
  json: string | undefined;
  screenshots: string | undefined;
  usesGraphicsCard: boolean;
  only: 'build' | 'serve' | 'help' | null;
}

/** @throws Error with one line for the user. */
function readOptions(args: string[]): Options {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  const { values } = parseArgs({
    args,
    options: {
      shapes: text,
      contestants: text,
      seconds: text,
      json: text,
      screenshots: text,
      gpu: flag,
      build: flag,
      serve: flag,
      help: flag,
    },
  });
  const asked: Partial<RunOptions> = {};
  const shapes = values.shapes?.split(',');
  if (shapes !== undefined) {
    shapes.forEach(parseShape);
    asked.shapes = shapes;
  }
  if (values.contestants !== undefined) asked.contestants = values.contestants.split(',');
  if (values.seconds !== undefined) {
    asked.seconds = Number(values.seconds);
    if (!(asked.seconds > 0)) throw new Error(`--seconds must be a positive number, got '${values.seconds}'`);
  }
  const only = values.help ? 'help' : values.build ? 'build' : values.serve ? 'serve' : null;
  return { asked, json: values.json, screenshots: values.screenshots, usesGraphicsCard: values.gpu ?? false, only };
}

function siteRoutes(): Routes {
  const names = readdirSync(SITE, { recursive: true, encoding: 'utf8' });
  const routes = Object.fromEntries(names.map((name) => [`/${name.split(sep).join('/')}`, join(SITE, name)]));
  return { ...routes, '/': join(SITE, 'index.html') };
}

async function runInChromium(origin: string, { asked, screenshots, usesGraphicsCard }: Options): Promise<Report> {
  const browser = await launchChromium({ usesGraphicsCard });
  try {
    const tab = await browser.newPage({ viewport: { width: 1100, height: 900 } });
    const problems: string[] = [];
    tab.on('pageerror', (error) => problems.push(error.message));
    tab.on('request', (request) => {
      if (!request.url().startsWith(origin) && !/^(blob|data):/.test(request.url())) problems.push(request.url());
    });
    await tab.goto(`${origin}/index.html`);
    const known = await tab
      .locator('#contestants input')
      .evaluateAll((inputs) => inputs.map((input) => (input as HTMLInputElement).value));
    for (const id of asked.contestants ?? []) {
      if (!known.includes(id)) throw new Error(`--contestants must be among ${known.join(', ')}, got '${id}'`);
    }
    if (screenshots !== undefined) mkdirSync(screenshots, { recursive: true });
    const picture = async (name: string) => {
      if (screenshots !== undefined) await tab.screenshot({ path: join(screenshots, `${name}.png`), fullPage: true });
    };
    await picture('before');
    await tab.exposeFunction('tellProgress', (doing: string) => console.error(doing));
    await tab.evaluate(() => {
      const { tellProgress } = window as unknown as { tellProgress(doing: string): void };
      const doing = document.getElementById('doing') as HTMLElement;
      let told = '';
      new MutationObserver(() => {
        if (doing.textContent === told) return;
        told = doing.textContent ?? '';
        tellProgress(told);
      }).observe(doing, { childList: true });
    });
    const report = await tab.evaluate((options) => window.measure(options), asked);
    await picture('wide');
    await tab.setViewportSize({ width: 390, height: 844 });
    await picture('narrow');
    if (problems.length > 0) throw new Error(`the page must run without errors, and load nothing else: ${problems}`);
    return report;
  } finally {
    await browser.close();
  }
}

function print({ device, versions, rows }: Report): void {
  const { webgl, webgpu, processors, userAgent, software } = device;
  console.log(`WebGL: ${webgl}\nWebGPU: ${webgpu}\nProcessor: ${processors} threads\n${userAgent}`);
  console.log(
    Object.entries(versions)
      .map((entry) => entry.join(' '))
      .join(', '),
  );
  if (software.length > 0) {
    console.log(
      `Of ${software.join(' and ')} a program on the processor computes all: its times say nothing of a graphics card.`,
    );
  }
  const head = ['B x T x D x U', 'contestant', 'pass', 'ms', 'runs', 'launches', 'differs by', 'ran on', ''];
  const cells = (row: Row) => [
    row.shape,
    row.name,
    row.pass,
    row.ms === null ? '' : formatTime(row.ms.median),
    String(row.runs),
    row.launches === null ? '' : String(row.launches),
    row.difference === null ? '' : row.difference.toExponential(1),
    row.ranOn,
    row.problem ?? (software.some((api) => api === row.place) ? 'software' : ''),
  ];
  console.log(formatTable(head, rows.map(cells)));
}

async function main(options: Options): Promise<void> {
  if (options.only === 'help') {
    console.log(HELP);
    return;
  }
  await buildSite();
  if (options.only === 'build') {
    console.log(`The page is in ${SITE}: serve that folder, and open it in a browser.`);
    return;
  }
  const { origin, server } = await serve(siteRoutes());
  if (options.only === 'serve') {
    console.log(`${origin}/index.html, until you press Ctrl + C`);
    return;
  }
  try {
    const report = await runInChromium(origin, options);
    print(report);
    if (options.json !== undefined) {
      mkdirSync(dirname(options.json), { recursive: true });
      writeFileSync(options.json, `${JSON.stringify(report, null, 2)}\n`);
    }
    // Whatever cannot run, or computes something else, is a failure here.
    if (report.rows.some(({ problem }) => problem !== null)) process.exitCode = 1;
  } finally {
    server.close();
  }
}

try {
  await main(readOptions(process.argv.slice(2)));
} catch (error) {
  console.error(`bench:browser: ${(error as Error).message.split('\n', 1)[0]}`);
  process.exitCode = 1;
}
