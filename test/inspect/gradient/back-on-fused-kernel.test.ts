import * as tf from '@tensorflow/tfjs';
import { WasmKernel } from '../../../src/fused/wasm/wasm-kernel.js';
import { type LSTMArgs, lstm } from '../../../src/index.js';
import { type GradientFlow, gradientFlow, gradientFlowModel, type LayerFlow } from '../../../src/inspect/index.js';
import { NODE_BACKENDS, useBackend } from '../../../tools/backends.js';
import { expectAllClose } from '../../support/close.js';
import { MASK_BATCH, MASK_TIMESTEPS, maskOf } from '../../support/masks.js';
import { randomizeWeights, randomTensor } from '../../support/random.js';

const [FEATURES, UNITS] = [3, 5];
const x = () => randomTensor<tf.Rank.R3>([MASK_BATCH, MASK_TIMESTEPS, FEATURES], 7);

/** All gradients of a flow, in one order. */
function tensorsOf(flow: GradientFlow): tf.Tensor[] {
  const { dh, dc, dhRecurrent, dcCell, dx, dh0, dc0, outputSlope, dWeights } = flow;
  const { kernel, recurrentKernel, bias } = dWeights;
  const ofGates = [flow.dz, kernel, recurrentKernel, bias].flatMap((gates) => Object.values<tf.Tensor>(gates ?? {}));
  return [dh, dc, dhRecurrent, dcCell, dx, dh0, dc0, outputSlope, ...ofGates];
}

/** Follows gradients with and without a fused kernel, and compares. */
function expectSame(follow: () => GradientFlow): void {
  const steps = jest.spyOn(WasmKernel.prototype, 'backwardBySteps');
  try {
    const received = tensorsOf(follow());
    expect(steps).toHaveBeenCalled();
    steps.mockClear();
    tf.env().set('EXPLICIT_LSTM_USE_FUSED', false);
    const expected = tensorsOf(follow());
    expect(steps).not.toHaveBeenCalled();
    expectAllClose(received, expected);
  } finally {
    tf.env().set('EXPLICIT_LSTM_USE_FUSED', true);
    steps.mockRestore();
  }
}

function built(args: Partial<LSTMArgs> = {}) {
  const layer = lstm({ units: UNITS, ...args });
  layer.build([MASK_BATCH, MASK_TIMESTEPS, FEATURES]);
  randomizeWeights(layer, 3);
  return layer;
}

describe.each(NODE_BACKENDS)('On %s, a flow is the same on the fused kernel and on plain ops', (backend) => {
  beforeAll(() => useBackend(backend));
  beforeEach(() => tf.engine().startScope());
  afterEach(() => tf.engine().endScope());

  const args: [string, Partial<LSTMArgs>][] = [
    ['hard sigmoids', {}],
    ['sigmoids, backwards', { recurrentActivation: 'sigmoid', goBackwards: true }],
    ['no bias', { useBias: false }],
  ];
  test.each(args)('with a mask, initial states and %s', (_title, one) => {
    const layer = built(one);
    const weights = randomTensor([MASK_BATCH, MASK_TIMESTEPS, UNITS], 9);
    const initialState = [21, 22].map((seed) => randomTensor([MASK_BATCH, UNITS], seed));
    const loss = (h: tf.Tensor3D) => tf.sum(tf.mul(weights, tf.square(h))) as tf.Scalar;
    expectSame(() => gradientFlow(layer, x(), loss, { mask: maskOf('with holes'), initialState }));
  });

  test('from a loss of the last step alone', () => {
    const layer = built();
    const last = (h: tf.Tensor3D) => tf.mean(tf.square(tf.slice(h, [0, MASK_TIMESTEPS - 1], [-1, 1]))) as tf.Scalar;
    expectSame(() => gradientFlow(layer, x(), last));
  });

  test.each([false, true])(
    'in a model in which gates and states are read, and outputs are 0 at masked steps: %p',
    (zero) => {
      const input = tf.input({ shape: [MASK_TIMESTEPS, FEATURES] });
      const masked = tf.layers.masking({ maskValue: 0 }).apply(input) as tf.SymbolicTensor;
      const arrays = zero ? {} : { returnState: true, returnGates: true };
      const layer = lstm({ units: UNITS, returnSequences: true, zeroOutputForMask: zero, ...arrays });
      const outputs = [layer.apply(masked)].flat() as tf.SymbolicTensor[];
      const model = tf.model({ inputs: input, outputs });
      randomizeWeights(model, 3);
      const shown = tf.expandDims(tf.cast(maskOf('with holes') as tf.Tensor2D, 'float32'), 2);
      const inputs = tf.mul(x(), shown);
      const labels = outputs.map(({ shape }, n) => randomTensor([MASK_BATCH, ...(shape.slice(1) as number[])], 40 + n));
      model.compile({ loss: 'meanSquaredError', optimizer: 'sgd' });
      expectSame(() => {
        const [{ flow }] = gradientFlowModel(model, inputs, labels) as [LayerFlow];
        return flow;
      });
    },
  );
});
