import * as tf from '@tensorflow/tfjs';
import { gradientFlow } from '../../../src/inspect/index.js';
import { useBackend } from '../../../tools/backends.js';
import { layerOfKind, randomCall } from '../../support/alike-layers.js';
import { LAYER_KIND_NAMES } from '../../support/layer-kinds.js';
test('x', async () => {
  await useBackend('cpu');
  for (const kind of LAYER_KIND_NAMES) {
    const layer = layerOfKind(kind, { goBackwards: false });
    const { x, mask, initialState } = randomCall({ mask: 'with holes', withStates: true });
    const before = tf.memory().numTensors;
    const flow = gradientFlow(layer, x, (h) => tf.sum(tf.square(h)) as tf.Scalar, { mask, initialState });
    console.log(kind, await flow.dh.data(), await flow.dc0.data(), await flow.dWeights.bias?.f.data());
    const j = flow.stepJacobian(1); console.log(j.shape); j.dispose();
    flow.dispose();
    expect(tf.memory().numTensors).toBe(before);
    try { gradientFlow(layer, x, () => { throw new Error('boo'); }, { mask, initialState }); } catch (e) { console.log(String(e)); }
    expect(tf.memory().numTensors).toBe(before);
    for (const loss of [() => tf.scalar(1), (h: tf.Tensor) => tf.sum(tf.argMax(h, 2).toFloat()), (h: tf.Tensor) => tf.sum(h.greater(0).toFloat()), (h: tf.Tensor) => h, () => 3]) {
    try { gradientFlow(layer, x, loss as never, { mask, initialState }); } catch (e) { console.log(String(e)); }
    expect(tf.memory().numTensors).toBe(before);
    }
  }
});
