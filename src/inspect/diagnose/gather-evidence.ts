import { LayerStatistics } from '../statistics/layer-statistics.js';
import { readTrace } from '../statistics/read-trace.js';
import type { LayerTrace } from '../trace/trace-model.js';
import type { WeightNormsByGate } from '../weights/weight-norms-by-gate.js';
import type { Evidence } from './evidence.js';
import type { DiagnosisThresholds } from './thresholds.js';
import { unitActivity } from './unit-activity.js';

/** Reads what one LSTM did in one or several calls. */
export async function gatherEvidence(
  traces: LayerTrace[],
  weightNorms: WeightNormsByGate,
  { low, high }: DiagnosisThresholds,
): Promise<Evidence> {
  const [{ layerName, direction, cell, trace: first }] = traces as [LayerTrace];
  const { units, activation, recurrentActivation } = first;
  const statistics = new LayerStatistics({ units, activation, recurrentActivation }, { low, high });
  const values = await Promise.all(traces.map(({ trace }) => readTrace(trace)));
  for (const ofTrace of values) statistics.add(ofTrace);
  return {
    place: { layerName, direction, cell },
    statistics: statistics.result(),
    activity: unitActivity(values, units),
    weightNorms,
    timesteps: Math.max(...values.map(({ timesteps }) => timesteps)),
  };
}
