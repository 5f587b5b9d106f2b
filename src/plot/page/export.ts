import { titleOfQuantity } from '../rows/sample.js';
import { element } from './elements.js';
import { numbersOf } from './numbers.js';
import type { ReportLayer } from './report-data.js';
import type { PageState } from './state.js';
import { drawnUnits, pathsOf, scaleOf } from './timeline.js';

/** Buttons that save what is shown: as a picture, or as numbers. */
export function connectExport(state: PageState): void {
  const name = () => {
    const { title } = state.data.layers[state.view.layer] as ReportLayer;
    return `${title} ${state.data.samples[state.view.sample]} ${state.view.quantity}`.replace(/[^\w-]+/g, '-');
  };
  element('save-csv').addEventListener('click', () => {
    save(new Blob([numbersOf(state.view)], { type: 'text/csv' }), `${name()}.csv`);
  });
  element('save-svg').addEventListener('click', () => {
    save(new Blob([pictureOf(state)], { type: 'image/svg+xml' }), `${name()}.svg`);
  });
  element('save-png').addEventListener('click', async () => {
    const png = await rendered(pictureOf(state));
    if (png !== null) save(png, `${name()}.png`);
  });
}

function save(blob: Blob, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

const WIDTH = 960;
const GUTTER = 60;
const ROW = 44;
const MAP = 260;
const HEAD = 24;

/** Heatmaps and timelines as one picture that stands alone. */
function pictureOf(state: PageState): string {
  const { view, data } = state;
  const style = getComputedStyle(document.body);
  const text = (x: number, y: number, content: string, anchor = 'start') =>
    `<text x="${x}" y="${y}" text-anchor="${anchor}" font-family="sans-serif" font-size="13" fill="${style.color}">${escaped(content)}</text>`;
  const parts: string[] = [];
  let top = 0;
  const canvases = [...document.querySelectorAll<HTMLCanvasElement>('.layer-map .heatmap')];
  for (const [n, canvas] of canvases.entries()) {
    const { title } = data.layers[view.shown[n] as number] as ReportLayer;
    const heading = `${title}, ${titleOfQuantity(view.trace, view.quantity)}, sample ${data.samples[view.sample]}`;
    parts.push(
      text(GUTTER, top + 16, heading),
      `<image x="${GUTTER}" y="${top + HEAD}" width="${WIDTH - GUTTER}" height="${MAP}" preserveAspectRatio="none" image-rendering="pixelated" href="${canvas.toDataURL()}"/>`,
    );
    top += HEAD + MAP + 8;
  }
  const units = drawnUnits(state);
  const { timesteps } = view.trace;
  const names = units.map(({ layer, trace }) => {
    const ofLayer = data.layers.length > 1 ? ` of ${(data.layers[layer] as ReportLayer).title}` : '';
    return `unit ${trace.unitIndices[0]}${ofLayer}`;
  });
  let at = GUTTER;
  for (const [n, name] of names.entries()) {
    parts.push(
      `<circle cx="${at + 5}" cy="${top + 11}" r="4" fill="${units[n]?.colour}"/>`,
      text(at + 14, top + 16, name),
    );
    at += 24 + 7.5 * name.length;
  }
  top += HEAD;
  for (const quantity of Object.keys(view.trace.values)) {
    const shown = units.filter(({ trace }) => quantity in trace.values);
    if (shown.length === 0) continue;
    const [low, high] = scaleOf(quantity, shown).domain;
    const y = (value: number) => (((high - value) / (high - low)) * (ROW - 8)).toFixed(2);
    parts.push(text(GUTTER - 12, top + ROW / 2, quantity, 'end'));
    const lines = shown.map(({ trace, colour }) => {
      const { line } = pathsOf(trace, quantity, 0, y);
      return `<path d="${line}" fill="none" stroke="${colour}" stroke-width="1.5" vector-effect="non-scaling-stroke"/>`;
    });
    const scale = `translate(${GUTTER} ${top}) scale(${(WIDTH - GUTTER) / timesteps} 1)`;
    parts.push(`<g transform="${scale}">${lines.join('')}</g>`);
    top += ROW;
  }
  const ground = `<rect width="${WIDTH}" height="${top}" fill="${style.backgroundColor}"/>`;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${top}" viewBox="0 0 ${WIDTH} ${top}">${ground}${parts.join('')}</svg>`;
}

function escaped(text: string): string {
  return text.replace(/[&<>]/g, (letter) => `&#${letter.charCodeAt(0)};`);
}

/** Twice as large, so that it is sharp on any screen. */
async function rendered(svg: string): Promise<Blob | null> {
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
  await image.decode();
  const canvas = document.createElement('canvas');
  canvas.width = 2 * image.width;
  canvas.height = 2 * image.height;
  canvas.getContext('2d')?.drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve) => canvas.toBlob(resolve, 'image/png'));
}
