import * as tf from '@tensorflow/tfjs';
import { WasmKernel } from '../../src/fused/wasm/wasm-kernel.js';
import { type LSTM, type LSTMArgs, lstm } from '../../src/index.js';
import { useBackend } from '../../tools/backends.js';
import { expectAllClose, expectClose } from '../support/close.js';
import { randomizeWeights, randomTensor } from '../support/random.js';

const [SAMPLES, TIMESTEPS, FEATURES, UNITS] = [8, 5, 3, 4];

beforeAll(() => useBackend('wasm'));
beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

type MakeLSTM = (args: LSTMArgs) => LSTM;
type Symbolic = tf.SymbolicTensor;

const input = () => tf.input({ shape: [TIMESTEPS, FEATURES] });
const sigmoid = { recurrentActivation: 'sigmoid' } as const;

/** Models that an LSTM may be in. */
const MODELS: Record<string, (make: MakeLSTM) => tf.LayersModel> = {
  'a stack': (make) =>
    tf.sequential({
      layers: [
        make({ units: UNITS, ...sigmoid, returnSequences: true, inputShape: [TIMESTEPS, FEATURES] }),
        make({ units: UNITS, ...sigmoid, goBackwards: true }),
      ],
    }),
  'a layer that is used twice': (make) => {
    const [x, layer] = [input(), make({ units: FEATURES, ...sigmoid, returnSequences: true })];
    const once = layer.apply(x) as Symbolic;
    return tf.model({ inputs: x, outputs: layer.apply(once) as Symbolic });
  },
  'a frozen layer below another': (make) => {
    const x = input();
    const frozen = make({ units: UNITS, ...sigmoid, returnSequences: true, trainable: false }).apply(x) as Symbolic;
    return tf.model({ inputs: x, outputs: make({ units: UNITS, ...sigmoid }).apply(frozen) as Symbolic });
  },
  'a frozen layer above another': (make) => {
    const x = input();
    const trained = make({ units: UNITS, ...sigmoid, returnSequences: true }).apply(x) as Symbolic;
    return tf.model({
      inputs: x,
      outputs: make({ units: UNITS, ...sigmoid, trainable: false }).apply(trained) as Symbolic,
    });
  },
  'an encoder and a decoder': (make) => {
    const x = input();
    const [, h, c] = make({ units: UNITS, ...sigmoid, returnState: true }).apply(x) as Symbolic[];
    const initialState = [h, c] as unknown as tf.Tensor[];
    const decoded = make({ units: UNITS, ...sigmoid, returnSequences: true }).apply(x, { initialState }) as Symbolic;
    return tf.model({ inputs: x, outputs: decoded });
  },
  'both directions of masked sequences': (make) =>
    tf.sequential({
      layers: [
        tf.layers.masking({ maskValue: 0, inputShape: [TIMESTEPS, FEATURES] }),
        tf.layers.bidirectional({ layer: make({ units: UNITS, ...sigmoid }) as tf.RNN, mergeMode: 'concat' }),
      ],
    }),
  'gates in the loss, with dropout and penalties': (make) => {
    const x = input();
    const more = { dropout: 0.3, recurrentDropout: 0.2, seed: 3, kernelRegularizer: 'l1l2' } as const;
    const layer = make({
      units: UNITS,
      ...sigmoid,
      ...more,
      returnSequences: true,
      returnGates: true,
      activityRegularizer: 'l1l2',
    });
    const [y, , f] = layer.apply(x) as Symbolic[];
    return tf.model({ inputs: x, outputs: [y as Symbolic, f as Symbolic] });
  },
  'a stateful layer': (make) =>
    tf.sequential({
      layers: [make({ units: UNITS, ...sigmoid, stateful: true, batchInputShape: [4, TIMESTEPS, FEATURES] })],
    }),
};

/** Trains a model, and returns its losses and its weights. */
async function train(model: tf.LayersModel, optimizer: tf.Optimizer) {
  randomizeWeights(model, 3);
  model.compile({ loss: 'meanSquaredError', optimizer });
  const x = tf.relu(randomTensor([SAMPLES, TIMESTEPS, FEATURES], 1));
  const y = model.outputs.map(({ shape }, n) => randomTensor([SAMPLES, ...(shape.slice(1) as number[])], 2 + n));
  const losses: number[] = [];
  const tensors: number[] = [];
  await model.fit(x, y, {
    batchSize: 4,
    epochs: 3,
    shuffle: false,
    verbose: 0,
    callbacks: {
      onBatchEnd: (_batch, logs) => {
        losses.push(logs?.loss as number);
      },
      onEpochEnd: () => {
        tensors.push(tf.memory().numTensors);
      },
    },
  });
  return { losses, tensors, weights: model.getWeights() };
}

async function expectSameTraining(makeModel: (make: MakeLSTM) => tf.LayersModel, optimizer: () => tf.Optimizer) {
  const forward = jest.spyOn(WasmKernel.prototype, 'forward');
  const trainWith = (useFused: 'auto' | false) =>
    train(
      makeModel((args) => lstm({ ...args, useFused })),
      optimizer(),
    );
  const plain = await trainWith(false);
  expect(forward).not.toHaveBeenCalled();
  const fused = await trainWith('auto');
  expect(forward).toHaveBeenCalled();
  forward.mockRestore();
  expect(new Set(plain.losses).size).toBe(plain.losses.length);
  expectClose(tf.tensor1d(fused.losses), plain.losses);
  expectAllClose(fused.weights, plain.weights, 1e-4);
  expect(fused.tensors[2]).toBe(fused.tensors[1]);
}

test.each(Object.entries(MODELS))('Training is the same on a fused kernel and without one: %s', (_title, makeModel) =>
  expectSameTraining(makeModel, () => tf.train.sgd(0.1)),
);

const OPTIMIZERS: Record<string, () => tf.Optimizer> = {
  momentum: () => tf.train.momentum(0.05, 0.9),
  adagrad: () => tf.train.adagrad(0.05),
  adadelta: () => tf.train.adadelta(0.5),
  adam: () => tf.train.adam(0.01),
  adamax: () => tf.train.adamax(0.01),
  rmsprop: () => tf.train.rmsprop(0.01),
};

test.each(Object.entries(OPTIMIZERS))('Training is the same by %s', (_title, optimizer) =>
  expectSameTraining(MODELS['a stack'] as (make: MakeLSTM) => tf.LayersModel, optimizer),
);
