import * as tf from '@tensorflow/tfjs';
import { lstm, lstmCell } from '../../src/index.js';
import { useBackend } from '../../tools/backends.js';
import { expectClose } from '../support/close.js';
import { BUILT_IN, EXPLICIT, type Factories } from '../support/factories.js';
import { firstLoss } from '../support/models.js';
import { randomizeWeights, randomTensor } from '../support/random.js';

const UNITS = 4;
const FEATURES = 3;

/** An LSTM with symbolic states, and then a second LSTM. */
function statesThenPlain(make: Factories): tf.LayersModel {
  const [x, h, c] = [tf.input({ shape: [5, FEATURES] }), tf.input({ shape: [UNITS] }), tf.input({ shape: [UNITS] })];
  const initialState = [h, c] as unknown as tf.Tensor[];
  const first = make.lstm({ units: UNITS, returnSequences: true }).apply(x, { initialState }) as tf.SymbolicTensor;
  const second = make.lstm({ units: 2 }).apply(first) as tf.SymbolicTensor;
  return tf.model({ inputs: [x, h, c], outputs: second });
}

beforeAll(() => useBackend('cpu'));
beforeEach(() => {
  tf.engine().startScope();
  jest.spyOn(console, 'warn').mockImplementation();
});
afterEach(() => {
  jest.restoreAllMocks();
  tf.engine().endScope();
});

describe('The explicit LSTM works around its host, which', () => {
  test('passes one kwargs object to all layers of a model: an LSTM may follow one with symbolic states', () => {
    const inputs = [randomTensor([2, 5, FEATURES], 1), randomTensor([2, UNITS], 2), randomTensor([2, UNITS], 3)];
    const train = (make: Factories) => statesThenPlain(make).apply(inputs, { training: true });
    expect(() => train(BUILT_IN)).toThrow('neither initialState or constants should be provided');
    expect((train(EXPLICIT) as tf.Tensor).shape).toEqual([2, 2]);
  });

  test('writes into kwargs: those of the caller stay as they were', () => {
    const layer = lstm({ units: UNITS });
    const kwargs = { training: true };
    layer.apply([randomTensor([2, 5, FEATURES], 1), randomTensor([2, UNITS], 2), randomTensor([2, UNITS], 3)], kwargs);
    expect(kwargs).toEqual({ training: true });
  });

  test('leaves a layer dead when a symbolic apply throws: it can be applied again', () => {
    const [right, wrong] = [tf.input({ shape: [5, FEATURES] }), tf.input({ shape: [5, FEATURES + 1] })];
    const states = () => [tf.input({ shape: [UNITS] }), tf.input({ shape: [UNITS] })] as unknown as tf.Tensor[];
    const layers = [BUILT_IN, EXPLICIT].map((make) => make.lstm({ units: UNITS }));
    for (const layer of layers) {
      layer.apply(right, { initialState: states() });
      jest.spyOn(layer, 'computeOutputShape').mockImplementationOnce(() => {
        throw new Error('halfway');
      });
      expect(() => layer.apply(right, { initialState: states() })).toThrow('halfway');
    }
    const [builtIn, explicit] = layers as [tf.layers.Layer, tf.layers.Layer];
    expect(() => builtIn.apply(right)).toThrow('expects 3 inputs');
    expect((explicit.apply(right) as tf.SymbolicTensor).shape).toEqual([null, UNITS]);
    expect(() => explicit.apply(wrong)).toThrow(/D = 3, as the layer was built, got \[null, 5, 4\]/);
  });

  test('keeps the wrong states of a failed first apply: the next apply builds the layer', () => {
    const layer = lstm({ units: UNITS });
    const x = randomTensor([2, 5, FEATURES], 1);
    jest.spyOn(layer.cell, 'build').mockImplementationOnce(() => {
      throw new Error('halfway');
    });
    const initialState = [randomTensor([2, UNITS], 2), randomTensor([2, UNITS], 3)];
    expect(() => layer.apply(x, { initialState })).toThrow('halfway');
    expect((layer.apply(randomTensor([3, 5, FEATURES + 2], 1)) as tf.Tensor).shape).toEqual([3, UNITS]);
  });

  test('forgets the feature count of a layer with symbolic states: it is kept', () => {
    const layer = lstm({ units: UNITS });
    const initialState = [tf.input({ shape: [UNITS] }), tf.input({ shape: [UNITS] })] as unknown as tf.Tensor[];
    layer.apply(tf.input({ shape: [5, FEATURES] }), { initialState });
    expect(layer.inputSpec[0]?.shape).toEqual([null, null, FEATURES]);
    expect(layer.inputSpec).toHaveLength(1);
  });
});

