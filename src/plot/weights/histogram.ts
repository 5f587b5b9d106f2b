import { amount } from '../../inspect/words.js';
import type { PlotOptions } from '../specification/plot-options.js';
import { specification, type VegaLiteSpec } from '../specification/specification.js';
import type { Json } from '../specification/theme.js';

const BINS = 40;

/** The values of a row of histograms. */
export interface HistogramGroup {
  name: string;
  byGate: Readonly<Record<string, readonly number[]>>;
}

/** How many values lie in each of 40 bins, which are the same for all gates of a group. */
function histogramRows({ name, byGate }: HistogramGroup, limit: number): Json[] {
  const edge = (bin: number) => Number((limit * ((2 * bin) / BINS - 1)).toPrecision(4));
  return Object.entries(byGate).flatMap(([gate, values]) => {
    const counts = new Array<number>(BINS).fill(0);
    for (const value of values.filter(Number.isFinite)) {
      const bin = Math.min(Math.floor(((value + limit) / (2 * limit)) * BINS), BINS - 1);
      counts[bin] = (counts[bin] as number) + 1;
    }
    return counts.map((count, bin) => ({ name, gate, start: edge(bin), end: edge(bin + 1), count }));
  });
}

/** A row of histograms a group, a column a gate; zero is in the middle. */
export function histogramSpec(
  options: PlotOptions,
  title: string,
  noun: string,
  groups: readonly HistogramGroup[],
): VegaLiteSpec {
  const { width = 130, height = 90 } = options;
  const all = groups.flatMap(({ byGate }) => Object.values(byGate).flat());
  const nonFinite = all.filter((value) => !Number.isFinite(value)).length;
  const names = [...new Set(groups.flatMap(({ byGate }) => Object.keys(byGate)))];
  const vconcat = groups.map((group) => {
    const gates = Object.keys(group.byGate);
    const values = Object.values(group.byGate).flat().filter(Number.isFinite);
    const limit = values.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0) || 1;
    return {
      title: group.name,
      data: { values: histogramRows(group, limit) },
      facet: { column: { field: 'gate', type: 'nominal', title: null, sort: gates } },
      spec: {
        width,
        height,
        mark: { type: 'bar', binSpacing: 0, aria: false },
        encoding: encodingOf(noun, limit, names),
      },
    };
  });
  return specification(
    options,
    {
      title,
      subtitle: [
        `number of ${noun}s by gate`,
        ...(nonFinite === 0 ? [] : [`${amount(nonFinite, noun)} NaN or infinite, not drawn`]),
      ],
      width: names.length * width,
    },
    { vconcat, resolve: { scale: { x: 'independent', y: 'independent' } } },
  );
}

function encodingOf(noun: string, limit: number, gates: readonly string[]): Json {
  return {
    x: {
      field: 'start',
      type: 'quantitative',
      bin: { binned: true },
      title: noun,
      scale: { domain: [-limit, limit], nice: false },
      // Flush, so that those at the ends do not run into those of the next panel.
      axis: { values: [-limit, 0, limit], format: '.2~g', labelFlush: true, labelOverlap: true, grid: false },
    },
    x2: { field: 'end' },
    y: { field: 'count', type: 'quantitative', title: 'count', axis: { tickCount: 3, tickMinStep: 1, format: '~s' } },
    color: { field: 'gate', type: 'nominal', sort: [...gates], legend: null },
    tooltip: [
      { field: 'gate', type: 'nominal', title: 'gate' },
      { field: 'start', type: 'quantitative', title: 'from' },
      { field: 'end', type: 'quantitative', title: 'to' },
      { field: 'count', type: 'quantitative', title: 'count' },
    ],
  };
}
