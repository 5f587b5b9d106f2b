import * as tf from '@tensorflow/tfjs';
import { applicableFusedKernels } from '../../../src/fused/choose.js';
import { StepsKernel } from '../../../src/fused/tensorflow/steps-kernel.js';
import { TensorFlowKernel } from '../../../src/fused/tensorflow/tensorflow-kernel.js';
import { WasmKernel } from '../../../src/fused/wasm/wasm-kernel.js';
import { type LSTMArgs, lstm } from '../../../src/index.js';
import { type GradientFlow, gradientFlow, gradientFlowModel, type LayerFlow } from '../../../src/inspect/index.js';
import { NODE_BACKENDS, useBackend } from '../../../tools/backends.js';
import { FUSED_PROBLEM } from '../../fused/support/fused-problem.js';
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

type KernelClass = typeof WasmKernel | typeof TensorFlowKernel | typeof StepsKernel;

/**
 * Follows gradients with and without a fused kernel, and compares.
 *
 * @param runs How often the layer runs forward: tfjs runs it once for each of a model's outputs.
 */
function expectSame(follow: () => GradientFlow, { prototype }: KernelClass = WasmKernel, runs = 1): void {
  const forward = jest.spyOn(prototype, 'forward');
  const steps = jest.spyOn(prototype, 'backwardBySteps');
  try {
    const received = tensorsOf(follow());
    expect(forward).toHaveBeenCalledTimes(runs);
    expect(steps).toHaveBeenCalledTimes(1);
    steps.mockClear();
    tf.env().set('EXPLICIT_LSTM_USE_FUSED', false);
    const expected = tensorsOf(follow());
    expect(steps).not.toHaveBeenCalled();
    expectAllClose(received, expected);
  } finally {
    tf.env().set('EXPLICIT_LSTM_USE_FUSED', true);
    forward.mockRestore();
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
      expectSame(
        () => {
          const [{ flow }] = gradientFlowModel(model, inputs, labels) as [LayerFlow];
          return flow;
        },
        WasmKernel,
        outputs.length,
      );
    },
  );
});

describe("Where TensorFlow's own ops are the fastest, a flow is the same on them and on plain ops", () => {
  beforeAll(async () => {
    await useBackend('tensorflow');
    // They are checked when they are asked for the first time, by running them.
    for (const recurrentActivation of ['sigmoid', 'hardSigmoid']) {
      applicableFusedKernels({ ...FUSED_PROBLEM, recurrentActivation, keepsGates: true, takesGradients: true });
    }
  });
  beforeEach(() => tf.engine().startScope());
  afterEach(() => tf.engine().endScope());

  const cases: [KernelClass, [number, number, number, number], Partial<LSTMArgs>, boolean][] = [
    [TensorFlowKernel, [40, 4, 30, 130], { recurrentActivation: 'sigmoid' }, false],
    [TensorFlowKernel, [40, 4, 30, 130], { recurrentActivation: 'sigmoid', goBackwards: true }, false],
    [StepsKernel, [400, 2, 5, 136], { goBackwards: true }, true],
  ];
  test.each(cases)('%p of a layer and of a model, %j, %j, with a mask: %p', (kernelClass, shape, args, isMasked) => {
    const [batch, timesteps, features, units] = shape;
    const weighing = randomTensor([batch, timesteps, units], 9);
    const isShown = tf.cast(tf.greater(randomTensor<tf.Rank.R2>([batch, timesteps], 8), -0.5), 'float32');
    const given = randomTensor<tf.Rank.R3>([batch, timesteps, features], 7);
    const inputs = isMasked ? tf.mul<tf.Tensor3D>(given, tf.expandDims(isShown, 2)) : given;
    const input = tf.input({ shape: [timesteps, features] });
    const before = isMasked ? (tf.layers.masking({ maskValue: 0 }).apply(input) as tf.SymbolicTensor) : input;
    const layer = lstm({ units, returnSequences: true, recurrentInitializer: 'zeros', ...args });
    const model = tf.model({ inputs: input, outputs: layer.apply(before) as tf.SymbolicTensor });
    randomizeWeights(model, 3, 0.1);
    const loss = (h: tf.Tensor3D) => tf.sum(tf.mul(weighing, tf.square(h))) as tf.Scalar;
    expectSame(() => gradientFlow(layer, inputs, loss, { mask: isMasked ? isShown : null }), kernelClass);
    expectSame(() => {
      const [{ flow }] = gradientFlowModel(model, inputs, weighing, { loss: 'meanSquaredError' }) as [LayerFlow];
      return flow;
    }, kernelClass);
  });
});
