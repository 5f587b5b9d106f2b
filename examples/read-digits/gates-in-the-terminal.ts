import Table from 'cli-table3';
import { GAUGES, type Gauge, mostChangedUnits, type Reading, type RowReading, type UnitReading } from './watching.js';

/** Terminal columns of one gauge. */
const GAUGE_WIDTH = 5;
/** Columns that a drawn row needs beside its pixels. */
const BESIDE_PIXELS = 42;

const SHADES = [' ', '░', '▒', '▓', '█'];
const HEIGHTS = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/** A horizontal bar of `width` columns, blank-padded; `fraction` 0 to 1 of it is filled. */
export function bar(fraction: number, width: number): string {
  const eighths = Math.round(Math.min(Math.max(fraction, 0), 1) * width * 8);
  const rest = EIGHTHS[eighths % 8] as string;
  return ('█'.repeat(Math.floor(eighths / 8)) + rest).padEnd(width);
}

/** One character per value, from `▁` for 0 to `█` for 1. */
export function sparkline(values: readonly number[]): string {
  return values.map((value) => levelOf(HEIGHTS, value)).join('');
}

/** One row of pixels, 0 (blank) to 1 (solid), each drawn `pixelWidth` columns wide. */
export function pixelRow(pixels: readonly number[], pixelWidth: number): string {
  return pixels.map((ink) => levelOf(SHADES, ink).repeat(pixelWidth)).join('');
}

/**
 * Draws a digit with what the network did at each of its rows.
 *
 * @param columns Width of the terminal.
 */
export function drawReading({ rows }: Reading, columns: number): string {
  const pixels = rows[0]?.pixels.length ?? 0;
  // A character is twice as high as wide.
  const pixelWidth = columns >= BESIDE_PIXELS + 2 * pixels ? 2 : 1;
  const scales = scalesOf(rows);
  const titles = GAUGES.map((gauge) => gauge.padEnd(GAUGE_WIDTH)).join(' ');
  const head = ` t  ${'x_t'.padEnd(pixels * pixelWidth)} ${titles} it says`;
  return [head, ...rows.map((row, t) => drawRow(row, t, pixelWidth, scales))].join('\n');
}

/** A table of the units whose forget gate changed most, with that gate over time. */
export function drawUnits({ units }: Reading, count: number): string {
  const table = new Table({
    head: ['unit', 'f from the first row to the last', 'least', 'most', 'c at the end'],
    style: { head: [], border: [] },
    chars: { mid: '', 'mid-mid': '', 'left-mid': '', 'right-mid': '' },
    colAligns: ['right', 'left', 'right', 'right', 'right'],
  });
  table.push(...mostChangedUnits(units, count).map(unitCells));
  return table.toString();
}

function drawRow(row: RowReading, t: number, pixelWidth: number, scales: Record<Gauge, number>): string {
  const gauges = GAUGES.map((gauge) => bar(row.means[gauge] / scales[gauge], GAUGE_WIDTH)).join(' ');
  const { digit, probability } = row.guess;
  const guess = `${digit} ${`${(100 * probability).toFixed(0)} %`.padStart(5)}`;
  return `${String(t).padStart(2)}  ${pixelRow(row.pixels, pixelWidth)} ${gauges} ${guess}`;
}

/** What a full bar stands for: 1 for gates; for the states, which have no such bound, the largest mean of all rows. */
function scalesOf(rows: readonly RowReading[]): Record<Gauge, number> {
  const largest = (gauge: Gauge) => Math.max(...rows.map(({ means }) => means[gauge])) || 1;
  return { i: 1, f: 1, o: 1, '|c|': largest('|c|'), '|h|': largest('|h|') };
}

function unitCells({ unit, forgetGate, cellState }: UnitReading): (string | number)[] {
  const [least, most, last] = [Math.min(...forgetGate), Math.max(...forgetGate), cellState.at(-1) ?? 0];
  return [unit, sparkline(forgetGate), least.toFixed(2), most.toFixed(2), last.toFixed(2)];
}

function levelOf(levels: readonly string[], value: number): string {
  const level = Math.round(Math.min(Math.max(value, 0), 1) * (levels.length - 1));
  return levels[level] as string;
}
