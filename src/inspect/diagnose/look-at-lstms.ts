import type * as tf from '@tensorflow/tfjs';
import { flowStatistics } from '../gradient/flow-statistics.js';
import type { FlowStatistics, LayerFlow } from '../gradient/flow-types.js';
import { type GradientFlowModelOptions, modelFlows } from '../gradient/gradient-flow-model.js';
import { byLSTM, type FoundLSTM, isSamePlace, type LSTMPlace } from '../model/find-lstms.js';
import type { ModelData } from '../model/model-data.js';
import { type LayerTrace, traceCalls } from '../trace/trace-model.js';
import type { WeightNormsByGate } from '../weights/weight-norms-by-gate.js';
import { type Evidence, meanForgetBias, readCalls } from './evidence.js';
import { hasLearnt } from './has-learnt.js';
import type { DiagnosisThresholds } from './thresholds.js';

export interface Look extends Pick<GradientFlowModelOptions, 'loss'> {
  /** For each of `lstms`. */
  weightNorms: WeightNormsByGate[];
  thresholds: DiagnosisThresholds;
  /** Whether to follow the gradient: there are labels, and a loss. */
  backward: boolean;
}

/** What each LSTM of a model does over some samples, forward and backward; null for one that the model does not call. */
export async function lookAtLSTMs(
  where: string,
  model: tf.LayersModel,
  data: Pick<ModelData, 'inputs' | 'labels' | 'samples'>,
  lstms: FoundLSTM[],
  { loss, weightNorms, thresholds, backward }: Look,
): Promise<(Evidence | null)[]> {
  const flows = backward ? modelFlows(where, model, data, { loss }) : null;
  // A flow comes with the trace of the same call.
  const traces =
    flows?.map(({ flow, ...name }) => ({ ...name, trace: flow.trace })) ??
    traceCalls(model, data.inputs, undefined, where);
  try {
    const learnt = backward ? hasLearnt(where, model, data, { loss, threshold: thresholds.learnt }) : null;
    const groups = byLSTM(traces);
    const all = lstms.map(async (lstm, n): Promise<Evidence | null> => {
      const calls = groups.find(([first]) => isSamePlace(first as LSTMPlace, lstm));
      if (calls === undefined) return null;
      const ofLSTM = (flows ?? []).filter((flow) => isSamePlace(flow, lstm));
      const [ofCalls, forgetBias, flow, inputSize] = await Promise.all([
        readCalls(calls, thresholds),
        meanForgetBias(lstm.lstmCell as Parameters<typeof meanForgetBias>[0]),
        flows === null ? null : steepestFlow(ofLSTM, thresholds),
        sizeOfInputs(
          flows === null
            ? sequencesAmong(data.inputs, calls)
            : ofLSTM.map(({ flow: { x, trace } }) => [x, trace.mask ?? null]),
        ),
      ]);
      const norms = weightNorms[n] as WeightNormsByGate;
      return { ...ofCalls, weightNorms: norms, forgetBias, inputSize, flow, learnt: await learnt };
    });
    return await Promise.all(all);
  } finally {
    if (flows === null) for (const { trace } of traces) trace.dispose();
    else for (const { flow } of flows) flow.dispose();
  }
}

/** The flow through the call in which the gradient changes most; one that is not finite, first. */
async function steepestFlow(
  calls: LayerFlow[],
  { vanishingGradient, explodingGradient }: DiagnosisThresholds,
): Promise<FlowStatistics> {
  const options = { vanishing: vanishingGradient, exploding: explodingGradient };
  const all = await Promise.all(calls.map(({ flow }) => flowStatistics(flow, options)));
  return all.reduce((a, b) => (steepness(b) > steepness(a) ? b : a));
}

/** By how many powers of e the gradient changes over the sequence; -1 where there is no gradient. */
function steepness({ nonFinite, fit, verdict }: FlowStatistics): number {
  if (nonFinite.count > 0) return Number.POSITIVE_INFINITY;
  if (verdict === null) return -1;
  return Math.abs(Math.log(fit?.attenuation ?? 0));
}

type MaskedSequence = [x: tf.Tensor, mask: tf.Tensor | null];

/** Of the model's inputs, those that can be what its LSTMs read: sequences of numbers as long as theirs. */
function sequencesAmong(inputs: tf.Tensor[], calls: LayerTrace[]): MaskedSequence[] {
  const lengths = calls.map(({ trace }) => trace.h.shape[1]);
  return inputs
    .filter(({ rank, dtype, shape }) => rank === 3 && dtype === 'float32' && lengths.includes(shape[1] as number))
    .map((x) => [x, null]);
}

/** The root mean square of the values of some sequences at valid steps; null for none, or where not finite. */
async function sizeOfInputs(sequences: MaskedSequence[]): Promise<number | null> {
  let squares = 0;
  let count = 0;
  const reads = sequences.map(([x, mask]) => Promise.all([x.data(), mask?.data() ?? null]));
  for (const [n, read] of reads.entries()) {
    const [values, mask] = await read;
    const features = (sequences[n] as MaskedSequence)[0].shape[2] as number;
    for (const [index, value] of values.entries()) {
      if (mask !== null && mask[Math.floor(index / features)] === 0) continue;
      squares += value * value;
      count += 1;
    }
  }
  const size = Math.sqrt(squares / count);
  return Number.isFinite(size) ? size : null;
}
