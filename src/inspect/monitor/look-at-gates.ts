import type * as tf from '@tensorflow/tfjs';
import type { Evidence } from '../diagnose/evidence.js';
import { gatherEvidence } from '../diagnose/gather-evidence.js';
import { byLSTM, type FoundLSTM, isSamePlace, type LSTMPlace } from '../model/find-lstms.js';
import type { ModelInputs } from '../trace/model-inputs.js';
import { traceModel } from '../trace/trace-model.js';
import type { WeightNormsByGate } from '../weights/weight-norms-by-gate.js';
import type { MonitorThresholds } from './thresholds.js';

/** What each LSTM does over some inputs; null for one that the model does not call. */
export async function lookAtGates(
  model: tf.LayersModel,
  inputs: ModelInputs,
  lstms: FoundLSTM[],
  weightNorms: WeightNormsByGate[],
  thresholds: MonitorThresholds,
): Promise<(Evidence | null)[]> {
  const traces = traceModel(model, inputs);
  try {
    const groups = byLSTM(traces);
    const evidence = lstms.map(async (lstm, n) => {
      const group = groups.find(([first]) => isSamePlace(first as LSTMPlace, lstm));
      if (group === undefined) return null;
      return await gatherEvidence(group, weightNorms[n] as WeightNormsByGate, thresholds);
    });
    return await Promise.all(evidence);
  } finally {
    for (const { trace } of traces) trace.dispose();
  }
}
