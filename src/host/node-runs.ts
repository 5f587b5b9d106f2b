import * as tf from '@tensorflow/tfjs';
import { hookMethod } from './hook-method.js';

type Layer = tf.layers.Layer;

/**
 * Tells which of a shared layer's nodes, its uses in a model, the model has just run: `after` is called right after the
 * layer was. Returns what ends that.
 *
 * Reliance: tfjs's executor asks a layer with several nodes, by `getOutputAt`, for the outputs of the one that it has just
 * run. Checked at first use, by a small model. Fallback: nothing is told.
 */
export function afterNodeRuns(layer: Layer, after: (node: number) => void): () => void {
  isTold ??= tellsNodes();
  return isTold ? hookOutputs(layer, after) : () => {};
}

function hookOutputs(layer: Layer, after: (node: number) => void): () => void {
  return hookMethod(layer, 'getOutputAt', (getOutputAt) => (node) => {
    after(node);
    return getOutputAt(node);
  });
}

let isTold: boolean | undefined;

/** Whether a model that uses a layer twice asks for the outputs of each use right after it. */
function tellsNodes(): boolean {
  const shared = tf.layers.activation({ activation: 'linear', name: 'probe' });
  const inputs = [0, 1].map((node) => tf.input({ shape: [1], name: `probe_${node}` }));
  const outputs = inputs.map((input) => shared.apply(input) as tf.SymbolicTensor);
  const model = tf.model({ inputs, outputs, name: 'probe' });
  const seen: (string | number)[] = [];
  const undo = [
    // What the layer gets tells which use it is.
    hookMethod(shared, 'call', (call) => (given, kwargs) => {
      seen.push(`use ${([given].flat()[0] as tf.Tensor).dataSync()[0]}`);
      return call(given, kwargs);
    }),
    hookOutputs(shared, (node) => seen.push(node)),
  ];
  try {
    tf.tidy(() => void model.call([tf.tensor2d([[0]]), tf.tensor2d([[1]])], {}));
  } finally {
    for (const unhook of undo) unhook();
  }
  const uses = [0, 1].map((node) => seen.indexOf(`use ${node}`));
  return seen.length === 4 && uses.every((at, node) => at >= 0 && seen[at + 1] === node);
}
