import * as tf from '@tensorflow/tfjs';
import { modelData } from '../../inspect/model/model-data.js';
import { amount } from '../../inspect/words.js';
import { type InspectionReportOptions, inspectionReport } from '../../plot/report/inspection-report.js';
import type { Selection } from '../formats/choose-module.js';
import type { Progress } from '../progress.js';
import { readInputs } from '../readers/read-inputs.js';
import { readLabels, readTimeLabels } from '../readers/read-labels.js';
import { readModel } from '../readers/read-model.js';
import type { PaddingSide } from '../readers/text-arrays.js';
import { messageOf, UserError } from '../user-error.js';
import { requirePlaceFor, writeFiles } from '../write-files.js';

const REPORT = 'the report';

export interface InspectOptions extends Selection {
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

/**
 * Inspects a model as it runs, and writes the report.
 *
 * @returns What was written, in words.
 * @throws UserError for files that are none, and for inputs that do not fit the model.
 */
export async function inspect(
  modelPath: string,
  options: InspectOptions,
  progress: Progress,
  onNote: (note: string) => void,
): Promise<string> {
  const { out, samples, title, loss } = options;
  if (loss !== undefined && options.labels === undefined) {
    throw new UserError('--loss needs labels, so --labels must be given too');
  }
  if (out === '') throw new UserError('--out must name a file');
  requirePlaceFor(REPORT, out, true);
  progress.reading(modelPath);
  const model = await readModel(modelPath, { selection: options, onNote });
  const tensors: tf.Tensor[] = [];
  try {
    progress.step('reading the input');
    const { inputs, shapes, tokens } = readInputs(options.input, model, options);
    tensors.push(...inputs);
    const report: InspectionReportOptions = { model, inputs };
    const notes = [heldBy(options.input, shapes, samples)];
    if (options.labels !== undefined) {
      const read = readLabels(options.labels, model, samples);
      tensors.push(...read.labels);
      report.labels = read.labels;
      notes.push(heldBy(options.labels, read.shapes, samples));
    }
    requireFit(report, loss, notes.join(''));
    const timeLabels = options.timeLabels === undefined ? tokens : readTimeLabels(options.timeLabels, samples);
    if (timeLabels !== null) report.timeLabels = timeLabels;
    if (loss !== undefined) report.loss = loss;
    if (title !== undefined) report.title = title;
    progress.step(`inspecting ${model.name} on ${inputs[0]?.shape[0]} samples`);
    const html = await inspectionReport(report);
    progress.step(`writing ${out}`);
    writeFiles(REPORT, new Map([[out, html]]));
    const used = inputs[0]?.shape[0] as number;
    const held = shapes[0]?.[0] as number;
    const of = samplesUsed(used, held, tokens !== null && used === samples);
    const size = `${out}: ${Math.ceil(html.length / 1000)} kB, on ${of}; open it in a browser`;
    const lacksLoss = report.labels !== undefined && (loss ?? model.loss) === undefined;
    return lacksLoss
      ? `${size}; it has no gradients, because the model was saved without its loss: name the loss with --loss`
      : size;
  } finally {
    tf.dispose(tensors);
    model.dispose();
  }
}

/** Before anything is computed. What an error says of the samples that were read is not yet what the file holds. */
function requireFit({ model, inputs, labels }: InspectionReportOptions, loss: string | undefined, held: string): void {
  try {
    modelData('inspect', model, inputs, labels, { loss }).dispose();
  } catch (cause) {
    throw new UserError(messageOf(cause) + held, { cause });
  }
}

/** `64 of 55,188 samples`. How many lines a text has that were not read, nobody has counted. */
function samplesUsed(used: number, held: number, mayHaveMore: boolean): string {
  const count = (number: number) => number.toLocaleString('en');
  if (used < held) return `${count(used)} of ${count(held)} samples`;
  if (mayHaveMore) return used === 1 ? 'the first sample' : `the first ${count(used)} samples`;
  return used === 1 ? 'its only sample' : `all ${count(used)} samples`;
}

/** What a file holds, if it is more than was read. */
function heldBy(path: string, shapes: readonly number[][], samples: number): string {
  if (shapes.every(([inFile = 0]) => inFile <= samples)) return '';
  const whole = shapes.map((shape) => `[${shape.join(', ')}]`).join(' and ');
  return `; '${path}' holds ${whole}, of which ${amount(samples, 'sample')} were used`;
}
