import type * as tf from '@tensorflow/tfjs';
import type { Evidence } from '../diagnose/evidence.js';
import { gatherEvidence } from '../diagnose/gather-evidence.js';
import { type PlacedFlow, steepestFlows } from '../diagnose/steepest-flows.js';
import type { FlowStatistics, LayerFlow } from '../gradient/flow-types.js';
import { modelFlows } from '../gradient/gradient-flow-model.js';
import { byLSTM, type FoundLSTM, isSamePlace, type LSTMPlace } from '../model/find-lstms.js';
import { type LayerTrace, traceCalls } from '../trace/trace-model.js';
import type { WeightNormsByGate } from '../weights/weight-norms-by-gate.js';
import type { MonitorThresholds } from './thresholds.js';

/** The samples that a model is looked at with. */
export interface Samples {
  inputs: tf.Tensor[];
  /** Null: the gradient is not followed. */
  labels: tf.Tensor[] | null;
  samples: number;
}

/** What one LSTM does over some samples; nulls for one that the model does not call. */
export interface Seen {
  evidence: Evidence | null;
  /** Null without labels. */
  flow: FlowStatistics | null;
}

/** What each LSTM does over some samples, forward and, with labels, backward. */
export async function lookAtGates(
  model: tf.LayersModel,
  data: Samples,
  lstms: FoundLSTM[],
  weightNorms: WeightNormsByGate[],
  thresholds: MonitorThresholds,
): Promise<Seen[]> {
  const flows = data.labels === null ? null : modelFlows('gateMonitor', model, data);
  // A flow comes with the trace of the same call.
  const traces = flows?.map(({ flow, ...name }) => ({ ...name, trace: flow.trace })) ?? traceCalls(model, data.inputs);
  try {
    const placed = flows === null ? [] : await steepestFlows(flows, thresholds);
    const groups = byLSTM(traces);
    const all = lstms.map(async (lstm, n): Promise<Seen> => {
      const calls = groups.find(([first]) => isSamePlace(first as LSTMPlace, lstm));
      const evidence = calls ? await gatherEvidence(calls, weightNorms[n] as WeightNormsByGate, thresholds) : null;
      return { evidence, flow: flowAt(placed, lstm) };
    });
    return await Promise.all(all);
  } finally {
    dispose(flows, traces);
  }
}

function flowAt(flows: PlacedFlow[], lstm: LSTMPlace): FlowStatistics | null {
  return flows.find(({ place }) => isSamePlace(place, lstm))?.statistics ?? null;
}

function dispose(flows: LayerFlow[] | null, traces: LayerTrace[]): void {
  if (flows === null) for (const { trace } of traces) trace.dispose();
  else for (const { flow } of flows) flow.dispose();
}
