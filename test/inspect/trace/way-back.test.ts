import * as tf from '@tensorflow/tfjs';
import { WasmKernel } from '../../../src/fused/wasm/wasm-kernel.js';
import { lstm, lstmCell } from '../../../src/index.js';
import { type GradientFlow, gradientFlowModel } from '../../../src/inspect/index.js';
import { NODE_BACKENDS, useBackend } from '../../../tools/backends.js';
import { builtIn, type Symbolic } from '../../convert/support/models.js';
import { expectAllClose } from '../../support/close.js';
import { randomizeWeights, randomTensor } from '../../support/random.js';

const [BATCH, TIMESTEPS, FEATURES, UNITS] = [3, 5, 4, 4];

const layer = (args = {}) => lstm({ units: UNITS, returnSequences: true, ...args });
const on = (made: tf.layers.Layer, x: Symbolic | Symbolic[]) => made.apply(x) as Symbolic;
const shown = (x: Symbolic) => on(tf.layers.masking({ maskValue: 0 }), x);

/** What is made of an input, by what is special about it; and how many runs of an LSTM the loss depends on. */
const MODELS: Record<string, { outputs: (x: Symbolic) => Symbolic[]; calls: number; runs: number }> = {
  'layers one after the other': {
    outputs: (x) => [on(layer({ returnSequences: false }), on(layer(), on(layer({ goBackwards: true }), shown(x))))],
    calls: 3,
    runs: 3,
  },
  'a layer whose output two others read': {
    outputs: (x) => {
      const h = on(layer(), x);
      return [on(tf.layers.add(), [on(layer(), h), on(builtIn({ units: UNITS, returnSequences: true }), h), h])];
    },
    calls: 3,
    runs: 3,
  },
  'one layer that is called three times': {
    outputs: (x) => {
      const shared = layer();
      return [on(shared, on(shared, on(shared, x)))];
    },
    calls: 3,
    runs: 3,
  },
  'states that are given to another layer': {
    outputs: (x) => {
      const [h, ...states] = layer({ returnState: true }).apply(x) as Symbolic[];
      return [on(layer(), [h as Symbolic, ...states])];
    },
    calls: 2,
    runs: 2,
  },
  // tfjs runs the layer once for each of the model's outputs, and once for the layer that reads it.
  "an output of the model that another layer reads, and the layer's gates": {
    outputs: (x) => {
      const [h, ...others] = layer({ returnGates: true }).apply(shown(x)) as Symbolic[];
      return [h as Symbolic, on(layer(), h as Symbolic), ...others];
    },
    calls: 2,
    runs: 3,
  },
  'outputs that are 0 at masked steps, with the last states': {
    outputs: (x) => {
      const [h, ...states] = layer({ zeroOutputForMask: true, returnState: true }).apply(shown(x)) as Symbolic[];
      return [on(layer(), h as Symbolic), ...states];
    },
    calls: 2,
    runs: 3,
  },
  'stacked cells that read backwards': {
    outputs: (x) => {
      const cell = [lstmCell({ units: 3 }), tf.layers.lstmCell({ units: 5 }), lstmCell({ units: UNITS })];
      return [on(tf.layers.rnn({ cell, goBackwards: true, returnSequences: true } as tf.RNNLayerArgs), shown(x))];
    },
    calls: 3,
    runs: 3,
  },
};

/** All gradients of a flow, in one order. */
function tensorsOf(flow: GradientFlow): tf.Tensor[] {
  const { dh, dc, dhRecurrent, dcCell, dx, dh0, dc0, outputSlope, dz, dWeights } = flow;
  const { kernel, recurrentKernel, bias } = dWeights;
  const ofGates = [dz, kernel, recurrentKernel, bias].flatMap((gates) => Object.values<tf.Tensor>(gates ?? {}));
  return [dh, dc, dhRecurrent, dcCell, dx, dh0, dc0, outputSlope, ...ofGates];
}

function made(outputsOf: (x: Symbolic) => Symbolic[]) {
  const input = tf.input({ shape: [TIMESTEPS, FEATURES] });
  const model = tf.model({ inputs: input, outputs: outputsOf(input) });
  randomizeWeights(model, 3);
  const isShown = tf.greater(randomTensor([BATCH, TIMESTEPS, 1], 8), -0.5);
  const x = tf.mul(randomTensor([BATCH, TIMESTEPS, FEATURES], 7), tf.cast(isShown, 'float32'));
  const labels = model.outputs.map(({ shape }, n) => randomTensor([BATCH, ...(shape.slice(1) as number[])], 40 + n));
  return { model, follow: () => gradientFlowModel(model, x, labels, { loss: 'meanSquaredError' }) };
}

describe.each(NODE_BACKENDS)("On %s, tfjs's backward pass tells what it comes by in", (backend) => {
  beforeAll(() => useBackend(backend));
  beforeEach(() => tf.engine().startScope());
  afterEach(() => tf.engine().endScope());

  test.each(Object.entries(MODELS))('%s, once for each run', (_, { outputs, calls, runs }) => {
    const { model, follow } = made(outputs);
    const steps = jest.spyOn(WasmKernel.prototype, 'backwardBySteps');
    const whole = jest.spyOn(WasmKernel.prototype, 'backward');
    try {
      const { numTensors } = tf.memory();
      const received = follow();
      expect([received.length, steps.mock.calls.length, whole.mock.calls.length]).toEqual([calls, runs, 0]);
      tf.env().set('EXPLICIT_LSTM_USE_FUSED', false);
      const expected = follow();
      expect(steps).toHaveBeenCalledTimes(runs);
      const all = (flows: typeof received) => flows.flatMap(({ flow }) => tensorsOf(flow));
      expectAllClose(all(received), all(expected));
      for (const { flow } of [...received, ...expected]) flow.dispose();
      expect(tf.memory().numTensors).toBe(numTensors);
    } finally {
      tf.env().set('EXPLICIT_LSTM_USE_FUSED', true);
      steps.mockRestore();
      whole.mockRestore();
      model.dispose();
    }
  });
});

/** Computes what it is given; its gradient fails. */
class Failing extends tf.layers.Layer {
  static className = 'Failing';
  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    const failing = tf.customGrad((x) => ({
      value: tf.clone(x as tf.Tensor),
      gradFunc: () => {
        throw new Error('no gradient');
      },
    }));
    return failing([inputs].flat()[0] as tf.Tensor);
  }
}

test('Where the backward pass fails below an LSTM, nothing is left of what it came by', async () => {
  await useBackend('cpu');
  tf.engine().startScope();
  const { follow } = made((x) => [on(layer(), on(new Failing(), on(layer(), x)))]);
  const steps = jest.spyOn(WasmKernel.prototype, 'backwardBySteps');
  const { numTensors } = tf.memory();
  expect(follow).toThrow('no gradient');
  expect(steps).toHaveBeenCalledTimes(1);
  expect(tf.memory().numTensors).toBe(numTensors);
  steps.mockRestore();
  tf.engine().endScope();
});
