import type * as tf from '@tensorflow/tfjs';
import { requireOptions } from '../../core/options.js';
import { type GradientFlowModelOptions, modelFlows } from '../gradient/gradient-flow-model.js';
import { byLSTM, type FoundLSTM, findLSTMs, isSamePlace, requireModelWithLSTM } from '../model/find-lstms.js';
import { type ModelData, type ModelInputs, type ModelLabels, modelData } from '../model/model-data.js';
import { type LayerTrace, traceCalls } from '../trace/trace-model.js';
import { type WeightNormsByGate, weightNormsByGate } from '../weights/weight-norms-by-gate.js';
import { type Finding, SEVERITIES } from './finding.js';
import { findingsOf } from './findings-of.js';
import { flowFindings } from './flow-findings.js';
import { gatherEvidence } from './gather-evidence.js';
import { dataFindings } from './non-finite-findings.js';
import { steepestFlows } from './steepest-flows.js';
import { type DiagnosisThresholds, withDefaults } from './thresholds.js';

export interface DiagnosisOptions extends Pick<GradientFlowModelOptions, 'loss'> {
  thresholds?: Partial<DiagnosisThresholds>;
}

/**
 * Looks at every LSTM of a model as it runs over some samples, and tells what is wrong, in words and numbers: gates that
 * are stuck, memory that is too short, units that do nothing, states at their limit, gradients that vanish or explode on
 * their way back through time, NaN and where it starts.
 *
 * ```ts
 * const findings = await diagnose(model, x, y);
 * console.log(describeFindings(findings));
 * ```
 *
 * @param model Any model with an LSTM, of this package or of tfjs; it is left as it is.
 * @param inputs What the model predicts from, as `predict` takes it: some tens of samples that are like the rest.
 * @param labels As `fit` takes them; looked through for NaN. With them, the gradient of the loss is looked at, where
 *   the model is compiled or a loss is given.
 * @param options `thresholds`: when something is found; see `DiagnosisThresholds`. `loss`: as for `gradientFlowModel`.
 * @returns Findings, the gravest first; within a severity, those of the most units first. Empty: nothing found.
 * @throws RangeError (by the promise) as `traceModel` and `gradientFlowModel` do, and for thresholds that are none.
 */
export async function diagnose(
  model: tf.LayersModel,
  inputs: ModelInputs,
  labels: ModelLabels | null = null,
  options: DiagnosisOptions = {},
): Promise<Finding[]> {
  requireOptions('diagnose', options, ['thresholds', 'loss']);
  const thresholds = withDefaults(options.thresholds);
  requireModelWithLSTM('diagnose', model);
  const data = modelData('diagnose', model, inputs, labels, options);
  try {
    const findings = await forwardFindings(model, data.inputs, thresholds);
    const loss = options.loss ?? model.loss;
    if (data.labels !== null && loss !== undefined) {
      findings.push(...(await backwardFindings(model, data, { loss, thresholds })));
    }
    const ofData = [...(await dataFindings(data.inputs, 'input')), ...(await dataFindings(data.labels ?? [], 'label'))];
    return ranked([...ofData, ...findings]);
  } finally {
    data.dispose();
  }
}

async function forwardFindings(
  model: tf.LayersModel,
  inputs: tf.Tensor[],
  thresholds: DiagnosisThresholds,
): Promise<Finding[]> {
  const traces = traceCalls(model, inputs);
  try {
    const findings: Finding[] = [];
    for (const group of byLSTM(traces)) {
      const evidence = await gatherEvidence(group, await weightNormsOf(model, group), thresholds);
      findings.push(...findingsOf(evidence, thresholds));
    }
    return findings;
  } finally {
    for (const { trace } of traces) trace.dispose();
  }
}

async function backwardFindings(
  model: tf.LayersModel,
  data: ModelData,
  { loss, thresholds }: { loss: DiagnosisOptions['loss']; thresholds: DiagnosisThresholds },
): Promise<Finding[]> {
  const flows = modelFlows('diagnose', model, data, { loss });
  try {
    const steepest = await steepestFlows(flows, thresholds);
    return steepest.flatMap(({ place, statistics }) => flowFindings(place, statistics, thresholds));
  } finally {
    for (const { flow } of flows) flow.dispose();
  }
}

async function weightNormsOf(model: tf.LayersModel, [trace]: LayerTrace[]): Promise<WeightNormsByGate> {
  const found = findLSTMs(model).find((lstm) => isSamePlace(lstm, trace as LayerTrace)) as FoundLSTM;
  return await weightNormsByGate(found.lstmCell);
}

function ranked(findings: Finding[]): Finding[] {
  const rank = ({ severity }: Finding) => SEVERITIES.indexOf(severity);
  return findings.sort((a, b) => rank(a) - rank(b) || b.units.length - a.units.length);
}
