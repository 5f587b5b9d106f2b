import * as tf from '@tensorflow/tfjs';
import { A_POSITIVE_INTEGER, A_STRING, CHECKED_LATER, checkOptions, type OptionRules } from '../../core/options.js';
import { diagnose } from '../../inspect/diagnose/diagnose.js';
import type { Finding } from '../../inspect/diagnose/finding.js';
import { type DiagnosisThresholds, withDefaults } from '../../inspect/diagnose/thresholds.js';
import type { FlowStatistics } from '../../inspect/gradient/flow-types.js';
import {
  type ModelData,
  type ModelInputs,
  type ModelLabels,
  type ModelLoss,
  modelData,
} from '../../inspect/model/model-data.js';
import { gateStatistics } from '../../inspect/statistics/gate-statistics.js';
import { type LayerTrace, traceModel } from '../../inspect/trace/trace-model.js';
import { amount, lstmName } from '../../inspect/words.js';
import { encodeSequences } from '../page/encoding.js';
import type { ReportInput } from '../page/report-data.js';
import type { TimeLabels } from '../rows/time-labels.js';
import { escapeHtml } from './escape.js';
import { findingsSection } from './findings-section.js';
import { gradientStatistics } from './gradient-statistics.js';
import { PlaceLinks } from './links.js';
import { outputsSection } from './outputs-section.js';
import { pageHtml } from './page-html.js';
import { type DrawnLayers, reportLayers } from './report-layers.js';
import { type ModelOutputs, modelOutputs, reportOutput } from './report-outputs.js';
import { labelsOfSamples, requireClassNames, requireSampleNames } from './sample-labels.js';
import { type LayerSummary, layerSection } from './sections.js';

/** The options of `inspectionReport`. */
export interface InspectionReportOptions {
  /** Any model with an LSTM, of this package or of tfjs; it is not changed. */
  model: tf.LayersModel;
  /** The inputs, as `predict` takes them: some tens of typical samples. */
  inputs: ModelInputs;
  /**
   * The labels, as `fit` takes them. With them, `diagnose` can judge whether the model has learnt, and the gradient of the
   * loss is followed back through time.
   */
  labels?: ModelLabels;
  /** Default: the loss that the model was compiled with. Without any loss, there is no gradient. */
  loss?: ModelLoss;
  /** Names of the timesteps, such as tokens: a list with one for each timestep, or one such list for each sample. */
  timeLabels?: TimeLabels | readonly TimeLabels[];
  /** One name for each sample. Default: their indices. */
  sampleNames?: readonly string[];
  /** One name for each class, such as characters, where the model predicts classes. Default: their numbers. */
  classNames?: readonly string[];
  /** Heading of the report. Default: the model's name. */
  title?: string;
  /** How many samples, the first ones, the page shows step by step; statistics cover all samples. Default: 8. */
  samples?: number;
  /**
   * About how many bytes of traces the page holds. Where all does not fit, values are rounded first, to one of 30 levels at
   * worst; then samples, units and timesteps are left out. The page says so. Default: 1,700,000.
   */
  largestBytes?: number;
  /** When something is a finding; as for `diagnose`. */
  thresholds?: Partial<DiagnosisThresholds>;
}

const RULES: OptionRules = {
  model: CHECKED_LATER,
  inputs: CHECKED_LATER,
  labels: CHECKED_LATER,
  loss: CHECKED_LATER,
  timeLabels: CHECKED_LATER,
  sampleNames: CHECKED_LATER,
  classNames: CHECKED_LATER,
  title: A_STRING,
  samples: A_POSITIVE_INTEGER,
  largestBytes: A_POSITIVE_INTEGER,
  thresholds: CHECKED_LATER,
};

