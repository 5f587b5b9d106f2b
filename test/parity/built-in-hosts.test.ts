import * as tf from '@tensorflow/tfjs';
import { NODE_BACKENDS, useBackend } from '../../tools/backends.js';
import { asList, expectAllClose, expectClose } from '../support/close.js';
import { BUILT_IN, EXPLICIT, type Factories } from '../support/factories.js';
import { MASK_BATCH, MASK_TIMESTEPS, maskOf } from '../support/masks.js';
import { randomizeWeights, randomTensor } from '../support/random.js';
import { type LayerResults, resultsOf } from '../support/twins.js';

const UNITS = 4;
const FEATURES = 3;

function randomInput(features = FEATURES): tf.Tensor {
  return randomTensor([MASK_BATCH, MASK_TIMESTEPS, features], 11);
}

/** Builds the same thing of built-in and of explicit LSTMs, runs both, and compares all results and gradients. */
function expectSame(
  make: (factories: Factories) => tf.layers.Layer | tf.LayersModel,
  inputs: tf.Tensor[],
  { kwargs = {}, differentiable = true }: { kwargs?: object; differentiable?: boolean } = {},
): void {
  const [expected, received] = [BUILT_IN, EXPLICIT].map((factories) => {
    const made = make(factories);
    const run = (x: tf.Tensor, others: tf.Tensor[]) =>
      made.apply(others.length === 0 ? x : [x, ...others], { ...kwargs }) as tf.Tensor | tf.Tensor[];
    tf.tidy(() => void run(inputs[0] as tf.Tensor, inputs.slice(1)));
    randomizeWeights(made, 3);
    return resultsOf(made, run, { x: inputs[0] as tf.Tensor, states: inputs.slice(1), differentiable });
  }) as [LayerResults, LayerResults];
  expectAllClose(received.outputs, expected.outputs);
  expectAllClose(received.inputGradients, expected.inputGradients);
  expectAllClose(received.weightGradients, expected.weightGradients);
}

