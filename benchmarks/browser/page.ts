import * as tf from '@tensorflow/tfjs';
import { formatTime } from '../format-time.js';
import { DEFAULT_SHAPES, formatShape } from '../shapes.js';
import { ENTRANTS } from './contestants.js';
import { type Device, describeDevice } from './device.js';
import { type Report, type Row, type RunOptions, runAll } from './run.js';

declare global {
  interface Window {
    /** For whoever runs the page by a program. */
    measure(options: Partial<RunOptions>): Promise<Report>;
  }
}

tf.enableProdMode();

const element = <E extends HTMLElement = HTMLElement>(id: string) => document.getElementById(id) as E;
const [start, copy, download] = ['start', 'copy', 'download'].map((id) => element<HTMLButtonElement>(id)) as [
  HTMLButtonElement,
  HTMLButtonElement,
  HTMLButtonElement,
];
let report: Report | null = null;

window.measure = async (options) => {
  start.disabled = true;
  try {
    report = await runAll({ ...chosen(), ...options }, show);
    copy.disabled = false;
    download.disabled = false;
    return report;
  } finally {
    start.disabled = false;
  }
};

start.addEventListener('click', () => {
  window.measure({}).catch((error: Error) => {
    element('doing').textContent = error.message;
  });
});
copy.addEventListener('click', async () => {
  await navigator.clipboard.writeText(asJson());
  element('doing').textContent = 'Copied.';
});
download.addEventListener('click', () => {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([asJson()], { type: 'application/json' }));
  link.download = 'lstm-in-browser.json';
  link.click();
  URL.revokeObjectURL(link.href);
});

const asJson = () => `${JSON.stringify(report, null, 2)}\n`;

/** What is ticked. */
function chosen(): RunOptions {
  const ticked = (id: string) =>
    [...element(id).querySelectorAll<HTMLInputElement>('input:checked')].map(({ value }) => value);
  return {
    shapes: ticked('shapes'),
    contestants: ticked('contestants'),
    seconds: element<HTMLInputElement>('seconds').valueAsNumber || 1,
  };
}

function addChoice(id: string, value: string, name: string, checked = true): void {
  const label = document.createElement('label');
  const input = Object.assign(document.createElement('input'), { type: 'checkbox', value, checked });
  label.append(input, ` ${name}`);
  element(id).append(label);
}

function showDevice({ userAgent, processors, webgl, webgpu, software }: Device): void {
  const facts = {
    WebGL: webgl ?? 'not here',
    WebGPU: webgpu ?? 'not here',
    Processor: `${processors} ${processors === 1 ? 'thread' : 'threads'}`,
    Browser: userAgent,
  };
  element('device').replaceChildren(
    ...Object.entries(facts).flatMap(([name, value]) => [textIn('dt', name), textIn('dd', value)]),
  );
  if (software.length === 0) return;
  const names = software.map((api) => (api === 'webgl' ? 'WebGL' : 'WebGPU')).join(' and ');
  element('software').textContent =
    `Here a program on the processor, and no graphics card, does the work of ${names}: the times say nothing of a graphics card. The launches are exact.`;
  element('software').hidden = false;
  softwareOf = new Set(software);
}

let softwareOf: ReadonlySet<string> = new Set();

function show(doing: string, rows: readonly Row[]): void {
  element('doing').textContent = doing === '' ? 'Done.' : `${doing} …`;
  const shapes = [...new Set(rows.map(({ shape }) => shape))];
  element('results').replaceChildren(
    ...shapes.flatMap((shape) => [textIn('h2', shape), tableOf(rows.filter((row) => row.shape === shape))]),
  );
}

function tableOf(rows: readonly Row[]): HTMLElement {
  const table = document.createElement('table');
  table.append(textIn('caption', 'Milliseconds, and launches on the graphics card'));
  const head = table.createTHead().insertRow();
  for (const title of ['', 'forward', 'training']) {
    const cell = textIn('th', title);
    cell.setAttribute('scope', 'col');
    head.append(cell);
  }
  const body = table.createTBody();
  for (const id of new Set(rows.map(({ contestant }) => contestant))) {
    const own = rows.filter(({ contestant }) => contestant === id);
    const { name, place, ranOn } = own[0] as Row;
    const line = body.insertRow();
    line.className = id.startsWith('fused') ? 'own' : '';
    const title = textIn('th', name);
    title.setAttribute('scope', 'row');
    const remarks = [
      ...(ranOn !== '' && ranOn !== place ? [`ran on ${ranOn}`] : []),
      ...(softwareOf.has(place) ? ['software, no graphics card'] : []),
    ];
    for (const remark of remarks) title.append(textIn('small', remark));
    line.append(title);
    for (const pass of ['forward', 'training']) line.append(cellOf(own.find((row) => row.pass === pass)));
  }
  const scroll = document.createElement('div');
  scroll.className = 'scroll';
  scroll.append(table);
  return scroll;
}

function cellOf(row: Row | undefined): HTMLElement {
  if (row === undefined) return textIn('td', '–');
  if (row.ms === null) return Object.assign(textIn('td', row.problem ?? ''), { className: 'problem' });
  const cell = textIn('td', formatTime(row.ms.median));
  if (row.launches !== null) cell.append(textIn('small', `${row.launches} launches`));
  return cell;
}

function textIn(tag: string, text: string): HTMLElement {
  return Object.assign(document.createElement(tag), { textContent: text });
}

for (const shape of DEFAULT_SHAPES) addChoice('shapes', formatShape(shape), formatShape(shape));
for (const { id, name, fails } of ENTRANTS) addChoice('contestants', id, name, fails === undefined);
void describeDevice().then(showDevice);
