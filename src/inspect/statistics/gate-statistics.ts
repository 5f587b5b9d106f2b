import type { GateTrace } from '../../layers/trace.js';
import type { GateStatistics } from './layer-statistics.js';
import { accumulatorNamed } from './statistics-accumulator.js';
import type { GateStatisticsOptions } from './statistics-types.js';

/**
 * What the gates of a trace do, as plain numbers: means and standard deviations, how often each unit's gate is saturated,
 * how long its cell state lasts, and where values are not finite. Masked steps are left out.
 *
 * ```ts
 * const trace = traceLayer(model.getLayer('lstm'), x);
 * const statistics = await gateStatistics(trace);
 * statistics.f.rightSaturated; // for each unit, how often it keeps nearly everything
 * statistics.memoryHorizon;    // for each unit, in timesteps
 * trace.dispose();
 * ```
 *
 * Saturation as in Karpathy, Johnson and Li 2015, "Visualizing and understanding recurrent networks", arXiv 1506.02078: a
 * gate is left-saturated below 0.1 and right-saturated above 0.9.
 *
 * @param trace Of any LSTM; it is not disposed.
 * @throws RangeError (as a rejection) for what is not a trace, for a disposed one, and for thresholds outside [0, 1] or in
 *   the wrong order.
 * @category In numbers and words
 */
export async function gateStatistics(trace: GateTrace, options: GateStatisticsOptions = {}): Promise<GateStatistics> {
  const accumulator = accumulatorNamed('gateStatistics', 'gateStatistics', options);
  await accumulator.add(trace);
  return accumulator.result();
}
