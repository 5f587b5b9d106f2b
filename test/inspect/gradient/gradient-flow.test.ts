import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { lstm } from '../../../src/index.js';
import { editGates, type GradientFlow, gradientFlow, withUnits } from '../../../src/inspect/index.js';
import { NODE_BACKENDS, useBackend } from '../../../tools/backends.js';
import { type LayerCall, layerOfKind, randomCall, UNITS } from '../../support/alike-layers.js';
import { expectClose } from '../../support/close.js';
import { LAYER_KIND_NAMES } from '../../support/layer-kinds.js';
import { MASK_KINDS } from '../../support/masks.js';
import { randomizeWeights, randomTensor } from '../../support/random.js';
import { float64Loss } from '../support/float64-loss.js';
import { expectSameFlow, tensorsOfFlow } from '../support/flows.js';

const SQUARES = (h: tf.Tensor) => tf.sum(tf.square(h)) as tf.Scalar;
const LAST = (h: tf.Tensor3D) => tf.sum(tf.square(tf.slice(h, [0, h.shape[1] - 1, 0], [-1, 1, -1]))) as tf.Scalar;

const flowOf = (layer: tf.layers.RNN, { x, mask, initialState }: LayerCall, loss = SQUARES): GradientFlow =>
  gradientFlow(layer, x, loss, { mask, initialState });

describe.each(NODE_BACKENDS)('On %s, gradientFlow', (backend) => {
  beforeAll(() => useBackend(backend));
  beforeEach(() => tf.engine().startScope());
  afterEach(() => tf.engine().endScope());

  test('is the same for every kind of layer, whatever the options', () => {
    const options = fc.record({
      mask: fc.constantFrom(...MASK_KINDS),
      withStates: fc.boolean(),
      goBackwards: fc.boolean(),
      useBias: fc.boolean(),
      recurrentActivation: fc.constantFrom('sigmoid' as const, 'hardSigmoid' as const),
      returnSequences: fc.boolean(),
      atEveryStep: fc.boolean(),
    });
    const property = fc.property(options, ({ mask, withStates, atEveryStep, ...args }) => {
      tf.tidy(() => {
        const call = randomCall({ mask, withStates });
        const loss = (atEveryStep ? SQUARES : LAST) as typeof SQUARES;
        const [first, ...others] = LAYER_KIND_NAMES.map((kind) => flowOf(layerOfKind(kind, args), call, loss));
        for (const other of others) expectSameFlow(other, first!);
      });
    });
    fc.assert(property, { numRuns: 6 });
  });
});

