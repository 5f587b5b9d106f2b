import { flowStatistics } from '../gradient/flow-statistics.js';
import type { FlowStatistics, LayerFlow } from '../gradient/flow-types.js';
import { byLSTM, type LSTMPlace } from '../model/find-lstms.js';
import type { DiagnosisThresholds } from './thresholds.js';

/** How the gradient flows back through one LSTM. */
export interface PlacedFlow {
  place: LSTMPlace;
  statistics: FlowStatistics;
}

/** Of each LSTM, the flow through the call in which the gradient changes most; of a call that is not finite, first. */
export async function steepestFlows(
  flows: LayerFlow[],
  { vanishingGradient, explodingGradient }: DiagnosisThresholds,
): Promise<PlacedFlow[]> {
  const options = { vanishing: vanishingGradient, exploding: explodingGradient };
  const groups = byLSTM(flows).map(async (calls) => {
    const [{ layerName, direction, cell }] = calls as [LayerFlow];
    const all = await Promise.all(calls.map(({ flow }) => flowStatistics(flow, options)));
    const statistics = all.reduce((a, b) => (steepness(b) > steepness(a) ? b : a));
    return { place: { layerName, direction, cell }, statistics };
  });
  return await Promise.all(groups);
}

/** By how many powers of e the gradient changes over the sequence; -1 where there is no gradient. */
function steepness({ nonFinite, fit, verdict }: FlowStatistics): number {
  if (nonFinite.count > 0) return Number.POSITIVE_INFINITY;
  if (verdict === null) return -1;
  return Math.abs(Math.log(fit?.attenuation ?? 0));
}
