import * as tf from '@tensorflow/tfjs';
import { layersWithin } from '../../src/host/held-layers.js';
import { lastImplementation } from '../../src/index.js';
import { NODE_BACKENDS, useBackend } from '../../tools/backends.js';
import { accelerated } from '../support/accelerated.js';
import { expectAllClose } from '../support/close.js';
import { MASK_BATCH, MASK_TIMESTEPS, maskOf } from '../support/masks.js';
import { randomizeWeights, randomTensor } from '../support/random.js';
import { type LayerResults, resultsOf } from '../support/twins.js';

const [UNITS, FEATURES] = [4, 3];
type Symbolic = tf.SymbolicTensor;

const randomInput = (features = FEATURES) => randomTensor([MASK_BATCH, MASK_TIMESTEPS, features], 11);
const builtIn = (args: Partial<tf.LSTMLayerArgs> = {}) => tf.layers.lstm({ units: UNITS, ...args });

/** What the built-in LSTMs in a layer or model last ran on. */
function ranOn(made: tf.layers.Layer): (string | undefined)[] {
  const isLSTM = (layer: tf.layers.Layer) => layer.getClassName() === 'LSTM' && layer.weights.length > 0;
  return [...layersWithin(made)].filter(isLSTM).map((layer) => lastImplementation(layer)?.name);
}

/** Runs the same thing plainly and accelerated, and compares all results and gradients. */
function expectSame(
  made: tf.layers.Layer | tf.LayersModel,
  inputs: tf.Tensor[],
  { kwargs = {}, differentiable = true }: { kwargs?: object; differentiable?: boolean } = {},
): void {
  const [x, ...states] = inputs as [tf.Tensor, ...tf.Tensor[]];
  const run = (input: tf.Tensor, others: tf.Tensor[]) =>
    made.apply(others.length === 0 ? input : [input, ...others], { ...kwargs }) as tf.Tensor | tf.Tensor[];
  tf.tidy(() => void run(x, states));
  randomizeWeights(made, 3);
  const results = () => resultsOf(made, run, { x, states, differentiable });
  const expected = results() as LayerResults;
  const received = accelerated(() => {
    const accelerated = results();
    for (const name of ranOn(made)) expect(name).toMatch(/^wasm-/);
    return accelerated;
  }) as LayerResults;
  expectAllClose(received.outputs, expected.outputs);
  expectAllClose(received.inputGradients, expected.inputGradients);
  expectAllClose(received.weightGradients, expected.weightGradients);
}