describe('Where its host carries one output a layer, an LSTM with returnGates is refused', () => {
  test('in Bidirectional', () => {
    const layer = tf.layers.bidirectional({ layer: lstm({ units: UNITS, returnGates: true }), mergeMode: 'concat' });
    expect(() => layer.apply(tf.input({ shape: [5, FEATURES] }))).toThrow(
      /returnGates must be false inside Bidirectional/,
    );
    const other = tf.layers.bidirectional({ layer: lstm({ units: UNITS, returnGates: true }), mergeMode: 'concat' });
    expect(() => other.apply(randomTensor([2, 5, FEATURES], 1))).toThrow(/^LSTM\.call: returnGates must be false/);
  });

  test('in Sequential', () => {
    const model = tf.sequential();
    expect(() => model.add(lstm({ units: UNITS, returnGates: true, inputShape: [5, FEATURES] }))).toThrow(
      /single output/,
    );
  });

  test('in TimeDistributed', () => {
    const layer = tf.layers.timeDistributed({ layer: lstm({ units: UNITS, returnGates: true }) });
    expect(() => layer.apply(tf.input({ shape: [2, 5, FEATURES] }))).toThrow(/returnGates must be false inside/);
    expect(() => layer.apply(randomTensor([2, 2, 5, FEATURES], 1))).toThrow();
  });
});

