import { QUANTITIES, type Quantity } from '../../core/quantities.js';
import { type Bin, binsOf } from '../data/bins.js';
import { plainNumber } from '../data/plain-number.js';
import type { QuantityView } from '../data/quantity-view.js';
import type { Sample } from '../data/sample.js';
import { heatImage, LARGEST_IMAGE } from '../specification/heat-image.js';
import type { Json } from '../specification/vega-lite-spec.js';

/** Beyond this many, cells that carry the tooltips are blocks of values. */
const MOST_CELLS = 2500;
const TOOLTIP_CELLS = { columns: 60, rows: 20 };

/** A cell for each value where they are few, else blocks of them. */
function cellGrid({ timesteps, units }: Sample): { columns: Bin[]; rows: Bin[] } {
  const isWhole = timesteps * units <= MOST_CELLS;
  const { columns, rows } = isWhole ? { columns: timesteps, rows: units } : TOOLTIP_CELLS;
  return { columns: binsOf(timesteps, columns), rows: binsOf(units, rows) };
}

/** A row of data for each cell in which a step is valid: where it is, whose it is, and the mean of each quantity. */
export function cellRows(sample: Sample, order: readonly number[], labels: string[] | null): Json[] {
  const grid = cellGrid(sample);
  return grid.columns.flatMap((column) => {
    if (!sample.valid.slice(column.first, column.last + 1).some(Boolean)) return [];
    return grid.rows.map((row) => ({
      ...{ start: column.first - 0.5, end: column.last + 0.5, top: row.first - 0.5, bottom: row.last + 0.5 },
      time: range(column.first, column.last),
      unit: unitNames(sample, order, row),
      ...(labels !== null && {
        label: labels
          .slice(column.first, column.last + 1)
          .join(' ')
          .slice(0, 60),
      }),
      ...cellMeans(sample, order, column, row),
    }));
  });
}

function cellMeans(sample: Sample, order: readonly number[], column: Bin, row: Bin): Record<Quantity, number | null> {
  const means = QUANTITIES.map((quantity) => [
    quantity,
    plainNumber(blockMean(sample, quantity, order, column, row) as number),
  ]);
  return Object.fromEntries(means);
}

/** A panel as an image, at most as fine as can be seen. */
export function panelImage(sample: Sample, quantity: Quantity, order: readonly number[], view: QuantityView) {
  const columns = binsOf(sample.timesteps, LARGEST_IMAGE.columns);
  const rows = binsOf(sample.units, LARGEST_IMAGE.rows);
  const values = rows.flatMap((row) => columns.map((column) => blockMean(sample, quantity, order, column, row)));
  return heatImage(values, columns.length, view);
}

/** Mean of a block of values over its valid steps; null without one, and NaN or infinite where one of the values is. */
function blockMean(
  { values, valid, units }: Sample,
  quantity: Quantity,
  order: readonly number[],
  column: Bin,
  row: Bin,
): number | null {
  let [sum, count] = [0, 0];
  for (let t = column.first; t <= column.last; t++) {
    if (!valid[t]) continue;
    for (let n = row.first; n <= row.last; n++) sum += values[quantity][t * units + (order[n] as number)] as number;
    count += row.last - row.first + 1;
  }
  return count === 0 ? null : sum / count;
}

function unitNames({ unitNumbers }: Sample, order: readonly number[], row: Bin): string {
  const names = order.slice(row.first, row.last + 1).map((position) => unitNumbers[position] as number);
  const isRun = names.every((name, n) => n === 0 || name === (names[n - 1] as number) + 1);
  if (isRun) return range(names[0] as number, names.at(-1) as number);
  return names.length > 8 ? `${names.slice(0, 8).join(', ')}, …` : names.join(', ');
}

function range(first: number, last: number): string {
  return first === last ? `${first}` : `${first} to ${last}`;
}
