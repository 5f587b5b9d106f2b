import { writeFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs';
import { flowStatistics } from '../../inspect/gradient/flow-statistics.js';
import type { FlowStatistics } from '../../inspect/gradient/flow-types.js';
import { gradientFlowModel } from '../../inspect/gradient/gradient-flow-model.js';
import { inspectionReport } from '../../plot/report/inspection-report.js';
import { layerTitle } from '../../plot/report/layer-title.js';
import type { Progress } from '../progress.js';
import { readInputs } from '../readers/read-inputs.js';
import { readLabels, readTimeLabels } from '../readers/read-labels.js';
import { readModel } from '../readers/read-model.js';
import type { PaddingSide } from '../readers/text-arrays.js';
import { messageOf, UserError } from '../user-error.js';

export interface InspectOptions {
  /** Path of what the model runs on. */
  input: string;
  /** Path of the report. */
  out: string;
  labels?: string | undefined;
  timeLabels?: string | undefined;
  vocabulary?: string | undefined;
  pad: PaddingSide;
  /** At most so many samples, the first ones. */
  samples: number;
  title?: string | undefined;
}

function write(path: string, html: string): void {
  try {
    writeFileSync(path, html);
  } catch (cause) {
    throw new UserError(`the report '${path}' cannot be written: ${messageOf(cause)}`, { cause });
  }
}

/** How the gradient flows back through each LSTM, by its title; none where the model was not saved as it was compiled. */
async function flowsOf(
  model: tf.LayersModel,
  inputs: tf.Tensor[],
  labels: tf.Tensor[] | undefined,
): Promise<Record<string, FlowStatistics>> {
  if (labels === undefined || model.loss === undefined) return {};
  const flows = gradientFlowModel(model, inputs, labels);
  try {
    const named = flows.map(async ({ flow, ...name }) => [layerTitle(name), await flowStatistics(flow)]);
    return Object.fromEntries(await Promise.all(named));
  } finally {
    for (const { flow } of flows) flow.dispose();
  }
}

/**
 * Inspects a model as it runs, and writes the report.
 *
 * @returns What was written, in words.
 * @throws UserError for files that are none, and for inputs that do not fit the model.
 */
export async function inspect(modelPath: string, options: InspectOptions, progress: Progress): Promise<string> {
  const { out, samples, title } = options;
  progress.step('reading the model');
  const model = await readModel(modelPath);
  const tensors: tf.Tensor[] = [];
  try {
    progress.step('reading the input');
    const { inputs, tokens } = readInputs(options.input, model, options);
    tensors.push(...inputs);
    const labels = options.labels === undefined ? undefined : readLabels(options.labels, model, samples);
    tensors.push(...(labels ?? []));
    const timeLabels = options.timeLabels === undefined ? tokens : readTimeLabels(options.timeLabels, samples);
    progress.step(`inspecting ${model.name} over ${inputs[0]?.shape[0]} samples`);
    const html = await inspectionReport({
      model,
      inputs,
      flows: await flowsOf(model, inputs, labels),
      ...(labels && { labels }),
      ...(timeLabels && { timeLabels }),
      ...(title !== undefined && { title }),
    });
    progress.step(`writing ${out}`);
    write(out, html);
    return `${out}: ${Math.ceil(html.length / 1000)} kB, to be opened in a browser`;
  } finally {
    tf.dispose(tensors);
    model.dispose();
  }
}
