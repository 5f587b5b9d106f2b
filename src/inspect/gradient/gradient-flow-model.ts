import * as tf from '@tensorflow/tfjs';
import { invalidArgument, invalidState } from '../../core/errors.js';
import { CHECKED_LATER, checkOptions, type OptionRules } from '../../core/options.js';
import { tidy } from '../../core/tidy.js';
import { watchedGradients } from '../../host/watched-gradients.js';
import { cellToRun } from '../../layers/foreign-lstm.js';
import { lstmsWithin, placesOf, requireModelWithLSTM } from '../model/find-lstms.js';
import { type ModelData, type ModelInputs, type ModelLabels, type ModelLoss, modelData } from '../model/model-data.js';
import { tellingOutOfMemory } from '../model/out-of-memory.js';
import { disposeCalls, type LSTMCall } from '../trace/lstm-call.js';
import { type CallName, nameCalls } from '../trace/numbered-calls.js';
import { observing, oneOrList } from '../trace/observe-calls.js';
import { callFlow } from './call-flow.js';
import { flowSizeOf } from './flow-bytes.js';
import type { LayerFlow } from './flow-types.js';
import { modelLoss, type PerOutput } from './model-loss.js';
import { because } from './refusals.js';
import { requirePreActivations } from './sequence-flow.js';

/** The options of `gradientFlowModel`. */
export interface GradientFlowModelOptions {
  /** A loss as `compile` takes it. Default: the one that the model was compiled with. */
  loss?: ModelLoss | null | undefined;
  /** A factor for the loss of each sample, [B]; for several outputs, an array of these or an object by their names. */
  sampleWeight?: PerOutput | null | undefined;
}

// What they must be depends on the model's outputs.
const RULES: OptionRules = { loss: CHECKED_LATER, sampleWeight: CHECKED_LATER };

/**
 * Follows the gradient of a model's loss back through every LSTM of the model, of this package or of tfjs: stacked,
 * bidirectional, nested, shared, stateful, masked, with given initial states, and with any outputs. There is one entry for
 * each call, in the order in which the model makes them, named as in `traceModel`.
 *
 * The model is run as by `evaluate`: without dropout and with moving averages, so that you see the loss of the model and
 * not the noise of a training step. It is not changed, even if this throws: states, weights and training flags stay the
 * same. Regularization penalties are left out.
 *
 * ```ts
 * for (const { layerName, flow } of gradientFlowModel(model, x, y)) {
 *   console.log(layerName, (await flowStatistics(flow)).sentence);
 *   flow.dispose();
 * }
 * ```
 *
 * The model runs once and keeps all that its LSTMs compute; then gradients are followed back through the model and, step by
 * step, through each call of an LSTM, once. (An LSTM of a class of your own is run once more, as in
 * `traceModel`.) Time and memory are proportional to T; `gradientFlowModelBytes` says how much memory.
 *
 * @param model A built model; compiled, unless `loss` is given.
 * @param inputs One tensor, one for each input of the model, or tensors by the names of the inputs; each [B, ...], or [B]
 *   for [B, 1].
 * @param labels The same for the outputs; class numbers, [B] or [B, 1], for a sparse loss.
 * @returns The flows; the caller disposes them. If the loss does not reach a layer, or only through operations whose
 *   gradient tfjs defines as 0, all its gradients are 0.
 * @throws RangeError for what is not a model with an LSTM, for inputs, labels and weights of a wrong number or shape, for
 *   an unknown loss, and if an operation between an LSTM and the loss has no gradient; Error for a model that is not
 *   built or has no loss; OutOfMemoryError; and whatever the model or the loss throws.
 * @category Gradients through time
 */
export function gradientFlowModel(
  model: tf.LayersModel,
  inputs: ModelInputs,
  labels: ModelLabels,
  options: GradientFlowModelOptions = {},
): LayerFlow[] {
  const where = 'gradientFlowModel';
  checkOptions(where, options, RULES);
  requireModelWithLSTM(where, model);
  const spec = options.loss ?? (model.loss as ModelLoss | undefined);
  if (spec === undefined) throw invalidState(where, 'the model must be compiled, or a loss must be given', model.name);
  if (labels == null) throw invalidArgument(where, 'labels must be given', labels);
  const data = modelData(where, model, inputs, labels, options);
  try {
    return modelFlows(where, model, data, options);
  } finally {
    data.dispose();
  }
}

/** What `gradientFlowModel` returns, for inputs and labels that have already been read. */
export function modelFlows(
  where: string,
  model: tf.LayersModel,
  { inputs, labels, samples }: Pick<ModelData, 'inputs' | 'labels' | 'samples'>,
  { loss, sampleWeight }: GradientFlowModelOptions = {},
): LayerFlow[] {
  const places = placesOf(model);
  for (const { lstmCell, layerName } of lstmsWithin(places)) {
    requirePreActivations(where, cellToRun(lstmCell), layerName);
  }
  const lossOf = modelLoss(where, model, { labels: labels as tf.Tensor[], loss, sampleWeight, batch: samples });
  const refusal = (cause?: unknown) => {
    const rule = `model must be differentiable from its LSTMs to its loss${because(cause)}`;
    return invalidArgument(where, rule, model, { cause });
  };
  let calls: LSTMCall[] = [];
  try {
    return tellingOutOfMemory(
      where,
      () => bytesOf(calls),
      () =>
        tidy(() => {
          const run = () => [model.call(oneOrList(inputs), { training: false })].flat() as tf.Tensor[];
          // tfjs wants a tensor to begin with. The inputs will not do: what makes a mask of them has no gradient.
          const { gradientOf, value } = watchedGradients(
            [tf.scalar(0)],
            (watch) => {
              const { calls: made, result } = observing(model, { watch, keptUnits: () => undefined }, run, places);
              calls = made;
              return lossOf(result);
            },
            refusal,
          );
          const names = nameCalls(calls);
          return calls.map((call, n) => ({
            ...(names[n] as CallName),
            flow: callFlow(where, call, gradientOf, value, refusal),
          }));
        }),
    );
  } finally {
    disposeCalls(calls);
  }
}

/** What the flows of some calls take together, at most. */
function bytesOf(calls: LSTMCall[]): number {
  const sizes = calls.map(flowSizeOf);
  const held = sizes.reduce((sum, { bytes }) => sum + bytes, 0);
  return held + Math.max(0, ...sizes.map(({ bytes, peakBytes }) => peakBytes - bytes));
}
