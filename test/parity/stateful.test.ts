import * as tf from '@tensorflow/tfjs';
import type { CellStep } from '../../src/core/step.js';
import { lstm } from '../../src/index.js';
import { observe } from '../../src/sequence/observe.js';
import { NODE_BACKENDS, useBackend } from '../../tools/backends.js';
import { expectAllClose, expectClose } from '../support/close.js';
import { BUILT_IN, EXPLICIT, type Factories } from '../support/factories.js';
import { randomizeWeights, randomTensor } from '../support/random.js';

const UNITS = 4;
const BATCH_INPUT_SHAPE = [2, 3, 3];

function statefulLayer(args: object = {}) {
  const layer = lstm({ units: UNITS, stateful: true, batchInputShape: BATCH_INPUT_SHAPE, ...args });
  layer.apply(tf.input({ batchShape: BATCH_INPUT_SHAPE }));
  randomizeWeights(layer, 5);
  return layer;
}

function compiledModel(make: Factories) {
  const layer = make.lstm({ units: UNITS, stateful: true, batchInputShape: BATCH_INPUT_SHAPE }) as tf.RNN;
  const model = tf.sequential({ layers: [layer] });
  randomizeWeights(model, 5);
  const optimizer = tf.train.sgd(0.1);
  model.compile({ loss: 'meanSquaredError', optimizer });
  return { layer, model, optimizer };
}

