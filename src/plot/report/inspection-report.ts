import type * as tf from '@tensorflow/tfjs';
import { invalidArgument } from '../../core/errors.js';
import { requireOptions } from '../../core/options.js';
import { diagnose } from '../../inspect/diagnose/diagnose.js';
import { type DiagnosisThresholds, withDefaults } from '../../inspect/diagnose/thresholds.js';
import type { FlowStatistics } from '../../inspect/gradient/flow-types.js';
import { type ModelInputs, type ModelLabels, type ModelLoss, modelInputs } from '../../inspect/model/model-data.js';
import { gateStatistics } from '../../inspect/statistics/gate-statistics.js';
import { type LayerTrace, traceModel } from '../../inspect/trace/trace-model.js';
import type { TimeLabels } from '../data/time-labels.js';
import { escapeHtml } from './escape.js';
import { gradientStatistics } from './gradient-statistics.js';
import { layerTitle } from './layer-title.js';
import { pageHtml } from './page-html.js';
import { type DrawnLayers, reportLayers } from './report-layers.js';
import { labelsOfSamples, requireSampleNames } from './sample-labels.js';
import { findingsSection, type LayerSummary, layerSection } from './sections.js';

export interface InspectionReportOptions {
  /** Any model with an LSTM, of this package or of tfjs; it is left as it is. */
  model: tf.LayersModel;
  /** What the model predicts from, as `predict` takes it. Some tens of samples that are like the rest. */
  inputs: ModelInputs;
  /**
   * What it should have answered, as `fit` takes it: `diagnose` looks through them for NaN, and the
   * gradient of the loss is followed back through time.
   */
  labels?: ModelLabels;
  /** Instead of the loss that the model was compiled with. Without any, no gradient is followed. */
  loss?: ModelLoss;
  /**
   * What the timesteps of the input are, such as tokens: a list with one for each timestep, or such a list for each
   * sample.
   */
  timeLabels?: TimeLabels | readonly TimeLabels[];
  /** Names of the samples, as many as there are. Default: their indices. */
  sampleNames?: readonly string[];
  /** Heading of the report. Default: the model's name. */
  title?: string;
  /** How many samples can be looked at step by step, the first ones; statistics are over all. Default: 8. */
  samples?: number;
  /** About how many bytes of traces the report carries; what does not fit is left out, and said. Default: 4,000,000. */
  largestBytes?: number;
  /** When something is found; as for `diagnose`. */
  thresholds?: Partial<DiagnosisThresholds>;
}

const OPTIONS = [
  ...['model', 'inputs', 'labels', 'loss', 'timeLabels', 'sampleNames'],
  ...['title', 'samples', 'largestBytes', 'thresholds'],
];

/**
 * A model's LSTMs on one page: what `diagnose` finds, saturation, memory horizons and gradient flow in words; pictures
 * of them; and every gate of every unit step by step, with layer, sample, gate and unit to choose and one cursor of time.
 *
 * The page is one file that needs nothing else: no network, no other file, on a computer or a phone, light or dark. Names
 * and labels may hold anything; they are shown as text.
 *
 * ```ts
 * await writeFile('report.html', await inspectionReport({ model, inputs: x, labels: y }));
 * ```
 *
 * @returns HTML.
 * @throws RangeError (by the promise) as `traceModel` and `diagnose` do; for labels along time or names that are not as
 *   many as timesteps or samples; and for options of other kinds than described.
 */
export async function inspectionReport(options: InspectionReportOptions): Promise<string> {
  const where = 'inspectionReport';
  requireOptions(where, options, OPTIONS);
  const { model, inputs, labels, title } = options;
  const { samples = 8, largestBytes = 4_000_000 } = options;
  for (const [name, value] of Object.entries({ samples, largestBytes })) {
    if (!(Number.isInteger(value) && value > 0))
      throw invalidArgument(where, `${name} must be a positive integer`, value);
  }
  if (title !== undefined && typeof title !== 'string') throw invalidArgument(where, 'title must be a string', title);
  const thresholds = withDefaults(options.thresholds);
  const traces = traceModel(model, inputs);
  try {
    const batch = samplesOf(where, model, inputs);
    const lengths = traces.map(({ trace }) => trace.c.shape[1]);
    const timeLabels = labelsOfSamples(where, options.timeLabels, batch, lengths);
    const names = requireSampleNames(where, options.sampleNames, batch);
    const findings = await diagnose(model, inputs, labels ?? null, { thresholds });
    const { flows, problem } = await gradientStatistics(model, inputs, labels, options.loss);
    const summaries = await summarize(traces, thresholds, flows);
    const drawn = await reportLayers(traces, { samples, largestBytes, labelled: timeLabels[0]?.length ?? null });
    return pageHtml({
      title: title ?? `Inspection of ${model.name}`,
      summary: summary(summaries, batch),
      findings: findingsSection(findings, problem),
      layers: summaries.map((layer) => layerSection(layer, thresholds.stuckFraction)).join('\n'),
      drawn: describeDrawn(drawn, batch),
      data: {
        layers: drawn.layers,
        samples: names.slice(0, drawn.samples),
        timeLabels: names.slice(0, drawn.samples).map((_, sample) => timeLabels[sample] ?? null),
      },
    });
  } finally {
    for (const { trace } of traces) trace.dispose();
  }
}

function samplesOf(where: string, model: tf.LayersModel, inputs: ModelInputs): number {
  const { list, dispose } = modelInputs(where, model, inputs);
  dispose();
  return (list[0] as tf.Tensor).shape[0] as number;
}

function summarize(
  traces: LayerTrace[],
  { low, high }: DiagnosisThresholds,
  flows: ReadonlyMap<string, FlowStatistics>,
): Promise<LayerSummary[]> {
  return Promise.all(
    traces.map(async ({ trace, ...name }) => ({
      title: layerTitle(name),
      timesteps: trace.c.shape[1],
      statistics: await gateStatistics(trace, { low, high }),
      flow: flows.get(layerTitle(name)) ?? null,
    })),
  );
}

function summary(layers: LayerSummary[], batch: number): string {
  const units = layers.map(({ title, statistics }) => `${title} (${statistics.units} units)`);
  const lstms = `${layers.length} LSTM${layers.length === 1 ? '' : 's'}`;
  return `<p>${lstms}, as the model runs over ${batch} sample${batch === 1 ? '' : 's'}: ${escapeHtml(units.join(', '))}.</p>`;
}

function describeDrawn({ samples, omissions }: DrawnLayers, batch: number): string {
  const first = samples < batch ? `The first ${samples} of ${batch} samples.` : `All ${batch} samples.`;
  return escapeHtml(
    [first, ...(omissions.length === 0 ? [] : [`Left out for size, but for ${omissions.join('; ')}.`])].join(' '),
  );
}