describe.each(NODE_BACKENDS)("on %s, the explicit LSTM takes the built-in's place", (backend) => {
  beforeAll(() => useBackend(backend));
  beforeEach(() => tf.engine().startScope());
  afterEach(() => tf.engine().endScope());

  const mergeModes = ['concat', 'sum', 'mul', 'ave', null] as const;
  test.each(mergeModes.flatMap((mergeMode) => [false, true].map((returnSequences) => [mergeMode, returnSequences])))(
    'in Bidirectional with mergeMode %s and returnSequences %s',
    (mergeMode, returnSequences) => {
      expectSame(
        (make) =>
          tf.layers.bidirectional({
            layer: make.lstm({ units: UNITS, returnSequences: returnSequences as boolean }) as tf.RNN,
            mergeMode: mergeMode as 'concat',
          }),
        [randomInput()],
        { kwargs: { mask: maskOf('with holes') } },
      );
    },
  );

  test('in Bidirectional with states that go in and come out', () => {
    const states = [21, 22, 23, 24].map((seed) => randomTensor([MASK_BATCH, UNITS], seed));
    expectSame(
      (make) =>
        tf.layers.bidirectional({
          layer: make.lstm({ units: UNITS, returnState: true }) as tf.RNN,
          mergeMode: 'concat',
        }),
      [randomInput(), ...states],
    );
  });

  test('in TimeDistributed', () => {
    expectSame(
      (make) => tf.layers.timeDistributed({ layer: make.lstm({ units: UNITS }) }),
      [randomTensor([2, 3, MASK_TIMESTEPS, FEATURES], 12)],
    );
  });

  test('as stacked cells in tf.layers.rnn, with states that go in and come out', () => {
    const states = [2, 2, UNITS, UNITS].map((units, n) => randomTensor([MASK_BATCH, units], 31 + n));
    expectSame(
      (make) =>
        tf.layers.rnn({
          cell: [make.lstmCell({ units: UNITS }), make.lstmCell({ units: 2, recurrentActivation: 'sigmoid' })],
          returnSequences: true,
          returnState: true,
        }) as tf.RNN,
      [randomInput(), ...states],
      { kwargs: { mask: maskOf('right padded') } },
    );
  });

  test('as the cell of tf.layers.rnn', () => {
    expectSame(
      (make) => tf.layers.rnn({ cell: make.lstmCell({ units: UNITS }), goBackwards: true }) as tf.RNN,
      [randomInput()],
    );
  });

  test('in an encoder-decoder, where symbolic states go from one to the other', () => {
    expectSame(encoderDecoder, [randomInput(), randomInput(2)]);
  });

  test('behind a Masking layer', () => {
    expectSame(
      (make) =>
        tf.sequential({
          layers: [
            tf.layers.masking({ maskValue: 0, inputShape: [MASK_TIMESTEPS, FEATURES] }),
            make.lstm({ units: UNITS, returnSequences: true }),
            make.lstm({ units: 2 }),
          ],
        }),
      [tf.mul(randomInput(), tf.expandDims(tf.cast(maskOf('with holes') as tf.Tensor2D, 'float32'), 2))],
      { differentiable: false },
    );
  });

  test('when it is stateful, over several calls and resets', () => {
    const chunks = [41, 42, 43, 44].map((seed) => randomTensor([2, 3, FEATURES], seed));
    const givenStates = [51, 52].map((seed) => randomTensor([2, UNITS], seed));
    const [expected, received] = [BUILT_IN, EXPLICIT].map((make) => {
      const layer = make.lstm({ units: UNITS, stateful: true, batchInputShape: [2, 3, FEATURES] }) as tf.RNN;
      layer.apply(tf.input({ batchShape: [2, 3, FEATURES] }));
      randomizeWeights(layer, 3);
      const [first, second, third, fourth] = chunks as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
      const outputs = [layer.apply(first), layer.apply(second)];
      layer.resetStates();
      outputs.push(layer.apply(third));
      layer.resetStates(givenStates);
      outputs.push(layer.apply(fourth), ...layer.states.map((state) => state.clone()));
      return outputs as tf.Tensor[];
    }) as [tf.Tensor[], tf.Tensor[]];
    expectAllClose(received, expected);
  });

  test('in model.fit, with the same loss at every step and the same weights after it', async () => {
    const histories: number[][] = [];
    const weights: tf.Tensor[][] = [];
    for (const make of [BUILT_IN, EXPLICIT]) {
      const model = tf.sequential({
        layers: [
          make.lstm({ units: 6, returnSequences: true, inputShape: [MASK_TIMESTEPS, FEATURES] }),
          make.lstm({ units: 5, recurrentActivation: 'sigmoid' }),
          tf.layers.dense({ units: 2 }),
        ],
      });
      randomizeWeights(model, 3);
      model.compile({ loss: 'meanSquaredError', optimizer: tf.train.adam(0.01) });
      const losses: number[] = [];
      await model.fit(randomTensor([12, MASK_TIMESTEPS, FEATURES], 61), randomTensor([12, 2], 62), {
        batchSize: 4,
        epochs: 3,
        shuffle: false,
        verbose: 0,
        callbacks: { onBatchEnd: (_batch, logs) => void losses.push(logs?.loss as number) },
      });
      histories.push(losses);
      weights.push(model.getWeights());
    }
    const [expected, received] = histories as [number[], number[]];
    expect(expected).toHaveLength(9);
    expect(new Set(expected).size).toBe(9);
    expectClose(tf.tensor1d(received), expected);
    expectAllClose(weights[1] as tf.Tensor[], weights[0] as tf.Tensor[], 1e-4);
  });

  test('with a constant count of tensors over its calls, and none left after dispose', () => {
    const before = tf.memory().numTensors;
    const x = randomInput();
    const mask = maskOf('with holes') as tf.Tensor2D;
    const layer = EXPLICIT.lstm({ units: UNITS, returnSequences: true, returnState: true, dropout: 0.5 });
    const countAfterCall = () => {
      tf.dispose(layer.apply(x, { mask, training: true }) as tf.Tensor[]);
      return tf.memory().numTensors;
    };
    const first = countAfterCall();
    expect([countAfterCall(), countAfterCall()]).toEqual([first, first]);
    layer.dispose();
    tf.dispose([x, mask]);
    expect(tf.memory().numTensors).toBe(before);
  });
});

/** Two inputs; the encoder's last states are the decoder's first. */
function encoderDecoder(make: Factories): tf.LayersModel {
  const source = tf.input({ shape: [MASK_TIMESTEPS, FEATURES] });
  const target = tf.input({ shape: [MASK_TIMESTEPS, 2] });
  const encoder = make.lstm({ units: UNITS, returnState: true });
  const [, h, c] = encoder.apply(source) as tf.SymbolicTensor[];
  const decoder = make.lstm({ units: UNITS, returnSequences: true });
  const decoded = decoder.apply(target, { initialState: [h, c] as unknown as tf.Tensor[] });
  return tf.model({ inputs: [source, target], outputs: asList(decoded) as tf.SymbolicTensor[] });
}
