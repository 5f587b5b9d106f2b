import type { FlowStatistics, PerTimestep } from '../../inspect/gradient/flow-types.js';
import type { GateStatistics } from '../../inspect/statistics/statistics-types.js';
import { percent } from '../../inspect/words.js';
import { escapeHtml } from './escape.js';

// Small pictures of a report, as SVG. Their colours are in the report's style, so that they follow light and dark.

const [WIDTH, HEIGHT] = [240, 180];
const PLOT = { left: 46, top: 8, width: 184, height: 136 };

type Scale = (value: number) => string;

const xAt = (fraction: number): string => (PLOT.left + fraction * PLOT.width).toFixed(1);
const yAt = (fraction: number): string => (PLOT.top + (1 - fraction) * PLOT.height).toFixed(1);

/** Left- against right-saturated fraction, a dot a unit: as `saturationPlot`. */
export function saturationChart(statistics: GateStatistics, gate: 'i' | 'f' | 'o', stuckFraction: number): string {
  const { leftSaturated, rightSaturated } = statistics[gate];
  const dots = leftSaturated.flatMap((left, unit) => {
    const right = rightSaturated[unit];
    if (left === null || right === null || right === undefined) return [];
    const title = `unit ${unit}: closed ${percent(left)}, open ${percent(right)}`;
    return [`<circle class="dot" cx="${xAt(right)}" cy="${yAt(left)}" r="4"><title>${title}</title></circle>`];
  });
  const rest = 1 - stuckFraction;
  const stuck = [`M${xAt(stuckFraction)} ${yAt(0)}V${yAt(rest)}`, `M${xAt(0)} ${yAt(stuckFraction)}H${xAt(rest)}`];
  return picture(`Saturation of gate ${gate}`, [
    `<path class="diagonal" d="M${xAt(0)} ${yAt(1)}L${xAt(1)} ${yAt(0)}"/><path class="guide" d="${stuck.join('')}"/>`,
    ticks([0, 0.5, 1], xAt, yAt(0)),
    sideTicks([0, 0.5, 1], yAt),
    axisTitles('right-saturated (open)', 'left-saturated (closed)'),
    ...dots,
  ]);
}

/** How many units remember how long, on a logarithmic scale: as `memoryHorizonPlot`. */
export function horizonChart({ memoryHorizon }: GateStatistics, timesteps: number): string {
  const known = memoryHorizon.filter((horizon) => horizon !== null);
  if (known.length === 0) return '';
  const bins = known.map((horizon) => Math.max(-3, Math.floor(Math.log2(Math.max(horizon, 2 ** -3)))));
  const [first, last] = [Math.min(...bins, 0), Math.max(...bins, Math.ceil(Math.log2(timesteps)))];
  const counts = Array.from({ length: last - first + 1 }, (_, n) => bins.filter((bin) => bin === first + n).length);
  const most = Math.max(...counts);
  const x = (horizon: number) => xAt((Math.log2(horizon) - first) / (last + 1 - first));
  const bars = counts.map((count, n) => {
    const [from, to] = [2 ** (first + n), 2 ** (first + n + 1)];
    const width = (Number(x(to)) - Number(x(from)) - 1).toFixed(1);
    const height = Number(yAt(0)) - Number(yAt(count / most));
    const title = `${count} units: ${from} to ${to} timesteps`;
    return `<rect class="bar" x="${x(from)}" y="${yAt(count / most)}" width="${width}" height="${height.toFixed(1)}"><title>${title}</title></rect>`;
  });
  const powers = counts.map((_, n) => 2 ** (first + n)).filter((_, n) => n % Math.ceil(counts.length / 6) === 0);
  return picture('Memory horizons', [
    ...bars,
    `<path class="guide" d="M${x(timesteps)} ${yAt(0)}V${yAt(1)}"/>`,
    `<text x="${Number(x(timesteps)) - 3}" y="${PLOT.top + 12}" text-anchor="end">T = ${timesteps}</text>`,
    ticks(powers, x, yAt(0)),
    sideTicks([0, most], (count) => yAt(count / most)),
    axisTitles('memory horizon (timesteps)', 'units'),
  ]);
}

/** Norms of the gradient over time, on a logarithmic scale: as `gradientFlowPlot`. */
export function flowChart({ dh, dc, timesteps }: FlowStatistics): string {
  const drawn = [...dh, ...dc].filter((norm) => norm !== null && norm > 0) as number[];
  if (drawn.length === 0) return '';
  const [low, high] = [Math.floor(Math.log10(Math.min(...drawn))), Math.ceil(Math.log10(Math.max(...drawn)) + 1e-9)];
  const y = (power: number) => yAt((power - low) / Math.max(high - low, 1));
  const x = (t: number) => xAt(timesteps === 1 ? 0.5 : t / (timesteps - 1));
  const middle = Math.floor((timesteps - 1) / 2);
  const powers = [...new Set([low, Math.round((low + high) / 2), high])];
  return picture('Gradient norms over time', [
    `<path class="curve" d="${curve(dh, x, y)}"/><path class="curve second" d="${curve(dc, x, y)}"/>`,
    `<text class="key-first" x="${PLOT.left + 6}" y="${PLOT.top + 14}">dL/dh</text>`,
    `<text class="key-second" x="${PLOT.left + 46}" y="${PLOT.top + 14}">dL/dc</text>`,
    ticks([...new Set([0, middle, timesteps - 1])], x, yAt(0)),
    sideTicks(powers, y, (power) => `1e${power}`),
    axisTitles('timestep', 'L2 norm'),
  ]);
}

function curve(norms: PerTimestep, x: Scale, y: Scale): string {
  let isDown = false;
  return norms
    .map((norm, t) => {
      if (norm === null || norm <= 0) {
        isDown = false;
        return '';
      }
      const point = `${isDown ? 'L' : 'M'}${x(t)} ${y(Math.log10(norm))}`;
      isDown = true;
      return point;
    })
    .join('');
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
  const [centre, middle] = [PLOT.left + PLOT.width / 2, PLOT.top + PLOT.height / 2];
  return `<text x="${centre}" y="${HEIGHT - 6}" text-anchor="middle">${x}</text><text transform="translate(12 ${middle}) rotate(-90)" text-anchor="middle">${y}</text>`;
}
