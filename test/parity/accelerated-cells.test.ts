import * as tf from '@tensorflow/tfjs';
import { lastImplementation, lstmCell } from '../../src/index.js';
import { peepholeCell } from '../../src/variants/index.js';
import { NODE_BACKENDS, useBackend } from '../../tools/backends.js';
import { accelerated } from '../support/accelerated.js';
import { expectAllClose } from '../support/close.js';
import { MASK_BATCH, MASK_TIMESTEPS, type MaskKind, maskOf } from '../support/masks.js';
import { randomizeWeights, randomTensor } from '../support/random.js';
import { type LayerResults, resultsOf } from '../support/twins.js';

const FEATURES = 3;
type Args = Partial<tf.LSTMCellLayerArgs> & { units?: number };
type Cell = tf.layers.RNNCell;

const builtIn = (args: Args = {}): Cell => tf.layers.lstmCell({ units: 4, ...args });
const explicit = (args: Args = {}): Cell => lstmCell({ units: 4, ...args });
const peepholes = () => peepholeCell({ units: 4, projectionUnits: 2, peepholeInitializer: 'glorotUniform' });
const stackOf = (...cells: Cell[]) => tf.layers.stackedRNNCells({ cells } as never) as unknown as Cell;

/** Drops in a pattern of its own every time it is called, so that the order of draws tells. */
function countedDropout() {
  let drawn = 0;
  return (ones: tf.Tensor, rate: number) => {
    drawn += 1;
    const pattern = tf.tidy(() => tf.mod(tf.range(drawn, drawn + ones.size), 3).reshape(ones.shape));
    return tf.mul(tf.mul(ones, pattern), 1 / (1 - rate));
  };
}

const dropping = (make: (args: Args) => Cell, units = 4) =>
  make({ units, dropout: 0.5, recurrentDropout: 0.25, dropoutFunc: countedDropout() });

interface Case {
  cell: () => Cell | Cell[];
  args?: Partial<tf.RNNLayerArgs>;
  mask?: MaskKind;
  /** Of what widths the initial states are, if there are any. */
  states?: number[];
  training?: boolean;
}

const whole = { returnSequences: true, returnState: true };
const CASES: Record<string, Case> = {
  'a cell of tfjs': { cell: builtIn, args: whole },
  'a cell of this package': { cell: explicit, args: whole },
  'a variant that fused kernels know': { cell: peepholes, args: whole },
  'a list of cells, with a mask, backwards': {
    cell: () => [builtIn(), builtIn({ units: 2, recurrentActivation: 'sigmoid' }), builtIn({ useBias: false })],
    args: { ...whole, goBackwards: true },
    mask: 'with holes',
  },
  'a stack of cells of both, with states and a mask': {
    cell: () => stackOf(builtIn({ units: 5 }), explicit(), peepholes()),
    args: { returnState: true },
    mask: 'left padded',
    states: [2, 4, 4, 4, 5, 5],
  },
  'a stack within a stack': {
    cell: () => stackOf(builtIn({ units: 5 }), stackOf(builtIn({ units: 2 }), builtIn())),
    args: { returnState: true },
    states: [4, 4, 2, 2, 5, 5],
  },
  'one cell of this package twice': {
    cell: () => {
      const cell = explicit({ units: FEATURES });
      return [cell, cell];
    },
  },
  'a stack that drops out in training': {
    cell: () => [dropping(builtIn), dropping(builtIn, 2)],
    args: whole,
    training: true,
  },
  'a cell of this package that drops out in training': { cell: () => dropping(explicit), training: true },
  'a cell of tfjs that drops out, in inference': { cell: () => dropping(builtIn) },
};

function layerOf({ cell, args = {} }: Case): tf.RNN {
  return tf.layers.rnn({ cell: cell(), ...args } as tf.RNNLayerArgs) as tf.RNN;
}