describe('A layer cannot mend that its host', () => {
  test('ignores the regularizers of an LSTM in Bidirectional', async () => {
    const [x, y] = [randomTensor([2, 5, FEATURES], 1), randomTensor([2, 2 * UNITS], 2)];
    const lossWith = (kernelRegularizer: ReturnType<typeof tf.regularizers.l2> | undefined) =>
      firstLoss(
        tf.layers.bidirectional({
          layer: lstm({ units: UNITS, ...(kernelRegularizer && { kernelRegularizer }) }),
          mergeMode: 'concat',
        }),
        x,
        y,
      );
    expect(await lossWith(tf.regularizers.l2({ l2: 1000 }))).toBe(await lossWith(undefined));
  });

  test('ignores the regularizers of a cell in tf.layers.rnn', async () => {
    const [x, y] = [randomTensor([2, 5, FEATURES], 1), randomTensor([2, UNITS], 2)];
    const lossWith = (args: object) => firstLoss(tf.layers.rnn({ cell: lstmCell({ units: UNITS, ...args }) }), x, y);
    expect(await lossWith({ kernelRegularizer: 'l1l2' })).toBe(await lossWith({}));
  });

  test.each([
    ['tf.layers.rnn', () => tf.layers.rnn({ cell: lstmCell({ units: UNITS }) })],
    ['tf.layers.timeDistributed', () => tf.layers.timeDistributed({ layer: tf.layers.dense({ units: UNITS }) })],
  ])('passes no gradient through %s over one timestep', (_name, make) => {
    const layer = make();
    const x = randomTensor([2, 1, FEATURES], 1);
    expect((layer.apply(x) as tf.Tensor).shape[0]).toBe(2);
    const gradient = tf.grad((input: tf.Tensor) => tf.sum(layer.apply(input) as tf.Tensor));
    expect(() => gradient(x)).toThrow('passed to stack must be');
  });

  test('loses the batch size of a stateful layer over cells with symbolic states, so that resetStates throws', () => {
    const x = tf.input({ batchShape: [2, 5, FEATURES] });
    const initialState = [UNITS, UNITS].map((units) => tf.input({ batchShape: [2, units] })) as never;
    const states = (layer: tf.layers.Layer) => {
      layer.apply(x, { initialState });
      return () => (layer as tf.RNN).resetStates();
    };
    expect(states(tf.layers.rnn({ cell: lstmCell({ units: UNITS }), stateful: true }))).toThrow(TypeError);
    expect(states(BUILT_IN.lstm({ units: UNITS, stateful: true }))).toThrow(TypeError);
    expect(states(lstm({ units: UNITS, stateful: true }))).not.toThrow();
  });

  test('leaks a mask into a decoder without one, which is told of it where the lengths differ', () => {
    const [source, target] = [tf.input({ shape: [5] }), tf.input({ shape: [3, FEATURES] })];
    const masked = tf.layers.embedding({ inputDim: 7, outputDim: 3, maskZero: true }).apply(source);
    const [, h, c] = lstm({ units: UNITS, returnState: true }).apply(masked as tf.SymbolicTensor) as never[];
    const decoder = lstm({ units: UNITS, name: 'decoder' });
    const model = tf.model({
      inputs: [source, target],
      outputs: decoder.apply(target, { initialState: [h, c] as never }) as tf.SymbolicTensor,
    });
    const inputs = [tf.tensor2d([[1, 2, 0, 0, 0]]), randomTensor([1, 3, FEATURES], 1)];
    const rule = "mask must be [B, T] = [1, 3], got [1, 5] (layer 'decoder')";
    expect(() => model.predict(inputs)).toThrow(rule);
  });

  test('cannot set the weights that stacked cells return', () => {
    const cells = tf.layers.stackedRNNCells({ cells: [lstmCell({ units: 2 }), lstmCell({ units: 3 })] });
    cells.build([null, FEATURES]);
    expect(cells.getWeights()).toHaveLength(6);
    expect(() => cells.setWeights(cells.getWeights())).toThrow();
  });

  test('changes the kwargs of a Bidirectional call with states, so that a second call throws', () => {
    const layer = tf.layers.bidirectional({ layer: lstm({ units: UNITS }), mergeMode: 'concat' });
    const x = randomTensor([2, 5, FEATURES], 1);
    const kwargs = { initialState: [2, 3, 4, 5].map((seed) => randomTensor([2, UNITS], seed)) };
    layer.apply(x, kwargs);
    expect(kwargs.initialState).toHaveLength(2);
    expect(() => layer.apply(x, kwargs)).toThrow(/initialState must be the two tensors h and c/);
  });

  test('does not dispose the states of a stateful LSTM in Bidirectional', () => {
    const before = tf.memory().numTensors;
    const layer = tf.layers.bidirectional({
      layer: lstm({ units: UNITS, stateful: true }),
      mergeMode: 'concat',
      batchInputShape: [2, 5, FEATURES],
    } as Parameters<typeof tf.layers.bidirectional>[0]);
    const model = tf.sequential({ layers: [layer] });
    model.dispose();
    expect(tf.memory().numTensors - before).toBe(4);
  });

  test('leaks a mask into later layers that have none', () => {
    const tokens = tf.input({ shape: [5] });
    const unmasked = tf.input({ shape: [5, FEATURES] });
    const embedded = tf.layers
      .embedding({ inputDim: 7, outputDim: 3, maskZero: true })
      .apply(tokens) as tf.SymbolicTensor;
    const model = (make: Factories) => {
      const read = make
        .lstm({ units: UNITS, name: `masked_${make === BUILT_IN}` })
        .apply(embedded) as tf.SymbolicTensor;
      const other = make.lstm({ units: UNITS }).apply(unmasked) as tf.SymbolicTensor;
      return { model: tf.model({ inputs: [tokens, unmasked], outputs: [read, other] }), layer: other.sourceLayer };
    };
    const x = randomTensor([2, 5, FEATURES], 1);
    const sentences = tf.tensor2d([
      [1, 2, 0, 0, 0],
      [3, 0, 0, 0, 0],
    ]);
    for (const make of [BUILT_IN, EXPLICIT]) {
      const { model: both, layer } = model(make);
      randomizeWeights(both, 5);
      const [, received] = both.predict([sentences, x]) as [tf.Tensor, tf.Tensor];
      const mask = tf.cast(sentences, 'bool');
      expectClose(received, layer.apply(x, { mask }) as tf.Tensor);
    }
  });

  test('hands the mask of the first output to every output of a layer', () => {
    const tokens = tf.input({ shape: [5] });
    const embedded = tf.layers.embedding({ inputDim: 7, outputDim: 3, maskZero: true }).apply(tokens);
    const masks: (tf.Tensor | undefined)[] = [];
    const [sequence, h] = lstm({ units: UNITS, returnSequences: true, returnState: true }).apply(
      embedded as tf.SymbolicTensor,
    ) as tf.SymbolicTensor[];
    const probe = tf.layers.activation({ activation: 'linear' });
    const outputs = [sequence, probe.apply(h as tf.SymbolicTensor) as tf.SymbolicTensor] as tf.SymbolicTensor[];
    const model = tf.model({ inputs: tokens, outputs });
    jest.spyOn(probe, 'call').mockImplementation((x, kwargs) => {
      masks.push(kwargs?.mask);
      return x as tf.Tensor;
    });
    model.predict(tf.tensor2d([[1, 2, 0, 0, 0]]));
    expect(masks[0]?.shape).toEqual([1, 5]);
  });
});