/**
 * A report on a model's LSTMs as one HTML page: what `diagnose` finds; saturation, memory horizons and gradient flow in
 * words and pictures; and every gate of every unit step by step: you choose the layer, sample, gate and unit, and move one
 * cursor through time.
 *
 * The page is one file that needs no network and no other file. It works on computers and phones, and follows light and
 * dark mode. Names and labels may contain anything; they are shown as text. What cannot be computed, for lack of memory or
 * of a gradient, is left out, and the page says so.
 *
 * ```ts
 * await writeFile('report.html', await inspectionReport({ model, inputs: x, labels: y }));
 * ```
 *
 * @returns The HTML.
 * @throws RangeError (as a rejection) in the cases in which `traceModel` does; for thresholds that break their rule; for a
 *   number of time labels or sample names other than that of the timesteps or samples; and for options of the wrong type.
 * @category The report
 */
export async function inspectionReport(options: InspectionReportOptions): Promise<string> {
  return (await reportWithFindings('inspectionReport', options)).html;
}

/** A report, and what it says is wrong. */
export interface ReportWithFindings {
  html: string;
  /** Null where they could not be computed. */
  findings: Finding[] | null;
  /** What could not be computed, and why, in sentences. */
  omissions: string[];
}

/**
 * The same for who wants the findings too, under the caller's own name.
 *
 * @param isLive Whether the page that shows the report has the model.
 */
export async function reportWithFindings(
  where: string,
  options: InspectionReportOptions,
  isLive = false,
): Promise<ReportWithFindings> {
  checkOptions(where, options, RULES);
  const { model, inputs, labels } = options;
  const loss = options.loss ?? undefined;
  const thresholds = withDefaults(options.thresholds ?? undefined);
  const samples = options.samples ?? 8;
  const classNames = requireClassNames(where, options.classNames ?? undefined);
  const data = modelData(where, model, inputs, labels, { loss });
  const traces: LayerTrace[] = [];
  let traced: Traced;
  let layers: Omit<LayerSummary, 'flow'>[];
  let drawn: DrawnLayers;
  let names: string[];
  let timeLabels: string[][];
  let input: ReportInput | null;
  let modelOutput: ModelOutputs;
  try {
    traced = traceWhatFits(model, data, samples);
    traces.push(...traced.traces);
    const lengths = traced.traces.map(({ trace }) => trace.h.shape[1]);
    timeLabels = labelsOfSamples(where, options.timeLabels ?? undefined, traced.batch, lengths);
    names = requireSampleNames(where, options.sampleNames ?? undefined, traced.batch);
    const size = {
      samples,
      largestBytes: options.largestBytes ?? 1_700_000,
      labelled: timeLabels[0]?.length ?? null,
    };
    layers = await Promise.all(traced.traces.map((trace) => describeLayer(trace, thresholds)));
    drawn = await reportLayers(traced.traces, size);
    // What has a text needs no numbers.
    const drawnLengths = timeLabels.length > 0 ? [] : drawn.layers.map(({ timesteps }) => timesteps);
    modelOutput = await modelOutputs(where, model, data, loss, lengths);
    input = await reportInput(data.inputs, drawn.samples, drawnLengths);
  } finally {
    data.dispose();
    for (const { trace } of traces) trace.dispose();
  }
  const omissions = traced.problem === null ? [] : [traced.problem];
  const { flows, problem } = await gradientStatistics(model, inputs, labels, loss);
  if (problem !== null) omissions.push(`The gradient could not be computed: ${problem}.`);
  const findings = await findingsOrReason(() =>
    // What stopped the gradient would stop diagnose as well.
    diagnose(model, inputs, problem === null ? (labels ?? null) : null, { thresholds, ...(loss && { loss }) }),
  );
  if (findings.problem !== null) omissions.push(`The findings could not be computed: ${findings.problem}.`);
  const steps = Math.max(0, ...drawn.layers.map(({ timesteps }) => timesteps));
  const shown = names.slice(0, drawn.samples);
  const links = new PlaceLinks(drawn.layers);
  const html = pageHtml({
    title: options.title ?? `Inspection of ${model.name}`,
    summary: summary(layers, traced.batch, links),
    outputs: outputsSection(modelOutput, { sampleNames: names, samples: drawn.samples, timeLabels, classNames }),
    findings: findingsSection(findings.found, omissions, links),
    layers: layers.map((layer) => layerSection(withFlow(layer, flows), thresholds.stuckFraction, links)).join('\n'),
    drawn: describeDrawn(drawn, traced.batch),
    data: {
      layers: drawn.layers,
      samples: shown,
      timeLabels: shown.map((_, sample) => timeLabels[sample]?.slice(0, steps) ?? null),
      input,
      outputs: modelOutput.outputs.map((output) => reportOutput(output, drawn.samples, classNames)),
      isLive,
    },
  });
  return { html, findings: findings.found, omissions };
}