describe.each(NODE_BACKENDS)('On %s, a built-in LSTM that is accelerated computes what it did before', (backend) => {
  beforeAll(() => useBackend(backend));
  beforeEach(() => tf.engine().startScope());
  afterEach(() => tf.engine().endScope());

  test.each(['concat', 'sum', 'mul', 'ave', null] as const)('in Bidirectional with mergeMode %s', (mergeMode) => {
    const layer = builtIn({ returnSequences: mergeMode !== 'sum' });
    const made = tf.layers.bidirectional({ layer, mergeMode: mergeMode as 'concat' });
    expectSame(made, [randomInput()], { kwargs: { mask: maskOf('with holes') } });
  });

  test('in Bidirectional with states that go in and come out', () => {
    const states = [21, 22, 23, 24].map((seed) => randomTensor([MASK_BATCH, UNITS], seed));
    const made = tf.layers.bidirectional({ layer: builtIn({ returnState: true }), mergeMode: 'concat' });
    expectSame(made, [randomInput(), ...states]);
  });

  test('in TimeDistributed', () => {
    expectSame(tf.layers.timeDistributed({ layer: builtIn() }), [randomTensor([2, 3, MASK_TIMESTEPS, FEATURES], 12)]);
  });

  test('in an encoder-decoder, where symbolic states go from one to the other', () => {
    expectSame(encoderDecoder(), [randomInput(), randomInput(2)]);
  });

  test('in a model within a model', () => {
    const inner = tf.sequential({
      layers: [builtIn({ returnSequences: true, inputShape: [MASK_TIMESTEPS, FEATURES] }), builtIn()],
    });
    const input = tf.input({ shape: [MASK_TIMESTEPS, FEATURES] });
    const outputs = tf.layers.dense({ units: 2 }).apply(inner.apply(input)) as Symbolic;
    expectSame(tf.model({ inputs: input, outputs }), [randomInput()]);
  });

  test('behind a Masking layer', () => {
    const masking = tf.layers.masking({ maskValue: 0, inputShape: [MASK_TIMESTEPS, FEATURES] });
    const made = tf.sequential({ layers: [masking, builtIn({ returnSequences: true }), builtIn({ units: 2 })] });
    const shown = tf.expandDims(tf.cast(maskOf('with holes') as tf.Tensor2D, 'float32'), 2);
    expectSame(made, [tf.mul(randomInput(), shown)], { differentiable: false });
  });

  test('in a model that was saved and loaded', async () => {
    const model = tf.sequential({
      layers: [
        builtIn({ returnSequences: true, goBackwards: true, inputShape: [MASK_TIMESTEPS, FEATURES] }),
        builtIn(),
      ],
    });
    const artifacts = await new Promise<tf.io.ModelArtifacts>((resolve) => {
      model.save(
        tf.io.withSaveHandler(async (saved) => {
          resolve(saved);
          return { modelArtifactsInfo: tf.io.getModelArtifactsInfoForJSON(saved) };
        }),
      );
    });
    expectSame(await accelerated(() => tf.loadLayersModel(tf.io.fromMemory(artifacts))), [randomInput()]);
  });

  test.each(['int32', 'bool'] as const)('on inputs of dtype %s, in a model and alone', (dtype) => {
    const layer = builtIn({ returnSequences: true, inputShape: [MASK_TIMESTEPS, FEATURES] });
    const model = tf.sequential({ layers: [layer] });
    randomizeWeights(model, 3);
    const x = tf.cast(tf.greater(randomInput(), 0), dtype);
    const run = () => [layer.apply(x), model.predict(x)] as tf.Tensor[];
    const received = accelerated(() => {
      const outputs = run();
      expect(ranOn(model)[0]).toMatch(/^wasm-/);
      return outputs;
    });
    expectAllClose(received, run());
  });

  test('with a mask of fractions, which backends turn into bools in their own ways', () => {
    const layer = builtIn({ returnSequences: true });
    layer.apply(tf.input({ shape: [null, FEATURES] }));
    randomizeWeights(layer, 3);
    const mask = tf
      .mod(tf.range(0, MASK_BATCH * MASK_TIMESTEPS), 4)
      .div(3)
      .reshape([MASK_BATCH, MASK_TIMESTEPS]);
    const run = () => [layer.apply(randomInput(), { mask })] as tf.Tensor[];
    const received = accelerated(() => {
      const outputs = run();
      expect(ranOn(layer)[0]).toMatch(/^wasm-/);
      return outputs;
    });
    expectAllClose(received, run());
  });

  test('when it is stateful, over several calls and resets', () => {
    const chunks = [41, 42, 43, 44].map((seed) => randomTensor([2, 3, FEATURES], seed));
    const givenStates = [51, 52].map((seed) => randomTensor([2, UNITS], seed));
    const layer = builtIn({ stateful: true, batchInputShape: [2, 3, FEATURES] });
    layer.apply(tf.input({ batchShape: [2, 3, FEATURES] }));
    randomizeWeights(layer, 3);
    const run = () => {
      layer.resetStates();
      const [first, second, third, fourth] = chunks as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
      const outputs = [layer.apply(first), layer.apply(second, { training: true })];
      layer.resetStates();
      outputs.push(layer.apply(third));
      layer.resetStates(givenStates.map((state) => state.clone()));
      outputs.push(layer.apply(fourth), ...layer.states.map((state) => state.clone()));
      return outputs as tf.Tensor[];
    };
    const expected = run();
    expectAllClose(accelerated(run), expected);
  });

  test.each([false, true])('in model.fit, stateful %s, with the same losses and weights', async (stateful) => {
    const [x, y] = [randomTensor([8, 4, FEATURES], 1), randomTensor([8, 2], 2)];
    const train = async () => {
      const model = tf.sequential({
        layers: [
          builtIn({ returnSequences: true, stateful, batchInputShape: [stateful ? 4 : null, 4, FEATURES] } as never),
          builtIn({ recurrentActivation: 'sigmoid', stateful, kernelRegularizer: 'l1l2' }),
          tf.layers.dense({ units: 2 }),
        ],
      });
      randomizeWeights(model, 5);
      model.compile({ loss: 'meanSquaredError', optimizer: tf.train.sgd(0.1) });
      const { history } = await model.fit(x, y, { batchSize: 4, epochs: 3, shuffle: false, verbose: 0 });
      const evaluated = model.evaluate(x, y, { batchSize: 4 }) as tf.Scalar;
      return [tf.tensor1d(history.loss as number[]), evaluated, ...model.getWeights()];
    };
    expectAllClose(await accelerated(train), await train());
  });
});

/** Two inputs; the encoder's last states are the decoder's first. */
function encoderDecoder(): tf.LayersModel {
  const [source, target] = [tf.input({ shape: [MASK_TIMESTEPS, FEATURES] }), tf.input({ shape: [MASK_TIMESTEPS, 2] })];
  const [, h, c] = builtIn({ returnState: true }).apply(source) as Symbolic[];
  const initialState = [h, c] as unknown as tf.Tensor[];
  const outputs = builtIn({ returnSequences: true }).apply(target, { initialState }) as Symbolic;
  return tf.model({ inputs: [source, target], outputs });
}
