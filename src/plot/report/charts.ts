import type { FlowStatistics, PerTimestep } from '../../inspect/gradient/flow-types.js';
import { type GateStatistics, memoryHorizonOf } from '../../inspect/statistics/layer-statistics.js';
import { amount } from '../../inspect/words.js';
import { CHART } from '../rows/chart.js';
import { type FlowPoint, flowPoints, positiveOnly } from '../rows/flow-points.js';
import { horizonBins, horizonDomain, horizonFraction, horizonTicks } from '../rows/horizons.js';
import { logTicks } from '../rows/log-ticks.js';
import { type GateFractions, type SaturationDot, saturationDots } from '../rows/saturation.js';
import { escapeHtml } from './escape.js';

// Small pictures of a report, as SVG, of the same rows as the pictures of Vega-Lite. Their colours are in the report's
// style, so that they follow light and dark.

const { width: WIDTH, height: HEIGHT, plot: PLOT } = CHART;
/** Labels that an axis of small width holds. */
const MOST_TICKS = 5;

/** Where a value stands, in the picture's units. */
type Scale = (value: number) => string;

const xAt = (fraction: number, digits = 1): string => (PLOT.left + fraction * PLOT.width).toFixed(digits);
const yAt = (fraction: number, digits = 1): string => (PLOT.top + (1 - fraction) * PLOT.height).toFixed(digits);

/** Where the dots of units lead. */
export interface DotLinks {
  /** Of the gate, which a unit is added to; null where the layer is not drawn. */
  address: string | null;
  isDrawn: (unit: number) => boolean;
}

/**
 * Left- against right-saturated fraction, a dot a unit: as `saturationPlot`. The page's script names the dot that a pointer
 * is near, and makes a link of it: an element for each of hundreds of units would double the size of a page.
 */
export function saturationChart(
  gate: string,
  fractions: GateFractions,
  stuckFraction: number,
  { address, isDrawn }: DotLinks,
): string {
  const found = saturationDots(fractions).filter((dot) => dot !== null);
  const hasLink = ({ unit }: SaturationDot) => address !== null && isDrawn(unit);
  const dots = [true, false].map((isLinked) => {
    const shown = found.filter((dot) => hasLink(dot) === isLinked);
    if (shown.length === 0) return '';
    const d = shown.map(({ left, right }) => `M${xAt(right, 2)} ${yAt(left, 2)}h0`).join('');
    const units = shown.map(({ unit }) => unit).join(' ');
    return `<path class="dots" d="${d}" data-units="${units}"${isLinked ? ` data-address="${address}"` : ''}/>`;
  });
  const rest = 1 - stuckFraction;
  const stuck = [`M${xAt(stuckFraction)} ${yAt(0)}V${yAt(rest)}`, `M${xAt(0)} ${yAt(stuckFraction)}H${xAt(rest)}`];
  const parts = [
    `<path class="diagonal" d="M${xAt(0)} ${yAt(1)}L${xAt(1)} ${yAt(0)}"/><path class="guide" d="${stuck.join('')}"/>`,
    ticks([0, 0.5, 1], xAt, yAt(0)),
    sideTicks([0, 0.5, 1], yAt),
    axisTitles('right-saturated (open)', 'left-saturated (closed)'),
    ...dots,
  ];
  return picture(`Saturation of gate ${gate}`, parts);
}

/** How many units remember how long, on a logarithmic scale: as `memoryHorizonPlot`. Empty where none is finite. */
export function horizonChart(statistics: GateStatistics, timesteps: number): string {
  const bins = horizonBins(memoryHorizonOf(statistics) ?? []);
  if (bins.length === 0) return '';
  const domain = horizonDomain(bins, timesteps);
  const x: Scale = (horizon) => xAt(horizonFraction(horizon, domain));
  const most = Math.max(...bins.map(({ units }) => units.length));
  const bars = bins.map(({ shortest, longest, units }) => {
    const width = Math.max(1, Number(x(longest)) - Number(x(shortest)) - 0.5).toFixed(1);
    const height = (Number(yAt(0)) - Number(yAt(units.length / most))).toFixed(1);
    const title = `${amount(units.length, 'unit')}: ${shortest} to ${longest} timesteps`;
    return `<rect class="bar" x="${x(shortest)}" y="${yAt(units.length / most)}" width="${width}" height="${height}"><title>${title}</title></rect>`;
  });
  const isLeft = horizonFraction(timesteps, domain) < 0.5;
  const beside = (Number(x(timesteps)) + (isLeft ? 3 : -3)).toFixed(1);
  const anchor = isLeft ? 'start' : 'end';
  return picture('Memory horizons', [
    ...bars,
    `<path class="guide" d="M${x(timesteps)} ${yAt(0)}V${yAt(1)}"/>`,
    `<text x="${beside}" y="${PLOT.top + 12}" text-anchor="${anchor}">T = ${timesteps}</text>`,
    ticks(horizonTicks(domain, MOST_TICKS), x, yAt(0)),
    sideTicks([0, most], (count) => yAt(count / most)),
    axisTitles('memory horizon (timesteps)', 'units'),
  ]);
}

