import * as tf from '@tensorflow/tfjs';
import { invalidArgument } from '../../core/errors.js';
import { CELL_WEIGHTS } from '../../core/weights.js';
import type { GradientFlow, LayerFlow } from '../../inspect/gradient/flow-types.js';
import { lstmName } from '../../inspect/words.js';
import { givenOptions, PLOT_RULES, type PlotOptions } from '../specification/plot-options.js';
import type { VegaLiteSpec } from '../specification/specification.js';
import { titleOf } from '../traces/read-sample.js';
import { type HistogramGroup, histogramSpec } from '../weights/histogram.js';

/**
 * How the gradients of a layer are distributed, with one column per gate: those of the pre-activations over all samples,
 * valid steps and units, and those of the kernel, the recurrent kernel and the bias. The heading says how many values are
 * NaN or infinite.
 *
 * ```ts
 * const flow = gradientFlow(layer, x, loss);
 * show(await gradientHistogram(flow));
 * flow.dispose();
 * ```
 *
 * @param flow A flow, or an entry of `gradientFlowModel`, which also names the layer; it is not disposed.
 * @throws RangeError (as a rejection) for what is not a `GradientFlow`, and for options of the wrong type.
 * @category Pictures of gradients
 */
export async function gradientHistogram(
  flow: GradientFlow | LayerFlow,
  options: PlotOptions = {},
): Promise<VegaLiteSpec> {
  const where = 'gradientHistogram';
  const given = givenOptions(where, options, PLOT_RULES);
  const isNamed = typeof flow === 'object' && flow !== null && 'flow' in flow;
  const { dz, dWeights, trace } = requireFlow(where, isNamed ? flow.flow : flow);
  const mask = trace.mask === null ? null : await trace.mask.data();
  const groups: HistogramGroup[] = [{ name: 'pre-activations', byGate: await readByGate(dz, mask) }];
  for (const [property, byGate] of Object.entries(dWeights)) {
    if (byGate === null || typeof byGate === 'function') continue;
    const title = CELL_WEIGHTS.find((weight) => weight.property === property)?.title ?? titleOfWeight(property);
    groups.push({ name: title, byGate: await readByGate(byGate, null) });
  }
  return histogramSpec(given, titleOf('Gradients by gate', isNamed ? lstmName(flow) : null), 'gradient', groups);
}

/** peepholeKernel: peephole kernel. */
function titleOfWeight(property: string): string {
  return property.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

/** @param mask Of sequences [B, T, width], [B, T]; null for all values. */
async function readByGate(
  byGate: Readonly<Record<string, tf.Tensor>>,
  mask: ArrayLike<number> | null,
): Promise<Record<string, number[]>> {
  const reads = Object.entries(byGate).map(async ([gate, tensor]) => {
    const width = tensor.shape.at(-1) as number;
    const values = [...(await tensor.data())];
    return [gate, values.filter((_, index) => mask === null || mask[Math.floor(index / width)] !== 0)] as const;
  });
  return Object.fromEntries(await Promise.all(reads));
}

function requireFlow(where: string, flow: unknown): GradientFlow {
  const dh = typeof flow === 'object' && flow !== null ? (flow as Partial<GradientFlow>).dh : undefined;
  if (dh instanceof tf.Tensor && !dh.isDisposed) return flow as GradientFlow;
  throw invalidArgument(where, 'flow must be a GradientFlow that is not disposed', flow);
}
