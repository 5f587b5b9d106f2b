import * as tf from '@tensorflow/tfjs';
import { invalidArgument } from '../../core/errors.js';
import type { OptionRules } from '../../core/options.js';
import { amount } from '../../inspect/words.js';
import { CATEGORIES } from '../rows/colours.js';
import { plainNumber } from '../rows/plain-number.js';
import { givenOptions, SAMPLE, TIME_PLOT_RULES, type TimePlotOptions } from '../specification/plot-options.js';
import { specification, type VegaLiteSpec } from '../specification/specification.js';
import type { Json } from '../specification/theme.js';
import { timeAxis } from '../specification/time-axis.js';

/** The options of `inputSensitivityPlot`. */
export interface InputSensitivityPlotOptions extends TimePlotOptions {
  /** Index of the sample in the batch. Default: 0. */
  sample?: number;
}

const RULES: OptionRules = { ...TIME_PLOT_RULES, sample: SAMPLE };

/**
 * Which timesteps of the input an output depends on: one bar per timestep, whose height is ‖∂h/∂x‖ there. Values that are
 * NaN or infinite have no bar, and the heading says how many there are.
 *
 * ```ts
 * const sensitivity = inputSensitivity(layer, x);
 * show(await inputSensitivityPlot(sensitivity, { timeLabels: [...text] }));
 * sensitivity.dispose();
 * ```
 *
 * @param sensitivity [B, T], as `inputSensitivity` returns it; it is not disposed.
 * @throws RangeError (as a rejection) for what is not such a tensor, for a sample out of range, for a number of labels
 *   other than that of the timesteps, and for options of the wrong type.
 * @category Pictures of gradients
 */
export async function inputSensitivityPlot(
  sensitivity: tf.Tensor2D,
  options: InputSensitivityPlotOptions = {},
): Promise<VegaLiteSpec> {
  const where = 'inputSensitivityPlot';
  const given = givenOptions(where, options, RULES);
  const { sample = 0, theme = 'light', height = 160 } = given;
  const values = await readRow(where, sensitivity, sample);
  const { width, labels, params, channel } = timeAxis(where, values.length, given);
  const nonFinite = values.filter((value) => !Number.isFinite(value)).length;
  const rows = values.map((value, timestep) => {
    const row: Json = { timestep, start: timestep - 0.5, end: timestep + 0.5, value: plainNumber(value) };
    if (labels !== null) row.label = labels[timestep];
    return row;
  });
  return specification(
    given,
    {
      title: 'What the output depends on',
      subtitle: [
        `sample ${sample}: sensitivity to each timestep of the input`,
        ...(nonFinite === 0 ? [] : [`${amount(nonFinite, 'timestep')} NaN or infinite, not drawn`]),
      ],
      width,
    },
    {
      width,
      height,
      params,
      data: { values: rows },
      mark: { type: 'bar', color: CATEGORIES[theme][0], binSpacing: values.length > width / 4 ? 0 : 1 },
      encoding: {
        x: { ...channel, field: 'start' },
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
  if (sample < 0 || sample >= batch) {
    throw invalidArgument(where, `sample must be an integer within [0, ${batch})`, sample);
  }
  const row = tf.tidy(() => tf.slice(sensitivity, [sample, 0], [1, -1]));
  try {
    return [...(await row.data())];
  } finally {
    row.dispose();
  }
}