/**
 * The fraction of the gradient that is left on its way back through time, which the flow's sentence describes: as the first
 * panel of `gradientFlowPlot`. Empty where there is no gradient.
 */
export function retainedChart({ retained, timesteps }: FlowStatistics): string {
  return timeChart('Gradient on its way back', 'of its size', timesteps, [{ values: retained, name: '' }]);
}

/** Norms of the gradient over time: as the second panel of `gradientFlowPlot`. Empty where there is no gradient. */
export function flowChart({ dh, dc, timesteps }: FlowStatistics): string {
  const lines = [
    { values: dh, name: 'dL/dh' },
    { values: dc, name: 'dL/dc' },
  ];
  return timeChart('Gradient norms over time', 'L2 norm', timesteps, lines);
}

interface Line {
  /** [T] */
  values: PerTimestep;
  name: string;
}

const LINE_CLASSES = ['curve', 'curve second'];
const KEY_CLASSES = ['key-first', 'key-second'];
const KEY_WIDTH = 40;

/** Lines over time, on a logarithmic scale. */
function timeChart(title: string, unit: string, timesteps: number, lines: readonly Line[]): string {
  const positive = lines.map(({ values }) => positiveOnly(values));
  const drawn = positive.flat().filter((value) => value !== null);
  if (drawn.length === 0) return '';
  const { domain, values } = logTicks(drawn);
  const y: Scale = (norm) => yAt(Math.log(norm / domain[0]) / Math.log(domain[1] / domain[0]));
  const x: Scale = (t) => xAt((t + 0.5) / timesteps);
  const stride = Math.ceil(values.length / MOST_TICKS);
  const key = lines.map(
    ({ name }, n) =>
      `<text class="${KEY_CLASSES[n]}" x="${PLOT.left + 6 + n * KEY_WIDTH}" y="${PLOT.top + 14}">${name}</text>`,
  );
  return picture(title, [
    ...positive.map((values, n) => `<path class="${LINE_CLASSES[n]}" d="${curve(flowPoints(values), x, y)}"/>`),
    ...(lines.length > 1 ? key : []),
    ticks([...new Set([0, Math.floor((timesteps - 1) / 2), timesteps - 1])], x, yAt(0)),
    sideTicks(
      values.filter((_, n) => n % stride === 0),
      y,
      (norm) => norm.toExponential().replace('e+', 'e'),
    ),
    axisTitles('timestep', unit),
  ]);
}

/** A line as wide as its steps, so that one between two gaps is seen as well. */
function curve(points: readonly FlowPoint[], x: Scale, y: Scale): string {
  let path = '';
  let isDown = false;
  for (const { first, last, value } of points) {
    if (value !== null)
      path += `${isDown ? 'L' : `M${x(first - 0.4)} ${y(value)}L`}${x((first + last) / 2)} ${y(value)}`;
    isDown = value !== null;
  }
  return path;
}

function picture(title: string, parts: string[]): string {
  const { left, top, width, height } = PLOT;
  const frame = `<rect class="frame" x="${left}" y="${top}" width="${width}" height="${height}"/>`;
  const name = escapeHtml(title);
  return `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${name}">${frame}${parts.join('')}</svg>`;
}

function ticks(values: number[], x: Scale, y: string): string {
  const baseline = Number(y) + 14;
  return values.map((value) => `<text x="${x(value)}" y="${baseline}" text-anchor="middle">${value}</text>`).join('');
}

function sideTicks(values: number[], y: Scale, text: Scale = String): string {
  const right = PLOT.left - 4;
  return values
    .map((value) => `<text x="${right}" y="${Number(y(value)) + 4}" text-anchor="end">${text(value)}</text>`)
    .join('');
}

function axisTitles(x: string, y: string): string {
  const centre = PLOT.left + PLOT.width / 2;
  const middle = PLOT.top + PLOT.height / 2;
  return `<text x="${centre}" y="${HEIGHT - 6}" text-anchor="middle">${x}</text><text transform="translate(12 ${middle}) rotate(-90)" text-anchor="middle">${y}</text>`;
}
