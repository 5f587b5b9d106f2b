import { writeFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs';
import { inspectionReport } from '../../plot/report/inspection-report.js';
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
  /** tfjs's name of a loss, for models that were saved without theirs. */
  loss?: string | undefined;
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

/**
 * Inspects a model as it runs, and writes the report.
 *
 * @returns What was written, in words.
 * @throws UserError for files that are none, and for inputs that do not fit the model.
 */
export async function inspect(modelPath: string, options: InspectOptions, progress: Progress): Promise<string> {
  const { out, samples, title, loss } = options;
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
      ...(labels && { labels }),
      ...(loss !== undefined && { loss }),
      ...(timeLabels && { timeLabels }),
      ...(title !== undefined && { title }),
    });
    progress.step(`writing ${out}`);
    write(out, html);
    const size = `${out}: ${Math.ceil(html.length / 1000)} kB, to be opened in a browser`;
    const lacksLoss = labels !== undefined && (loss ?? model.loss) === undefined;
    return lacksLoss ? `${size}; without gradients, as the model was saved without its loss: name it by --loss` : size;
  } finally {
    tf.dispose(tensors);
    model.dispose();
  }
}
