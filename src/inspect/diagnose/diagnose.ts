import type * as tf from '@tensorflow/tfjs';
import { CHECKED_LATER, checkOptions, type OptionRules } from '../../core/options.js';
import type { GradientFlowModelOptions } from '../gradient/gradient-flow-model.js';
import { requireModelWithLSTM } from '../model/find-lstms.js';
import { type ModelInputs, type ModelLabels, modelData } from '../model/model-data.js';
import { weightNormsByGate } from '../weights/weight-norms-by-gate.js';
import type { Evidence } from './evidence.js';
import { type Finding, findingAt, ranked } from './finding.js';
import { flowFindings } from './flow-findings.js';
import { gateFindings } from './gate-findings.js';
import { lookAtLSTMs } from './look-at-lstms.js';
import { dataFindings, nonFiniteFindings } from './non-finite-findings.js';
import { stateFindings } from './state-findings.js';
import { type DiagnosisThresholds, withDefaults } from './thresholds.js';

/** The options of `diagnose`. */
export interface DiagnosisOptions extends Pick<GradientFlowModelOptions, 'loss'> {
  /** The thresholds to change; the others keep their defaults. */
  thresholds?: Partial<DiagnosisThresholds>;
}

const RULES: OptionRules = { thresholds: CHECKED_LATER, loss: CHECKED_LATER };

/**
 * Examines every LSTM of a model as it runs over some samples, and says what is wrong, in words and numbers: gates that
 * are stuck, memories that are too short, units that do nothing, saturated states, inputs that are not scaled, gradients
 * that vanish, explode or never arrive, NaN and where it starts.
 *
 * ```ts
 * const findings = await diagnose(model, x, y);
 * console.log(describeFindings(findings));
 * ```
 *
 * With labels and a loss, it sees more and takes into account whether the model has learnt: whether its loss is clearly
 * lower than that of the same predictions assigned to the wrong samples. If it has, a closed gate or a fading gradient is
 * a note; if not, a warning. docs/diagnosis.md explains each finding, and how often diagnose is wrong.
 *
 * @param model Any model with an LSTM, of this package or of tfjs; it is not changed.
 * @param inputs The inputs, as `predict` takes them: some tens of typical samples.
 * @param labels As `fit` takes them; checked for NaN. With them, if the model is compiled or a loss is given, the gradient
 *   of the loss is examined.
 * @param options `thresholds`: when something is a finding; see `DiagnosisThresholds`. `loss`: as for `gradientFlowModel`.
 * @returns The findings, most severe first; within a severity, causes before their possible effects. Empty if nothing was
 *   found.
 * @throws RangeError (as a rejection) for what is not a model with an LSTM, for inputs and labels that `fit` would not
 *   accept, for an unknown loss, and for thresholds that break their rule; Error for a model that is not built.
 * @category Find out what is wrong
 */
export async function diagnose(
  model: tf.LayersModel,
  inputs: ModelInputs,
  labels: ModelLabels | null = null,
  options: DiagnosisOptions = {},
): Promise<Finding[]> {
  checkOptions('diagnose', options, RULES);
  const thresholds = withDefaults(options.thresholds ?? undefined);
  const lstms = requireModelWithLSTM('diagnose', model);
  const data = modelData('diagnose', model, inputs, labels, options);
  try {
    const { loss } = options;
    const weightNorms = await Promise.all(lstms.map(({ lstmCell }) => weightNormsByGate(lstmCell)));
    const backward = data.labels !== null && (loss ?? model.loss) !== undefined;
    const seen = await lookAtLSTMs('diagnose', model, data, lstms, { loss, weightNorms, thresholds, backward });
    const findings = seen.flatMap((evidence) =>
      evidence === null ? [] : [...forwardFindings(evidence, thresholds), ...flowFindings(evidence, thresholds)],
    );
    const ofData = [...(await dataFindings(data.inputs, 'input')), ...(await dataFindings(data.labels ?? [], 'label'))];
    return ranked([...ofData, ...findings]);
  } finally {
    data.dispose();
  }
}

/** All that there is to find in one LSTM as it runs forward. */
export function forwardFindings(evidence: Evidence, thresholds: DiagnosisThresholds): Finding[] {
  if (evidence.statistics.validSteps === 0) {
    return [
      findingAt(evidence.place, {
        kind: 'nothing to see',
        severity: 'error',
        evidence: { 'valid steps': 0 },
        message: 'Every step is masked, or the batch is empty: the layer never computes anything.',
        remedy:
          'Check what produces the mask: maskValue of Masking, maskZero of Embedding, and the padding of the data.',
      }),
    ];
  }
  return [
    ...nonFiniteFindings(evidence),
    ...gateFindings(evidence, thresholds),
    ...stateFindings(evidence, thresholds),
  ];
}
