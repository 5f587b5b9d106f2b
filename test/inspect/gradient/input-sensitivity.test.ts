import * as tf from '@tensorflow/tfjs';
import { lstm } from '../../../src/index.js';
import { inputSensitivity, traceLayer } from '../../../src/inspect/index.js';
import { NODE_BACKENDS, useBackend } from '../../../tools/backends.js';
import { applyTo, layerOfKind, randomCall, UNITS } from '../../support/alike-layers.js';
import { expectClose } from '../../support/close.js';
import { LAYER_KIND_NAMES } from '../../support/layer-kinds.js';
import { randomizeWeights, randomTensor } from '../../support/random.js';

/** The same from one backward pass for each unit, through the layer itself. [B, T] */
function byUnits(layer: tf.layers.RNN, call: ReturnType<typeof randomCall>, timestep: number): tf.Tensor {
  const squares = Array.from({ length: UNITS }, (_, unit) => {
    const looked = (x: tf.Tensor) => {
      const [h] = applyTo(layer, { ...call, x: x as tf.Tensor3D }) as [tf.Tensor3D];
      const processed = layer.goBackwards ? h.shape[1] - 1 - timestep : timestep;
      return tf.sum(tf.slice(h, [0, processed, unit], [-1, 1, 1])) as tf.Scalar;
    };
    return tf.sum(tf.square(tf.grad(looked)(call.x)), 2);
  });
  return tf.sqrt(tf.addN(squares));
}

describe.each(NODE_BACKENDS)('On %s, inputSensitivity', (backend) => {
  beforeAll(() => useBackend(backend));
  beforeEach(() => tf.engine().startScope());
  afterEach(() => tf.engine().endScope());

  test.each(LAYER_KIND_NAMES)("is the norm of the Jacobian of h at a step by each step's x, through %s", (kind) => {
    const cases = [
      { goBackwards: false, timestep: 3, call: randomCall({ mask: 'with holes', withStates: true }) },
      { goBackwards: false, timestep: 5, call: randomCall() },
      { goBackwards: true, timestep: 2, call: randomCall({ mask: 'left padded' }) },
    ];
    for (const { goBackwards, timestep, call } of cases) {
      const layer = layerOfKind(kind, { goBackwards, returnSequences: true });
      const { x, mask, initialState } = call;
      expectClose(inputSensitivity(layer, x, { timestep, mask, initialState }), byUnits(layer, call, timestep));
    }
  });
});

describe('inputSensitivity', () => {
  beforeAll(() => useBackend('cpu'));
  beforeEach(() => tf.engine().startScope());
  afterEach(() => tf.engine().endScope());

  test.each([
    [false, 5],
    [true, 0],
  ])('looks at the step processed last unless told otherwise (backwards: %s)', (goBackwards, timestep) => {
    const layer = layerOfKind('the explicit layer', { goBackwards });
    const { x } = randomCall();
    expectClose(inputSensitivity(layer, x), inputSensitivity(layer, x, { timestep }), 0);
  });

  test('is 0 at steps that are processed later', () => {
    const { x } = randomCall();
    const [forwards, backwards] = [false, true].map(
      (goBackwards) =>
        inputSensitivity(layerOfKind('the explicit layer', { goBackwards }), x, {
          timestep: 2,
        }).arraySync() as number[][],
    );
    for (const row of forwards!) expect(row.map((value) => value > 0)).toEqual([true, true, true, false, false, false]);
    for (const row of backwards!) expect(row.map((value) => value > 0)).toEqual([false, false, true, true, true, true]);
  });

  test.each([1, 2])('of %i units is what a change of x does to them', (units) => {
    const layer = lstm({ units });
    layer.build([null, null, 1]);
    randomizeWeights(layer, 5);
    const x = randomTensor<tf.Rank.R3>([2, 3, 1], 7);
    const delta = 0.01;
    const slopes = [0, 1, 2].map((t) => {
      const change = tf.mul(tf.oneHot(tf.tensor1d([t], 'int32'), 3).reshape([1, 3, 1]), delta);
      const [more, less] = [tf.add(x, change), tf.sub(x, change)].map((shifted) => layer.apply(shifted) as tf.Tensor);
      return tf.norm(tf.div(tf.sub(more as tf.Tensor, less as tf.Tensor), 2 * delta), 2, 1);
    });
    expectClose(inputSensitivity(layer, x), tf.stack(slopes, 1), 1e-3);
  });

  test('is 0 for a sequence that is wholly masked', () => {
    const { x } = randomCall();
    const sensitivity = inputSensitivity(layerOfKind('the explicit layer'), x, { mask: tf.zeros([4, 6]) });
    expect(tf.max(sensitivity).arraySync()).toBe(0);
  });

  test('of more sequences than are run at once is that of each', () => {
    const layer = layerOfKind('the explicit layer');
    const x = randomTensor<tf.Rank.R3>([100, 3, 3], 5);
    const [first, last] = [x.slice([0], [1]), x.slice([99], [1])];
    const whole = inputSensitivity(layer, x);
    expectClose(whole.slice([0], [1]), inputSensitivity(layer, first));
    expectClose(whole.slice([99], [1]), inputSensitivity(layer, last));
  });

  test('leaves the layer and the number of tensors as they were', () => {
    const layer = layerOfKind('the built-in layer', { stateful: true });
    const { x } = randomCall();
    layer.apply(x);
    const before = traceLayer(layer, x).h0.arraySync();
    const { numTensors } = tf.memory();
    inputSensitivity(layer, x).dispose();
    expect(tf.memory().numTensors).toBe(numTensors);
    expect(traceLayer(layer, x).h0.arraySync()).toEqual(before);
  });
});
