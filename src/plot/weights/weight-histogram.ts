import type * as tf from '@tensorflow/tfjs';
import { givenOptions, PLOT_RULES, type PlotOptions } from '../specification/plot-options.js';
import type { VegaLiteSpec } from '../specification/specification.js';
import { histogramSpec } from './histogram.js';
import { readWeights, type WeightValues } from './read-weights.js';

/**
 * How a layer's weights are distributed: one row of histograms each for the kernel, the recurrent kernel and the bias, one
 * column per gate; of a variant for each of its cell's own weights, and `all` of one that is not divided. The heading says how many values are NaN or infinite.
 *
 * ```ts
 * show(await weightHistogram(model.getLayer('lstm')));
 * ```
 *
 * @param layer A built LSTM of this package or of tfjs, `tf.layers.rnn` over one cell of either, or such a cell.
 * @throws RangeError (as a rejection) for a layer that is not an LSTM, and for options of the wrong type; Error for a
 *   layer that is not built or is disposed.
 * @category Pictures of weights
 */
export async function weightHistogram(layer: tf.layers.Layer, options: PlotOptions = {}): Promise<VegaLiteSpec> {
  const where = 'weightHistogram';
  const given = givenOptions(where, options, PLOT_RULES);
  const read = await readWeights(where, layer);
  const groups = read.map((weight) => ({ name: weight.title, byGate: valuesByGate(weight) }));
  return histogramSpec(given, `Weights of ${layer.name}`, 'weight', groups);
}

function valuesByGate({ values, columns, blocks }: WeightValues): Record<string, number[]> {
  const byGate: Record<string, number[]> = {};
  for (const { name } of blocks) byGate[name] = [];
  const gates = blocks.flatMap(({ name, width }) => new Array<string>(width).fill(name));
  for (let n = 0; n < values.length; n++) byGate[gates[n % columns] as string]?.push(values[n] as number);
  return byGate;
}