describe.each(NODE_BACKENDS)('On %s, a stateful LSTM', (backend) => {
  beforeAll(() => useBackend(backend));
  beforeEach(() => tf.engine().startScope());
  afterEach(() => tf.engine().endScope());

  test('starts each call from the states that the last one ended with', () => {
    const layer = statefulLayer({ returnState: true });
    const x = randomTensor([2, 6, 3], 7);
    const [firstHalf, secondHalf] = tf.split(x, 2, 1) as [tf.Tensor, tf.Tensor];
    layer.apply(firstHalf);
    const inTwo = layer.apply(secondHalf) as tf.Tensor[];
    layer.resetStates();
    expectAllClose(inTwo, layer.apply(x) as tf.Tensor[]);
  });

  test.each([{}, { returnState: true }, { returnState: true, returnSequences: true }, { useFused: false }])(
    'keeps its states, and nothing else, when all that it returned is disposed, with %j',
    (args) => {
      const layer = statefulLayer({ ...args, returnGates: true });
      const x = randomTensor([2, 6, 3], 7);
      const halves = tf.split(x, 2, 1) as [tf.Tensor, tf.Tensor];
      const before = tf.memory().numTensors;
      for (const half of halves) tf.dispose(layer.apply(half) as tf.Tensor[]);
      expect(tf.memory().numTensors).toBe(before);
      const states = layer.states.map((state) => state.clone());
      layer.resetStates();
      tf.dispose(layer.apply(x) as tf.Tensor[]);
      expectAllClose(layer.states, states);
    },
  );

  test('keeps states that somebody made the old ones', () => {
    const layer = statefulLayer();
    layer.apply(randomTensor(BATCH_INPUT_SHAPE, 10));
    const before = layer.states.map((state) => state.clone());
    const stop = observe(layer.cell, { editStep: (computed, [h, c]) => ({ ...computed, h, c }) as CellStep });
    layer.apply(randomTensor(BATCH_INPUT_SHAPE, 7));
    stop();
    expectAllClose(layer.states, before, 0);
  });

  test('has its states set to copies, or to zeros', () => {
    const layer = statefulLayer();
    const given = [randomTensor([2, UNITS], 8), randomTensor([2, UNITS], 9)];
    layer.resetStates(given);
    const values = given.map((state) => tf.tensor(state.dataSync(), state.shape));
    tf.dispose(given);
    expectAllClose(layer.states, values, 0);
    layer.resetStates();
    expectAllClose(layer.states, [tf.zeros([2, UNITS]), tf.zeros([2, UNITS])], 0);
  });

  test('takes an initial state before its own', () => {
    const layer = statefulLayer();
    const initialState = [randomTensor([2, UNITS], 8), randomTensor([2, UNITS], 9)];
    const x = randomTensor(BATCH_INPUT_SHAPE, 7);
    layer.apply(randomTensor(BATCH_INPUT_SHAPE, 10));
    const given = layer.apply(x, { initialState }) as tf.Tensor;
    layer.resetStates(initialState);
    expectClose(layer.apply(x) as tf.Tensor, given, 0);
  });

  test('is trained over several batches as the built-in is, and leaks nothing where that one does', async () => {
    const [x, y] = [randomTensor([10, 3, 3], 11), randomTensor([10, UNITS], 12)];
    const losses: number[][] = [];
    const growths: number[] = [];
    const left: number[] = [];
    for (const make of [BUILT_IN, EXPLICIT]) {
      const before = tf.memory().numTensors;
      const { layer, model, optimizer } = compiledModel(make);
      const train = () => model.fit(x, y, { batchSize: 2, epochs: 1, shuffle: false, verbose: 0 });
      const first = await train();
      const afterFirst = tf.memory().numTensors;
      const second = await train();
      growths.push(tf.memory().numTensors - afterFirst);
      losses.push([first, second].flatMap(({ history }) => history.loss as number[]));
      layer.resetStates();
      model.dispose();
      optimizer.dispose();
      left.push(tf.memory().numTensors - before);
    }
    expectClose(tf.tensor1d(losses[1] as number[]), losses[0] as number[]);
    expect(growths).toEqual([10, 0]);
    expect(left).toEqual([2, 0]);
  });

  test('sends gradients through one batch, not into the states before it', () => {
    const layer = statefulLayer();
    const x = randomTensor(BATCH_INPUT_SHAPE, 7);
    layer.apply(randomTensor(BATCH_INPUT_SHAPE, 10));
    const states = layer.states.map((state) => state.clone());
    const gradientOf = (run: () => tf.Tensor) => {
      const { grads } = tf.variableGrads(() => tf.sum(tf.square(run())) as tf.Scalar);
      return Object.values(grads);
    };
    const stateful = gradientOf(() => layer.apply(x, { training: true }) as tf.Tensor);
    const given = gradientOf(() => layer.apply(x, { training: true, initialState: states }) as tf.Tensor);
    expectAllClose(stateful, given, 0);
  });

  test('is read, not written, by trace', () => {
    const layer = statefulLayer();
    layer.apply(randomTensor(BATCH_INPUT_SHAPE, 10));
    const before = layer.states.map((state) => state.clone());
    const x = randomTensor(BATCH_INPUT_SHAPE, 7);
    const trace = layer.trace(x);
    expectAllClose(layer.states, before, 0);
    expectAllClose([trace.h0, trace.c0], before, 0);
    const last = tf.reshape(tf.slice(trace.h, [0, 2, 0], [2, 1, UNITS]), [2, UNITS]);
    expectClose(layer.apply(x) as tf.Tensor, last, 0);
  });

  test('tells what is missing or wrong, and keeps its states', () => {
    const layer = statefulLayer();
    layer.apply(randomTensor(BATCH_INPUT_SHAPE, 10));
    const before = layer.states.map((state) => state.clone());
    const count = tf.memory().numTensors;
    const h = randomTensor([2, UNITS], 8);
    const wrong = randomTensor([2, UNITS + 1], 8);
    const other = randomTensor([3, 3, 3], 8);
    const refused: [() => void, RegExp][] = [
      [() => layer.resetStates([h]), /^LSTM\.resetStates: states must be the two tensors h and c, got \[/],
      [
        () => layer.resetStates([h, wrong]),
        /^LSTM\.resetStates: states\[1\] \(c\) must be \[B, U\] = \[2, 4\], got \[2, 5\]/,
      ],
      [
        () => layer.apply(other),
        /^LSTM\.apply: x must be \[B, T, D\] with B = 2, the stateful layer's batch size, got \[3, 3, 3\]/,
      ],
      [() => lstm({ units: 2 }).resetStates(), /^LSTM\.resetStates: the layer must be stateful \(layer '/],
      [() => lstm({ units: 2, stateful: true }).resetStates(), /^LSTM\.resetStates: the layer must be built first/],
      [
        () => lstm({ units: 2, stateful: true }).apply(tf.input({ shape: [3, 3] })),
        /^LSTM\.build: a stateful layer must know its batch size.*got \[null, 3, 3\]/,
      ],
    ];
    for (const [run, message] of refused) expect(run).toThrow(message);
    tf.dispose([h, wrong, other]);
    expect(tf.memory().numTensors).toBe(count);
    expectAllClose(layer.states, before, 0);
  });
});
