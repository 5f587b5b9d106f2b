import * as tf from '@tensorflow/tfjs';
import { describeFindings } from '../../inspect/diagnose/describe-findings.js';
import { type Finding, SEVERITIES, type Severity } from '../../inspect/diagnose/finding.js';
import { modelData } from '../../inspect/model/model-data.js';
import { amount } from '../../inspect/words.js';
import { type InspectionReportOptions, reportWithFindings } from '../../plot/report/inspection-report.js';
import type { Selection } from '../formats/choose-module.js';
import type { Progress } from '../progress.js';
import { STANDARD_INPUT } from '../readers/read-file.js';
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

/** What an inspection came to. */
export interface Inspected {
  /** Path of the report. */
  report: string;
  /** Of its HTML. */
  characters: number;
  /** What was read, of what was there: so many of so many samples, or lines of text. */
  read: { used: number; of: number; what: 'samples' | 'lines' };
  /** The most severe first; null where they could not be computed. */
  findings: Finding[] | null;
  /** What could not be computed, and why, in sentences. */
  omissions: string[];
}

/**
 * Inspects a model as it runs, and writes the report.
 *
 * @throws UserError for files that are none, and for inputs that do not fit the model.
 */
export async function inspect(
  modelPath: string,
  options: InspectOptions,
  progress: Progress,
  onNote: (note: string) => void,
): Promise<Inspected> {
  const { out, samples, title, loss } = options;
  if (loss !== undefined && options.labels === undefined) {
    throw new UserError('--loss needs labels, so --labels must be given too');
  }
  const { input, labels, vocabulary, timeLabels } = options;
  if ([input, labels, vocabulary, timeLabels].filter((path) => path === STANDARD_INPUT).length > 1) {
    throw new UserError('the standard input can be read once, so only one file may be -');
  }
  if (out === '') throw new UserError('--out must name a file');
  requirePlaceFor(REPORT, out, true);
  progress.reading(modelPath);
  const model = await readModel(modelPath, { selection: options, onNote });
  const tensors: tf.Tensor[] = [];
  try {
    progress.step('reading the input');
    const { inputs, shapes, tokens, vocabulary } = readInputs(options.input, model, options);
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
    if (vocabulary !== null) report.classNames = vocabulary;
    if (loss !== undefined) report.loss = loss;
    if (title !== undefined) report.title = title;
    progress.step(`inspecting ${model.name} on ${inputs[0]?.shape[0]} samples`);
    const { html, findings, omissions } = await reportWithFindings('inspect', report);
    progress.step(`writing ${out}`);
    writeFiles(REPORT, new Map([[out, html]]));
    const lacksLoss = report.labels !== undefined && (loss ?? model.loss) === undefined;
    if (lacksLoss) {
      omissions.push(
        'There are no gradients, because the model was saved without its loss: name the loss with --loss.',
      );
    }
    const read: Inspected['read'] = {
      used: inputs[0]?.shape[0] as number,
      of: shapes[0]?.[0] as number,
      what: tokens === null ? 'samples' : 'lines',
    };
    return { report: out, characters: html.length, read, findings, omissions };
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

/** An inspection for a person to read: findings that are worth knowing, but harm nothing, are only counted. */
export function inspectedText({ report, characters, read, findings, omissions }: Inspected): string {
  const harmful = findings?.filter(({ severity }) => severity !== 'note') ?? [];
  const notes = (findings?.length ?? 0) - harmful.length;
  const found = findings === null || (harmful.length === 0 && notes > 0) ? [] : [describeFindings(harmful)];
  const more = harmful.length === 0 ? amount(notes, 'note') : `${amount(notes, 'note')} more`;
  const counted = notes === 0 ? [] : [`${more}: see the report.`];
  const written = `${report}: ${Math.ceil(characters / 1000)} kB, on ${readText(read)}; open it in a browser`;
  return [...found, ...counted, ...omissions, written].join('\n');
}

/** `64 of 55,188 lines`. */
function readText({ used, of, what }: Inspected['read']): string {
  const count = (number: number) => number.toLocaleString('en');
  if (used < of) return `${count(used)} of ${count(of)} ${what}`;
  return used === 1 ? `its only ${what.slice(0, -1)}` : `all ${count(used)} ${what}`;
}

/** Whether a finding is as severe as that, or more; so it is too where findings could not be computed. */
export function isAsSevere({ findings }: Inspected, severity: Severity): boolean {
  const least = SEVERITIES.indexOf(severity);
  return findings === null || findings.some((finding) => SEVERITIES.indexOf(finding.severity) <= least);
}

/** What a file holds, if it is more than was read. */
function heldBy(path: string, shapes: readonly number[][], samples: number): string {
  if (shapes.every(([inFile = 0]) => inFile <= samples)) return '';
  const whole = shapes.map((shape) => `[${shape.join(', ')}]`).join(' and ');
  return `; '${path}' holds ${whole}, of which ${amount(samples, 'sample')} were used`;
}
