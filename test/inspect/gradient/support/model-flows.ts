import * as tf from '@tensorflow/tfjs';
import { GATE_NAMES, lstm } from '../../../../src/index.js';
import type { GradientFlow, LayerFlow } from '../../../../src/inspect/index.js';
import { expectClose } from '../../../support/close.js';
import { randomizeWeights, randomTensor } from '../../../support/random.js';

export const [BATCH, TIMESTEPS, FEATURES] = [4, 7, 3];
export const SEQUENCE = () => randomTensor<tf.Rank.R3>([BATCH, TIMESTEPS, FEATURES], 1);

/** Labels of three classes. */
export const classes = () => tf.oneHot(tf.tensor1d([0, 2, 1, 2], 'int32'), 3).toFloat();

/** Three classes. */
export function classifier(): tf.LayersModel {
  const model = tf.sequential({
    layers: [
      lstm({ units: 5, inputShape: [TIMESTEPS, FEATURES], name: 'lstm' }),
      tf.layers.dense({ units: 3, activation: 'softmax' }),
    ],
  });
  randomizeWeights(model, 6);
  return model;
}

export function onlyFlow(flows: LayerFlow[]): GradientFlow {
  expect(flows).toHaveLength(1);
  return flows[0]!.flow;
}

/** The weights' gradients that tfjs finds for a scalar, by the weight's name. */
export function gradientsOf(model: tf.LayersModel, loss: () => tf.Scalar): tf.NamedTensorMap {
  return tf.variableGrads(
    loss,
    model.weights.map((weight) => weight.read() as tf.Variable),
  ).grads;
}

export function expectGradientsOfLayer(flow: GradientFlow, layer: tf.layers.Layer, expected: tf.NamedTensorMap): void {
  const { kernel, recurrentKernel, bias } = flow.dWeights;
  for (const [n, byGate] of [kernel, recurrentKernel, bias!].entries()) {
    const variable = layer.weights[n]!.read() as tf.Variable;
    expectClose(wholeOf(byGate), expected[variable.name]!);
  }
}

/** Blocks in the order of a weight's columns. */
export function wholeOf(byGate: Record<(typeof GATE_NAMES)[number], tf.Tensor>): tf.Tensor {
  return tf.concat(
    GATE_NAMES.map((gate) => byGate[gate]),
    -1,
  );
}