describe.each(LAYER_KIND_NAMES)('gradientFlow through %s', (kind) => {
  beforeAll(() => useBackend('cpu'));
  beforeEach(() => tf.engine().startScope());
  afterEach(() => tf.engine().endScope());

  test('agrees with differences of a loss that is computed in float64, at x, the states and the weights', () => {
    const layer = layerOfKind(kind, { recurrentActivation: 'sigmoid' });
    const call = randomCall({ mask: 'with holes', withStates: true });
    const flow = flowOf(layer, call);
    const lossAt = float64Loss(layer, call);
    expect(lossAt()).toBeCloseTo(flow.loss.arraySync(), 4);
    const weights = flow.dWeights;
    const joined = (byGate: Record<string, tf.Tensor>) =>
      tf.concat(
        ['i', 'f', 'g', 'o'].map((gate) => byGate[gate]!),
        -1,
      );
    const gradients = {
      x: flow.dx,
      h0: flow.dh0,
      c0: flow.dc0,
      kernel: joined(weights.kernel),
      recurrentKernel: joined(weights.recurrentKernel),
      bias: joined(weights.bias!),
    };
    for (const [name, gradient] of Object.entries(gradients)) {
      const values = gradient.dataSync();
      for (let at = 0; at < values.length; at += 3) {
        const step = 1e-5;
        const shifted = (by: number) => lossAt({ name: name as keyof typeof gradients, at, by });
        const difference = (shifted(step) - shifted(-step)) / (2 * step);
        expect(Math.abs(values[at]! - difference)).toBeLessThan(2e-5 * (1 + Math.abs(difference)));
      }
    }
  });

  test('takes dc apart into what comes through the next cell and what comes through h', () => {
    const flow = flowOf(layerOfKind(kind), randomCall({ mask: 'left padded', withStates: true }));
    expectClose(flow.dc, tf.add(flow.dcCell, tf.mul(flow.outputSlope, flow.dh)));
    // What the next step's cell hands back is its forget gate times its dc, or its dc alone where it is masked.
    const [f, dc] = [flow.trace.f, flow.dc];
    const mask = tf.expandDims(flow.trace.mask!, 2);
    const handedBack = tf.slice(tf.where(mask, tf.mul(f, dc), dc), [0, 1, 0]);
    expectClose(tf.slice(flow.dcCell, [0, 0, 0], [-1, 5, -1]), handedBack);
  });

  test('leaves weights, states and the number of tensors as they were', () => {
    const layer = layerOfKind(kind, { stateful: true });
    layer.resetStates([randomTensor([4, UNITS], 71), randomTensor([4, UNITS], 72)]);
    const call = randomCall({ mask: 'with holes' });
    const values = () => [...layer.getWeights(), ...(layer.states as tf.Tensor[])].map((tensor) => tensor.arraySync());
    const before = values();
    const { numTensors } = tf.memory();
    flowOf(layer, call).dispose();
    expect(tf.memory().numTensors).toBe(numTensors);
    expect(values()).toEqual(before);
  });

  test('starts from the states of a stateful layer, unless others are given', () => {
    const layer = layerOfKind(kind, { stateful: true });
    const states = [randomTensor([4, UNITS], 71), randomTensor([4, UNITS], 72)];
    layer.resetStates(states);
    const call = randomCall();
    const explicit = flowOf(layerOfKind(kind), { ...call, initialState: states as never });
    expectSameFlow(flowOf(layer, call), explicit);
    const others = randomCall({ withStates: true });
    expectSameFlow(flowOf(layer, others), flowOf(layerOfKind(kind), others));
  });

  test('is without dropout', () => {
    const call = randomCall();
    const dropping = flowOf(layerOfKind(kind, { dropout: 0.5, recurrentDropout: 0.5 }), call);
    expectSameFlow(dropping, flowOf(layerOfKind(kind), call));
  });

  test('goes through a frozen layer as through any, the gradients of its weights included', () => {
    const call = randomCall();
    const frozen = layerOfKind(kind);
    frozen.trainable = false;
    expectSameFlow(flowOf(frozen, call), flowOf(layerOfKind(kind), call));
  });

  test('follows what editGates changes: no gradient passes a forget gate that is held at 0', () => {
    const layer = layerOfKind(kind);
    const flow = editGates(
      layer,
      ({ f }) => ({ f: withUnits(f, [2], 0) }),
      () => flowOf(layer, randomCall()),
    );
    const sizes = (tensor: tf.Tensor) => tf.max(tf.abs(tensor), [0, 1]).arraySync() as number[];
    expect(sizes(flow.dcCell)[2]).toBe(0);
    expect(sizes(flow.dz.f)[2]).toBe(0);
    expect(sizes(flow.dcCell)[1]).toBeGreaterThan(0);
    expect(sizes(flow.trace.f)[2]).toBe(0);
  });

  test('of wholly masked sequences is the carried gradient, and 0 within the steps', () => {
    const { x, initialState } = randomCall({ withStates: true });
    const flow = gradientFlow(layerOfKind(kind), x, LAST, { initialState, mask: tf.zeros([4, 6]) });
    const expected = tf.mul(2, initialState![0]);
    expectClose(flow.dh0, expected);
    for (let t = 0; t < 6; t++) expectClose(tf.squeeze(tf.slice(flow.dh, [0, t, 0], [-1, 1, -1]), [1]), expected);
    const { i, f, g, o } = flow.dz;
    for (const zero of [i, f, g, o, flow.dc, flow.dcCell, flow.dc0, flow.dx, flow.outputSlope]) {
      expect(tf.max(tf.abs(zero)).arraySync()).toBe(0);
    }
  });

  test('ignores NaN in masked steps', () => {
    const call = randomCall({ mask: 'right padded' });
    const holed = tf.where(tf.expandDims(call.mask!, 2), call.x, tf.fill(call.x.shape, Number.NaN)) as tf.Tensor3D;
    const layer = layerOfKind(kind);
    const [withNaN, without] = [flowOf(layer, { ...call, x: holed }), flowOf(layer, call)];
    expectClose(withNaN.dh, without.dh);
    expectClose(withNaN.dx, without.dx);
    expectClose(withNaN.dWeights.kernel.f, without.dWeights.kernel.f);
  });
});

describe('gradientFlow', () => {
  beforeAll(() => useBackend('cpu'));
  beforeEach(() => tf.engine().startScope());
  afterEach(() => tf.engine().endScope());

  test("shows the loss the h of the input's order, carried over masked steps, also of a layer that outputs 0 there", () => {
    const layer = lstm({ units: 3, goBackwards: true, zeroOutputForMask: true, returnSequences: true });
    layer.apply(tf.input({ shape: [null, 3] }));
    randomizeWeights(layer, 4);
    const { x, mask } = randomCall({ mask: 'with holes' });
    let seen: tf.Tensor | null = null;
    const flow = gradientFlow(
      layer,
      x,
      (h) => {
        seen = tf.keep(tf.clone(h));
        return SQUARES(h);
      },
      { mask },
    );
    expectClose(seen!, flow.trace.h);
    tf.dispose(seen!);
  });

  test('can be taken within a tidy, which then disposes it', () => {
    const layer = layerOfKind('the explicit layer');
    const { x } = randomCall();
    const { numTensors } = tf.memory();
    tf.tidy(() => void gradientFlow(layer, x, SQUARES));
    expect(tf.memory().numTensors).toBe(numTensors);
  });

  test('keeps its tensors when a tidy returns it', () => {
    const layer = layerOfKind('the explicit layer');
    const { x } = randomCall();
    const flow = tf.tidy(() => gradientFlow(layer, x, SQUARES) as never) as GradientFlow;
    expect(tensorsOfFlow(flow).some(({ isDisposed }) => isDisposed)).toBe(false);
    expect(flow.stepJacobian(2).shape).toEqual([4, 2 * UNITS, 2 * UNITS]);
  });

  test('keeps the weights that it was taken at, for the Jacobian of a step', () => {
    const layer = layerOfKind('the built-in layer');
    const flow = flowOf(layer, randomCall({ mask: 'with holes' }));
    const before = flow.stepJacobian(2);
    randomizeWeights(layer, 99);
    expectClose(flow.stepJacobian(2), before);
  });

  test('takes whole numbers for an input', () => {
    const layer = layerOfKind('the explicit layer');
    const { x } = randomCall();
    const whole = tf.round(x);
    expectSameFlow(gradientFlow(layer, tf.cast(whole, 'int32'), SQUARES), gradientFlow(layer, whole, SQUARES));
  });
});
