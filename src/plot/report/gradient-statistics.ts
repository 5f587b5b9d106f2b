import type * as tf from '@tensorflow/tfjs';
import { flowStatistics } from '../../inspect/gradient/flow-statistics.js';
import type { FlowStatistics } from '../../inspect/gradient/flow-types.js';
import { gradientFlowModel } from '../../inspect/gradient/gradient-flow-model.js';
import type { ModelInputs, ModelLabels, ModelLoss } from '../../inspect/model/model-data.js';
import { lstmName } from '../../inspect/words.js';

/** How a loss flows back through the LSTMs, by their names; or why that is not known. */
export interface GradientStatistics {
  flows: Map<string, FlowStatistics>;
  /** Null where nothing stood in the way. */
  problem: string | null;
}

/** None without labels, or without any loss: that is not a problem, but a report without gradients. */
export async function gradientStatistics(
  model: tf.LayersModel,
  inputs: ModelInputs,
  labels: ModelLabels | undefined,
  loss: ModelLoss | undefined,
): Promise<GradientStatistics> {
  const flows = new Map<string, FlowStatistics>();
  if (labels === undefined || (loss ?? model.loss) === undefined) return { flows, problem: null };
  try {
    const layerFlows = gradientFlowModel(model, inputs, labels, { loss });
    try {
      for (const layer of layerFlows) flows.set(lstmName(layer), await flowStatistics(layer.flow));
    } finally {
      for (const { flow } of layerFlows) flow.dispose();
    }
    return { flows, problem: null };
  } catch (error) {
    // A model that tfjs cannot differentiate, or whose gradients do not fit into memory, still has gates to look at.
    return { flows: new Map(), problem: error instanceof Error ? error.message : String(error) };
  }
}
