import * as tf from '@tensorflow/tfjs';
import { invalidArgument } from '../../core/errors.js';
import { GATE_NAMES } from '../../core/gates.js';
import type { GradientFlow } from '../../inspect/gradient/flow-types.js';
import { type PlotOptions, requirePlotOptions } from '../specification/plot-options.js';
import type { Json, VegaLiteSpec } from '../specification/vega-lite-spec.js';
import { histogramRows } from '../weights/histogram.js';
import { WEIGHT_NAMES, WEIGHT_TITLES } from '../weights/read-weights.js';
import { histogramSpec } from '../weights/weight-histogram.js';

/**
 * How the gradients of a layer are distributed, a column a gate: of the pre-activations over all samples, valid steps and
 * units, and of kernel, recurrent kernel and bias. Values that are NaN or infinite are counted in the heading.
 *
 * ```ts
 * const flow = gradientFlow(layer, x, loss);
 * show(await gradientHistogram(flow));
 * flow.dispose();
 * ```
 *
 * @param flow Remains the caller's.
 * @throws RangeError (by the promise) for what is not a `GradientFlow` and for options of other kinds than described.
 */
export async function gradientHistogram(flow: GradientFlow, options: PlotOptions = {}): Promise<VegaLiteSpec> {
  const where = 'gradientHistogram';
  requirePlotOptions(where, options);
  requireFlow(where, flow);
  const mask = flow.trace.mask === null ? null : await flow.trace.mask.data();
  const { units } = flow.trace;
  const isValid = (index: number) => mask === null || mask[Math.floor(index / units)] !== 0;
  const groups: { name: string; rows: Json[] }[] = [];
  let nonFinite = 0;
  const add = async (name: string, byGate: Record<string, tf.Tensor>, isCounted: (index: number) => boolean) => {
    const values = await Promise.all(GATE_NAMES.map(async (gate) => [...(await (byGate[gate] as tf.Tensor).data())]));
    const counted = values.map((ofGate) => ofGate.filter((_, index) => isCounted(index)));
    nonFinite += counted.flat().filter((value) => !Number.isFinite(value)).length;
    const gates = counted.flatMap((ofGate, n) => ofGate.map(() => GATE_NAMES[n] as (typeof GATE_NAMES)[number]));
    const gateOf = (index: number) => gates[index] as (typeof GATE_NAMES)[number];
    groups.push({ name, rows: histogramRows(name, counted.flat(), gateOf) });
  };
  await add('pre-activations', flow.dz, isValid);
  for (const name of WEIGHT_NAMES) {
    const byGate = flow.dWeights[name];
    if (byGate !== null) await add(WEIGHT_TITLES[name], byGate, () => true);
  }
  return histogramSpec(options, 'Gradients by gate', 'gradient', groups, nonFinite);
}

function requireFlow(where: string, flow: unknown): void {
  const dh = typeof flow === 'object' && flow !== null ? (flow as Partial<GradientFlow>).dh : undefined;
  if (dh instanceof tf.Tensor && !dh.isDisposed) return;
  throw invalidArgument(where, 'flow must be a GradientFlow that is not disposed', flow);
}
