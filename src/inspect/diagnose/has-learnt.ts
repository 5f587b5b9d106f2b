import * as tf from '@tensorflow/tfjs';
import type { GradientFlowModelOptions } from '../gradient/gradient-flow-model.js';
import { modelLoss } from '../gradient/model-loss.js';
import type { ModelData } from '../model/model-data.js';
import { leavingModelAlone } from '../model/model-left-alone.js';
import { oneOrList } from '../trace/observe-calls.js';

/** With so many other orders of the samples the loss is compared. */
const MOST_ORDERS = 8;

/**
 * Whether a model's answers have anything to do with its samples: whether its loss is lower than that of the same answers
 * given to the wrong samples. So it is told from a model that guesses, whatever the loss, and that a constant answer is
 * worth something. Null where that cannot be told: of one sample, and of a loss that is not finite.
 *
 * @param options `threshold`: by which fraction the loss must be lower.
 */
export async function hasLearnt(
  where: string,
  model: tf.LayersModel,
  { inputs, labels, samples }: Pick<ModelData, 'inputs' | 'labels' | 'samples'>,
  { loss, threshold }: Pick<GradientFlowModelOptions, 'loss'> & { threshold: number },
): Promise<boolean | null> {
  if (samples < 2) return null;
  const lossOf = modelLoss(where, model, { labels: labels as tf.Tensor[], loss, sampleWeight: null, batch: samples });
  const losses = tf.tidy(() => {
    const outputs = leavingModelAlone(model, () =>
      [model.call(oneOrList(inputs), { training: false })].flat(),
    ) as tf.Tensor[];
    const shuffled = otherOrders(samples).map((order) => {
      const indices = tf.tensor1d(order, 'int32');
      return lossOf(outputs.map((output) => tf.gather(output, indices)));
    });
    return tf.stack([lossOf(outputs), ...shuffled]);
  });
  const [own, ...others] = await losses.data();
  losses.dispose();
  const other = others.reduce((sum, value) => sum + value, 0) / others.length;
  if (!Number.isFinite(own) || !Number.isFinite(other)) return null;
  return other - (own as number) > threshold * Math.abs(other);
}

/** Orders in which no sample stands where it was. Samples sorted by their labels are mixed before they are shifted. */
function otherOrders(samples: number): number[][] {
  const mixed = Array.from({ length: samples }, (_, n) => n);
  let state = 1;
  for (let n = samples - 1; n > 0; n--) {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    const other = (state >>> 8) % (n + 1);
    const kept = mixed[n] as number;
    mixed[n] = mixed[other] as number;
    mixed[other] = kept;
  }
  const orders = Math.min(MOST_ORDERS, samples - 1);
  return Array.from({ length: orders }, (_, k) => {
    const shift = 1 + Math.floor((k * (samples - 1)) / orders);
    const order = new Array<number>(samples);
    for (const [n, sample] of mixed.entries()) order[sample] = mixed[(n + shift) % samples] as number;
    return order;
  });
}
