import type * as tf from '@tensorflow/tfjs';
import { GATE_NAMES, type GateName } from '../../core/gates.js';
import { amount } from '../../inspect/words.js';
import { type PlotOptions, requirePlotOptions } from '../specification/plot-options.js';
import { specification } from '../specification/specification.js';
import type { Json, VegaLiteSpec } from '../specification/vega-lite-spec.js';
import { histogramRows } from './histogram.js';
import { readWeights, WEIGHT_NAMES, WEIGHT_TITLES } from './read-weights.js';

/**
 * How a layer's weights are distributed: a row of histograms for each of kernel, recurrent kernel and bias, a column a
 * gate. Values that are NaN or infinite are counted in the heading.
 *
 * ```ts
 * show(await weightHistogram(model.getLayer('lstm')));
 * ```
 *
 * @param layer A built LSTM of this package or of tfjs, `tf.layers.rnn` over one cell of either, or such a cell.
 * @throws RangeError (by the promise) for a layer that is not an LSTM and for options of other kinds than described;
 *   Error for a layer that is not built or is disposed.
 */
export async function weightHistogram(layer: tf.layers.Layer, options: PlotOptions = {}): Promise<VegaLiteSpec> {
  const where = 'weightHistogram';
  requirePlotOptions(where, options);
  const read = await readWeights(where, layer);
  const weights = WEIGHT_NAMES.flatMap((name) => {
    const weight = read[name];
    return weight === null ? [] : [{ name: WEIGHT_TITLES[name], ...weight }];
  });
  const gateOf = (columns: number) => (index: number) =>
    GATE_NAMES[Math.floor(((index % columns) * GATE_NAMES.length) / columns)] as GateName;
  const nonFinite = weights.reduce(
    (sum, { values }) => sum + Array.from(values).filter((v) => !Number.isFinite(v)).length,
    0,
  );
  const groups = weights.map(({ name, values, columns }) => ({
    name,
    rows: histogramRows(name, values, gateOf(columns)),
  }));
  return histogramSpec(options, `Weights of ${layer.name}`, 'weight', groups, nonFinite);
}

/** A row of histograms a group, a column a gate. */
export function histogramSpec(
  options: PlotOptions,
  title: string,
  noun: string,
  groups: { name: string; rows: Json[] }[],
  nonFinite: number,
): VegaLiteSpec {
  const { width = 130, height = 90 } = options;
  const subtitle =
    nonFinite === 0 ? `number of ${noun}s by gate` : `${amount(nonFinite, noun)} NaN or infinite, not drawn`;
  const vconcat = groups.map(({ name, rows }) => ({
    ...{ title: name, data: { values: rows } },
    facet: { column: { field: 'gate', type: 'nominal', title: null, sort: [...GATE_NAMES] } },
    spec: {
      ...{ width, height },
      mark: { type: 'bar', binSpacing: 0, aria: false },
      encoding: histogramEncoding(noun),
    },
  }));
  return specification(
    options,
    { title, subtitle },
    { vconcat, resolve: { scale: { x: 'independent', y: 'independent' } } },
  );
}

function histogramEncoding(noun: string): Json {
  const axis = { tickCount: 3, format: '.2~g', labelOverlap: true };
  return {
    x: { field: 'start', type: 'quantitative', bin: { binned: true }, title: noun, axis },
    x2: { field: 'end' },
    y: { field: 'count', type: 'quantitative', title: 'count', axis: { tickCount: 3, format: '~s' } },
    color: { field: 'gate', type: 'nominal', sort: [...GATE_NAMES], legend: null },
    tooltip: [
      { field: 'gate', type: 'nominal', title: 'gate' },
      { field: 'start', type: 'quantitative', title: 'from' },
      { field: 'end', type: 'quantitative', title: 'to' },
      { field: 'count', type: 'quantitative', title: 'count' },
    ],
  };
}