/** What a layer of the case computes, twice: what a first call leaves behind must be the same too. */
function resultsOfCase(one: Case): { results: LayerResults[]; ranOn: string | undefined } {
  const layer = layerOf(one);
  layer.apply(tf.input({ shape: [null, FEATURES] }));
  randomizeWeights(layer, 3);
  const mask = maskOf(one.mask ?? 'none');
  const states = (one.states ?? []).map((width, n) => randomTensor([MASK_BATCH, width], 30 + n));
  const run = (x: tf.Tensor, initialState: tf.Tensor[]) => {
    const kwargs: Record<string, unknown> = { training: one.training ?? false };
    if (mask !== null) kwargs.mask = mask;
    if (initialState.length > 0) kwargs.initialState = initialState;
    return layer.apply(x, kwargs) as tf.Tensor | tf.Tensor[];
  };
  const x = randomTensor([MASK_BATCH, MASK_TIMESTEPS, FEATURES], 11);
  const results = [resultsOf(layer, run, { x, states }), resultsOf(layer, run, { x, states })];
  return { results, ranOn: lastImplementation(layer)?.name };
}

describe.each(NODE_BACKENDS)('On %s, tf.layers.rnn computes what it did before it was accelerated', (backend) => {
  beforeAll(() => useBackend(backend));
  beforeEach(() => tf.engine().startScope());
  afterEach(() => tf.engine().endScope());

  test.each(Object.entries(CASES))('over %s', (_title, one) => {
    const expected = resultsOfCase(one);
    const received = accelerated(() => resultsOfCase(one));
    expect(expected.ranOn).toBeUndefined();
    expect(received.ranOn).toMatch(/^wasm-/);
    for (const [n, { outputs, inputGradients, weightGradients }] of received.results.entries()) {
      const wanted = expected.results[n] as LayerResults;
      expectAllClose(outputs, wanted.outputs);
      expectAllClose(inputGradients, wanted.inputGradients);
      expectAllClose(weightGradients, wanted.weightGradients);
    }
  });

  test('over a stateful stack, from call to call, in inference and in training', () => {
    const run = () => {
      const layer = tf.layers.rnn({
        cell: [builtIn(), explicit({ units: 2 })],
        stateful: true,
        batchInputShape: [2, 3, FEATURES],
      } as tf.RNNLayerArgs) as tf.RNN;
      layer.apply(tf.input({ batchShape: [2, 3, FEATURES] }));
      randomizeWeights(layer, 3);
      layer.resetStates();
      const chunks = [41, 42, 43].map((seed) => randomTensor([2, 3, FEATURES], seed));
      const outputs = chunks.map((x, n) => layer.apply(x, { training: n === 1 }) as tf.Tensor);
      return [...outputs, ...(layer.states as tf.Tensor[]).map((state) => state.clone())];
    };
    const expected = run();
    expectAllClose(accelerated(run), expected);
  });

  test('in model.fit, with constraints, and in a step of a cell by hand', async () => {
    const [x, y] = [randomTensor([4, 5, FEATURES], 1), randomTensor([4, 2], 2)];
    const train = async () => {
      const cell = [
        builtIn({ kernelConstraint: 'maxNorm' } as Args),
        explicit({ units: 2, recurrentRegularizer: 'l1l2' }),
      ];
      const model = tf.sequential({
        layers: [tf.layers.rnn({ cell, inputShape: [5, FEATURES] } as tf.RNNLayerArgs)],
      });
      randomizeWeights(model, 5);
      model.compile({ loss: 'meanSquaredError', optimizer: tf.train.sgd(0.1) });
      const { history } = await model.fit(x, y, { batchSize: 2, epochs: 2, shuffle: false, verbose: 0 });
      const [first] = cell as [Cell];
      const steps = first.call([randomTensor([4, FEATURES], 3), tf.ones([4, 4]), tf.zeros([4, 4])], {});
      return [tf.tensor1d(history.loss as number[]), ...model.getWeights(), ...(steps as tf.Tensor[])];
    };
    const expected = await train();
    expectAllClose(await accelerated(train), expected);
  });
});
