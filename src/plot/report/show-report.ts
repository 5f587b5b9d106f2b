import * as tf from '@tensorflow/tfjs';
import { invalidArgument, invalidState } from '../../core/errors.js';
import { tidy } from '../../core/tidy.js';
import { editGates } from '../../inspect/intervene/edit-gates.js';
import { withUnits } from '../../inspect/intervene/with-units.js';
import { requireModelWithLSTM } from '../../inspect/model/find-lstms.js';
import { type ModelData, modelData } from '../../inspect/model/model-data.js';
import { lstmName } from '../../inspect/words.js';
import type { LiveAnswer, LiveRequest } from '../page/live-messages.js';
import { type InspectionReportOptions, reportWithFindings } from './inspection-report.js';
import { type ModelOutput, modelOutputs, reportOutput } from './report-outputs.js';
import { requireClassNames } from './sample-labels.js';

/** The options of `showReport`: those of `inspectionReport` but for the model. */
export type ShowReportOptions = Omit<InspectionReportOptions, 'model'>;

/** A report in a page. */
export interface ShownReport {
  /** What shows it. */
  frame: HTMLIFrameElement;
  /** Takes it out of the page, and disposes the copies of inputs and labels that it was given. */
  dispose(): void;
}

/**
 * Shows the report of `inspectionReport` in a page that has the model, live: in it one can hold a gate or silence units, and
 * see what the model then predicts. The model is not changed.
 *
 * ```ts browser
 * const report = await showReport(model, { inputs: x, labels: y }, document.getElementById('report'));
 * ```
 *
 * The report is in a frame of its own, from a `blob:` address: a content security policy of the page must allow it in
 * `frame-src`, and inline scripts by the hash of the report's.
 *
 * @category The report
 * @param element What it is put into, in the place of what is there. Default: it is put at the end of the page.
 * @returns The report, which the caller disposes.
 * @throws As `inspectionReport`; RangeError for an element that is none; Error where there is no page.
 */
export async function showReport(
  model: tf.LayersModel,
  options: ShowReportOptions,
  element?: HTMLElement | null,
): Promise<ShownReport> {
  const where = 'showReport';
  if (typeof document === 'undefined') throw invalidState(where, 'there must be a page', 'no document');
  if (element != null && !(element instanceof HTMLElement)) {
    throw invalidArgument(where, 'element must be an HTML element', element);
  }
  const { html } = await reportWithFindings(where, { ...options, model }, true);
  const data = ownData(where, model, options);
  const frame = document.createElement('iframe');
  const address = URL.createObjectURL(new Blob([html], { type: 'text/html' }));
  frame.title = options.title ?? `Inspection of ${model.name}`;
  // Its own origin: whatever a name in the report might do, it could not reach the page. The two talk by messages alone.
  frame.setAttribute('sandbox', 'allow-scripts allow-downloads');
  frame.style.cssText = 'width: 100%; height: 90vh; border: 0';
  const answer = (request: LiveRequest) => answerOf(model, options, data, request);
  let port: MessagePort | undefined;
  const connect = ({ source, data: message, ports: [given] }: MessageEvent) => {
    if (source !== frame.contentWindow || message?.explicitLSTM !== 'report' || given === undefined) return;
    // A report that is loaded anew has a port of its own.
    port?.close();
    port = given;
    given.onmessage = async ({ data: request }: MessageEvent<LiveRequest>) => given.postMessage(await answer(request));
  };
  window.addEventListener('message', connect);
  frame.src = address;
  if (element == null) document.body.append(frame);
  else element.replaceChildren(frame);
  return {
    frame,
    dispose() {
      window.removeEventListener('message', connect);
      port?.close();
      URL.revokeObjectURL(address);
      frame.remove();
      data.dispose();
    },
  };
}

/** Copies, so that the caller may dispose what was given. */
function ownData(where: string, model: tf.LayersModel, options: ShowReportOptions): ModelData {
  const { inputs, labels, loss } = options;
  const given = modelData(where, model, inputs, labels, { loss });
  try {
    const copies = tidy(() => ({
      inputs: given.inputs.map((one) => tf.clone(one)),
      labels: given.labels?.map((one) => tf.clone(one)) ?? null,
    }));
    return { ...given, ...copies, dispose: () => tf.dispose([copies.inputs, copies.labels ?? []]) };
  } finally {
    given.dispose();
  }
}

/** What the model predicts for one sample with the edit, and how far that is from what it predicts without. */
export async function answerOf(
  model: tf.LayersModel,
  { loss, classNames }: Pick<ShowReportOptions, 'loss' | 'classNames'>,
  { inputs, labels }: Pick<ModelData, 'inputs' | 'labels'>,
  request: LiveRequest,
): Promise<LiveAnswer> {
  const where = 'showReport';
  const { title, sample, quantity, units, value } = request;
  const of = (tensors: readonly tf.Tensor[]) => tensors.map((tensor) => tf.slice(tensor, sample, 1));
  const one = { inputs: of(inputs), labels: labels === null ? null : of(labels) };
  try {
    const found = requireModelWithLSTM(where, model).find((lstm) => lstmName(lstm) === withoutCall(title));
    if (found === undefined) throw invalidArgument(where, 'the layer must be one of the model', title);
    const edit = (step: Record<string, tf.Tensor2D>) => ({
      [quantity]: withUnits(step[quantity] as tf.Tensor2D, units, value),
    });
    const lengths = one.inputs.map(({ shape }) => shape[1] ?? 1);
    const usual = await modelOutputs(where, model, one, loss, lengths);
    const edited = await modelOutputs(where, model, one, loss, lengths, (run) =>
      editGates(found.layer, (step) => edit({ ...step }), run),
    );
    if (edited.outputs.length === 0) throw new Error(edited.notKnown.join(' '));
    return {
      request,
      outputs: edited.outputs.map((output) =>
        reportOutput(output, 1, requireClassNames(where, classNames ?? undefined)),
      ),
      meanChange: meanChange(usual.outputs, edited.outputs),
      lossBefore: meanLoss(usual.outputs),
      lossAfter: meanLoss(edited.outputs),
    };
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) };
  } finally {
    tf.dispose([one.inputs, one.labels ?? []]);
  }
}

/** An LSTM that is called several times is edited in all calls. */
function withoutCall(title: string): string {
  return title.replace(/,? ?call \d+\)$/, ')').replace(/ \(\)$/, '');
}

function meanChange(usual: readonly ModelOutput[], edited: readonly ModelOutput[]): number {
  const changes = edited.flatMap(({ values }, n) =>
    Array.from(values, (value, at) => Math.abs(value - (usual[n]?.values[at] as number))),
  );
  return changes.reduce((sum, change) => sum + change, 0) / changes.length;
}

/** The sum over outputs of the mean of each one's loss. */
function meanLoss(outputs: readonly ModelOutput[]): number | null {
  if (outputs.some(({ losses }) => losses === null)) return null;
  const means = outputs.map(({ losses }) => {
    const list = Array.from(losses as ArrayLike<number>);
    return list.reduce((sum, loss) => sum + loss, 0) / list.length;
  });
  return means.reduce((sum, one) => sum + one, 0);
}