interface Traced {
  traces: LayerTrace[];
  /** Samples that there are. */
  batch: number;
  /** Why they are not all traced; null where they are. */
  problem: string | null;
}

/** Traces of all samples; or of the first ones, where those of all cannot be had. */
function traceWhatFits(model: tf.LayersModel, { inputs, samples: batch }: ModelData, samples: number): Traced {
  try {
    return { traces: traceModel(model, inputs), batch, problem: null };
  } catch (error) {
    if (batch <= samples) throw error;
    const first = inputs.map((input) => tf.slice(input, 0, samples));
    try {
      const traces = traceModel(model, first);
      const left = `The statistics cover only the first ${amount(samples, 'sample')}, because not all could be traced`;
      return { traces, batch, problem: `${left}: ${messageOf(error)}.` };
    } catch {
      // What is wrong is not their number.
      throw error;
    } finally {
      tf.dispose(first);
    }
  }
}

/** A picture holds no more rows than that. */
const MOST_FEATURES = 128;

/**
 * What the model is given over time, where that is one sequence: `[B, T, D]` numbers, or `[B, T]` of them, such as token
 * numbers, as long as one of the layers. Null otherwise.
 *
 * @param lengths Timesteps of the drawn layers.
 */
async function reportInput(
  inputs: readonly tf.Tensor[],
  samples: number,
  lengths: readonly number[],
): Promise<ReportInput | null> {
  const [input] = inputs;
  if (input === undefined || inputs.length > 1 || samples === 0) return null;
  const [, timesteps = 0, width = 1] = input.shape;
  const isSequence = (input.rank === 2 || input.rank === 3) && lengths.includes(timesteps) && width <= MOST_FEATURES;
  if (!isSequence) return null;
  const first = tf.tidy(() => tf.cast(tf.slice(input, 0, samples), 'float32'));
  const values = (await first.data()) as Float32Array;
  first.dispose();
  const sequences = encodeSequences({ x: { values, width } }, { timesteps, bits: 8, samples });
  return { timesteps, width, sequences };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

async function findingsOrReason(
  find: () => Promise<Finding[]>,
): Promise<{ found: Finding[] | null; problem: string | null }> {
  try {
    return { found: await find(), problem: null };
  } catch (error) {
    return { found: null, problem: messageOf(error) };
  }
}

async function describeLayer(
  { trace, ...name }: LayerTrace,
  { low, high }: DiagnosisThresholds,
): Promise<Omit<LayerSummary, 'flow'>> {
  const timesteps = trace.h.shape[1];
  return { title: lstmName(name), timesteps, statistics: await gateStatistics(trace, { low, high }) };
}

function withFlow(layer: Omit<LayerSummary, 'flow'>, flows: ReadonlyMap<string, FlowStatistics>): LayerSummary {
  return { ...layer, flow: flows.get(layer.title) ?? null };
}

function summary(layers: readonly Omit<LayerSummary, 'flow'>[], batch: number, links: PlaceLinks): string {
  const units = layers.map(({ title, statistics }) => `${links.layer(title)} (${amount(statistics.units, 'unit')})`);
  return `<p>${amount(layers.length, 'LSTM')} of a model run on ${amount(batch, 'sample')}: ${units.join(', ')}.</p>`;
}

function describeDrawn({ samples, omissions }: DrawnLayers, batch: number): string {
  const first =
    samples < batch
      ? `The first ${samples} of ${amount(batch, 'sample')}.`
      : batch === 1
        ? 'The only sample.'
        : `All ${amount(batch, 'sample')}.`;
  return escapeHtml(
    [first, ...(omissions.length === 0 ? [] : [`Reduced for size: ${omissions.join('; ')}.`])].join(' '),
  );
}
