import * as tf from '@tensorflow/tfjs';
import { invalidArgument } from '../../core/errors.js';
import { plainNumber } from '../data/plain-number.js';
import { requireLabels, type TimeLabels } from '../data/time-labels.js';
import { CATEGORIES } from '../specification/colours.js';
import { type PlotOptions, requirePlotOptions } from '../specification/plot-options.js';
import { specification } from '../specification/specification.js';
import { timeAxis, timeWidth } from '../specification/time-axis.js';
import type { VegaLiteSpec } from '../specification/vega-lite-spec.js';

export interface InputSensitivityPlotOptions extends PlotOptions {
  /** Index of the sample in the batch. Default: 0. */
  sample?: number;
  /** One for each timestep, such as the tokens of a text; written along time. */
  labels?: TimeLabels;
}

/**
 * Which timesteps of the input an output depends on: a bar a timestep, as high as ‖∂h/∂x‖ there.
 *
 * ```ts
 * const sensitivity = inputSensitivity(layer, x);
 * show(await inputSensitivityPlot(sensitivity, { labels: [...text] }));
 * sensitivity.dispose();
 * ```
 *
 * @param sensitivity [B, T], as `inputSensitivity` returns it; it remains the caller's.
 * @throws RangeError (by the promise) for what is not such a tensor, a sample that there is not, labels that are not as
 *   many as timesteps, and options of other kinds than described.
 */
export async function inputSensitivityPlot(
  sensitivity: tf.Tensor2D,
  options: InputSensitivityPlotOptions = {},
): Promise<VegaLiteSpec> {
  const where = 'inputSensitivityPlot';
  requirePlotOptions(where, options, ['sample', 'labels']);
  const { sample = 0, theme = 'light' } = options;
  const values = await readRow(where, sensitivity, sample);
  const labels = requireLabels(where, options.labels, values.length);
  const { width = timeWidth(values.length, labels), height = 160 } = options;
  const time = timeAxis(values.length, labels, width);
  const rows = values.map((value, timestep) => ({
    ...{ timestep, start: timestep - 0.5, end: timestep + 0.5 },
    ...(labels !== null && { label: labels[timestep] }),
    value: plainNumber(value),
  }));
  return specification(
    options,
    { title: 'What the output depends on', subtitle: `sample ${sample}: sensitivity to each timestep of the input` },
    {
      ...{ width, height },
      params: time.params,
      data: { values: rows },
      mark: { type: 'bar', color: CATEGORIES[theme][0], binSpacing: values.length > 200 ? 0 : 1 },
      encoding: {
        x: { ...time.channel, field: 'start' },
        x2: { field: 'end' },
        y: { field: 'value', type: 'quantitative', title: '‖∂h/∂x‖', axis: { format: '.2~g', tickCount: 4 } },
        y2: { datum: 0 },
        tooltip: [
          { field: 'timestep', type: 'quantitative', title: 'timestep' },
          ...(labels === null ? [] : [{ field: 'label', type: 'nominal', title: 'label' }]),
          { field: 'value', type: 'quantitative', title: '‖∂h/∂x‖', format: '.3~g' },
        ],
      },
    },
  );
}

async function readRow(where: string, sensitivity: tf.Tensor2D, sample: number): Promise<number[]> {
  if (!(sensitivity instanceof tf.Tensor) || sensitivity.rank !== 2 || sensitivity.isDisposed) {
    throw invalidArgument(where, 'sensitivity must be a tensor [B, T], not disposed', sensitivity);
  }
  const [batch] = sensitivity.shape;
  if (!Number.isInteger(sample) || sample < 0 || sample >= batch) {
    throw invalidArgument(where, `sample must be an integer within [0, ${batch})`, sample);
  }
  const row = tf.tidy(() => tf.slice(sensitivity, [sample, 0], [1, -1]));
  try {
    return [...(await row.data())];
  } finally {
    row.dispose();
  }
}
