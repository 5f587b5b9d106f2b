import * as tf from '@tensorflow/tfjs';
import { toExplicit } from '../../src/convert/index.js';
import { lstm } from '../../src/index.js';
import { type LayerTrace, traceLayer, traceModel } from '../../src/inspect/index.js';
import { explicitViewOfCell } from '../../src/layers/explicit-view.js';
import { NODE_BACKENDS, useBackend } from '../../tools/backends.js';
import { builtIn, dense, randomizeWeights, type Symbolic } from '../convert/support/models.js';
import { expectClose } from '../support/close.js';
import { randomTensor } from '../support/random.js';
import { warningsOf } from '../support/warnings.js';
import { expectSameTrace, expectSameTraces, nameOf, traceOf } from './support/traced.js';

type Built = Parameters<typeof explicitViewOfCell>[0];

/** A model of built-in layers with random weights, or its explicit twin. */
const KINDS: Record<string, (model: tf.LayersModel) => tf.LayersModel> = {
  'built-in': (model) => {
    randomizeWeights(model);
    return model;
  },
  explicit: (model) => {
    randomizeWeights(model);
    return toExplicit(model);
  },
};
const CASES = NODE_BACKENDS.flatMap((backend) => Object.keys(KINDS).map((kind) => [backend, kind] as const));

/** What the model computes at the output of a layer. */
function valueAt(model: tf.LayersModel, symbolic: unknown, inputs: tf.Tensor[]): tf.Tensor {
  const part = tf.model({ inputs: model.inputs, outputs: symbolic as Symbolic });
  return part.predictOnBatch(inputs.length === 1 ? inputs[0]! : inputs) as tf.Tensor;
}

describe.each(CASES)('On %s, traceModel of %s layers', (backend, kind) => {
  const made = KINDS[kind]!;
  beforeAll(() => useBackend(backend));
  beforeEach(() => tf.engine().startScope());
  afterEach(() => tf.engine().endScope());

  test('gives each LSTM what the layers before it put out', () => {
    const a = tf.input({ shape: [5, 3], name: 'a' });
    const b = tf.input({ shape: [5, 2], name: 'b' });
    const joined = tf.layers.concatenate({ name: 'joined' }).apply([a, b]) as Symbolic;
    const first = builtIn({ units: 4, returnSequences: true, goBackwards: true, name: 'first' }).apply(joined);
    const second = builtIn({ units: 3, activation: 'relu', name: 'second' }).apply(
      dense(2, 'between').apply(first as Symbolic),
    );
    const model = made(tf.model({ inputs: [a, b], outputs: second as Symbolic }));
    const inputs = [randomTensor([3, 5, 3], 1), randomTensor([3, 5, 2], 2)];
    const expected = { first: 'joined', second: 'between' };
    for (const form of [inputs, { b: inputs[1]!, a: inputs[0]! }]) {
      const traces = traceModel(model, form);
      expect(traces.map(nameOf)).toEqual(['first backward 0 0', 'second forward 0 0']);
      for (const [n, [name, before]] of Object.entries(expected).entries()) {
        const x = valueAt(model, model.getLayer(before).output, inputs);
        expectSameTrace(traces[n]!.trace, traceLayer(model.getLayer(name), x));
      }
    }
  });

  test('gives a decoder the states of its encoder', () => {
    const [source, target] = [tf.input({ shape: [5, 3] }), tf.input({ shape: [4, 2] })];
    const encoder = builtIn({ units: 4, returnState: true, name: 'encoder' });
    const [, ...states] = encoder.apply(source) as Symbolic[];
    const decoder = builtIn({ units: 4, returnSequences: true, name: 'decoder' });
    const decoded = decoder.apply(target, { initialState: states } as never) as Symbolic;
    const model = made(tf.model({ inputs: [source, target], outputs: decoded }));
    const inputs = [randomTensor([3, 5, 3], 1), randomTensor([3, 4, 2], 2)];
    const traces = traceModel(model, inputs);
    const [, h, c] = model.getLayer('encoder').output as Symbolic[];
    const initialState = [h, c].map((state) => valueAt(model, state, inputs));
    expect(traces.map(nameOf)).toEqual(['encoder forward 0 0', 'decoder forward 0 0']);
    expectSameTrace(traces[0]!.trace, traceLayer(model.getLayer('encoder'), inputs[0]!));
    expectSameTrace(traces[1]!.trace, traceLayer(model.getLayer('decoder'), inputs[1]!, { initialState }));
  });

  test('gives the states also to a decoder that was saved and loaded', async () => {
    const [source, target] = [tf.input({ shape: [5, 3] }), tf.input({ shape: [4, 2] })];
    const [, ...states] = builtIn({ units: 4, returnState: true, name: 'encoder' }).apply(source) as Symbolic[];
    const decoded = builtIn({ units: 4, name: 'decoder' }).apply(target, { initialState: states } as never);
    const model = made(tf.model({ inputs: [source, target], outputs: decoded as Symbolic }));
    const saved = await artifactsOf(model);
    const loaded = await tf.loadLayersModel(tf.io.fromMemory(saved));
    const inputs = [randomTensor([3, 5, 3], 1), randomTensor([3, 4, 2], 2)];
    expectSameTraces(traceModel(loaded, inputs), traceModel(model, inputs));
  });

  test('takes masks that arise within the model', () => {
    const tokens = tf.input({ shape: [5], name: 'tokens' });
    const embedding = tf.layers.embedding({ inputDim: 6, outputDim: 3, maskZero: true, name: 'embedding' });
    const layer = builtIn({ units: 4, goBackwards: true, name: 'lstm' });
    const outputs = layer.apply(embedding.apply(tokens)) as Symbolic;
    const model = made(tf.model({ inputs: tokens, outputs }));
    const x = tf.tensor2d([
      [0, 1, 5, 0, 3],
      [2, 3, 0, 0, 0],
    ]);
    const [{ trace }] = traceModel(model, x) as [LayerTrace];
    const mask = tf.notEqual(x, 0);
    const embedded = valueAt(model, model.getLayer('embedding').output, [x]);
    expectSameTrace(trace, traceLayer(model.getLayer('lstm'), embedded, { mask }));
    expect(trace.mask!.arraySync()).toEqual(mask.arraySync());
    const lastH = tf.squeeze(tf.slice(trace.h, [0, 0, 0], [-1, 1, -1]), [1]);
    expectClose(model.predictOnBatch(x) as tf.Tensor, lastH);
  });

  test('gives the LSTM cells of a mixed stack what the cells before them put out', () => {
    const cell = [
      tf.layers.lstmCell({ units: 4 }),
      tf.layers.gruCell({ units: 3 }),
      tf.layers.simpleRNNCell({ units: 2 }),
      tf.layers.lstmCell({ units: 2, useBias: false }),
    ];
    const masked = tf.layers.masking({ maskValue: 9, inputShape: [5, 3], name: 'masking' });
    const stack = tf.layers.rnn({ cell, goBackwards: true, name: 'stack' } as tf.RNNLayerArgs);
    const model = made(tf.sequential({ layers: [masked, stack] }));
    const x = tf.where(
      tf.tensor([1, 1, 0, 1, 1], [1, 5, 1], 'bool'),
      randomTensor([2, 5, 3], 1),
      tf.fill([2, 5, 3], 9),
    );
    const traces = traceModel(model, x);
    expect(traces.map(nameOf)).toEqual(['stack backward 0 0', 'stack backward 3 0']);

    const mask = tf.tensor2d([1, 1, 0, 1, 1, 1, 1, 0, 1, 1], [2, 5], 'bool');
    const [first, gru, simple, last] = (model.layers[1] as unknown as { cell: { cells: tf.layers.RNNCell[] } }).cell
      .cells;
    const clean = valueAt(model, model.layers[0]!.output, [x]);
    const trace0 = explicitViewOfCell(first as Built, { goBackwards: true }).trace(clean, { mask });
    expectSameTrace(traces[0]!.trace, trace0);
    const between = [gru!, simple!].reduce((sequence, cell) => stepBackwards(cell, sequence, [2]), trace0.h);
    const trace3 = explicitViewOfCell(last as Built, { goBackwards: true }).trace(between, { mask });
    for (const quantity of ['f', 'c', 'h'] as const) expectClose(traces[1]!.trace[quantity], trace3[quantity]);
  });

  test('takes each outer timestep of a time distributed layer for a call', () => {
    const x = tf.input({ shape: [3, 5, 2] });
    const inner = tf.sequential({ layers: [dense3(), builtIn({ units: 4, name: 'lstm' })] });
    const outputs = tf.layers.timeDistributed({ layer: inner, name: 'over' }).apply(x) as Symbolic;
    const model = made(tf.model({ inputs: x, outputs }));
    const input = randomTensor([2, 3, 5, 2], 1);
    const traces = traceModel(model, input);
    expect(traces.map(nameOf)).toEqual([0, 1, 2].map((call) => `over/lstm forward 0 ${call}`));
    const within = (model.getLayer('over') as unknown as { layer: tf.Sequential }).layer;
    for (const [t, slice] of tf.unstack(input, 1).entries()) {
      const before = within.layers[0]!.apply(slice) as tf.Tensor;
      expectSameTrace(traces[t]!.trace, traceLayer(within.getLayer('lstm'), before));
    }
  });

  test('follows nested models to an LSTM at any depth, as often as they are called', () => {
    const inner = tf.sequential({
      name: 'inner',
      layers: [builtIn({ units: 3, returnSequences: true, inputShape: [5, 3], name: 'deep' }), dense(3)],
    });
    const x = tf.input({ shape: [5, 3] });
    const twice = inner.apply(inner.apply(x)) as Symbolic;
    const middle = tf.model({
      inputs: x,
      outputs: builtIn({ units: 2, name: 'top' }).apply(twice) as Symbolic,
      name: 'm',
    });
    const y = tf.input({ shape: [5, 3] });
    const model = made(tf.model({ inputs: y, outputs: dense(2).apply(middle.apply(y)) as Symbolic }));
    const input = randomTensor([2, 5, 3], 1);
    const traces = traceModel(model, input);
    expect(traces.map(nameOf)).toEqual(['m/inner/deep forward 0 0', 'm/inner/deep forward 0 1', 'm/top forward 0 0']);
    const middleModel = model.getLayer('m') as tf.LayersModel;
    const innerModel = middleModel.getLayer('inner') as tf.Sequential;
    const once = innerModel.apply(input) as tf.Tensor;
    const deep = innerModel.getLayer('deep');
    expectSameTrace(traces[0]!.trace, traceLayer(deep, input));
    expectSameTrace(traces[1]!.trace, traceLayer(deep, once));
    expectSameTrace(traces[2]!.trace, traceLayer(middleModel.getLayer('top'), innerModel.apply(once) as tf.Tensor));
  });

  test('counts the uses of a shared layer, also where two uses have the same input', () => {
    const [a, b] = [tf.input({ shape: [5, 3] }), tf.input({ shape: [5, 3] })];
    const shared = builtIn({ units: 4, returnState: true, name: 'shared' });
    const outputs = [a, b, a].flatMap((x) => shared.apply(x) as Symbolic[]);
    const model = made(tf.model({ inputs: [a, b], outputs }));
    const inputs = [randomTensor([3, 5, 3], 1), randomTensor([3, 5, 3], 2)];
    const traces = traceModel(model, inputs);
    expect(traces.map(nameOf)).toEqual([0, 1, 2].map((call) => `shared forward 0 ${call}`));
    for (const [call, x] of [inputs[0]!, inputs[1]!, inputs[0]!].entries()) {
      expectSameTrace(traces[call]!.trace, traceLayer(model.getLayer('shared'), x));
    }
  });

  test('takes the runs that tfjs makes for each output, of a layer or a nested model, for one call', () => {
    const x = tf.input({ shape: [5, 3] });
    const states = builtIn({ units: 4, returnState: true, name: 'lstm' }).apply(x) as Symbolic[];
    const inner = tf.model({ inputs: x, outputs: states, name: 'inner' });
    const [y, z] = [tf.input({ shape: [5, 3] }), tf.input({ shape: [5, 3] })];
    const outputs = [...(inner.apply(y) as Symbolic[]), ...(inner.apply(z) as Symbolic[])];
    const model = made(tf.model({ inputs: [y, z], outputs }));
    const inputs = [randomTensor([3, 5, 3], 1), randomTensor([3, 5, 3], 2)];
    const traces = traceModel(model, inputs);
    expect(traces.map(nameOf)).toEqual([0, 1].map((call) => `inner/lstm forward 0 ${call}`));
    const layer = (model.getLayer('inner') as tf.LayersModel).getLayer('lstm');
    for (const [n, { trace }] of traces.entries()) expectSameTrace(trace, traceLayer(layer, inputs[n]!));
  });

  test('names the two directions of a Bidirectional after it, and starts each from its own states', () => {
    const inputs = [[5, 3], [4], [4], [4], [4]].map((shape) => tf.input({ shape }));
    const layer = builtIn({ units: 4, returnSequences: true, goBackwards: true });
    const both = tf.layers.bidirectional({ layer, mergeMode: 'concat', name: 'both' });
    const model = made(tf.model({ inputs, outputs: both.apply(inputs) as Symbolic }));
    const tensors = [
      [3, 5, 3],
      [3, 4],
      [3, 4],
      [3, 4],
      [3, 4],
    ].map((shape, n) => randomTensor(shape, n + 1));
    const traces = traceModel(model, tensors);
    expect(traces.map(nameOf)).toEqual(['both backward 0 0', 'both forward 0 0']);
    const wrapper = model.getLayer('both') as unknown as Record<'forwardLayer' | 'backwardLayer', tf.layers.RNN>;
    const [x, ...states] = tensors as [tf.Tensor, ...tf.Tensor[]];
    const options = [{ initialState: states.slice(0, 2) }, { initialState: states.slice(2) }] as const;
    expectSameTrace(traceOf(traces, 'both backward 0 0'), traceLayer(wrapper.forwardLayer, x, options[0]));
    expectSameTrace(traceOf(traces, 'both forward 0 0'), traceLayer(wrapper.backwardLayer, x, options[1]));
  });

  test('is tidied with everything else in a tidy of the caller', () => {
    const model = made(tf.sequential({ layers: [builtIn({ units: 4, inputShape: [5, 3] })] }));
    const x = randomTensor([3, 5, 3], 1);
    const { numTensors } = tf.memory();
    tf.tidy(() => {
      traceModel(model, x);
    });
    expect(tf.memory().numTensors).toBe(numTensors);
    const means = tf.tidy(() => traceModel(model, x).map(({ trace }) => tf.mean(trace.f)));
    expect(tf.memory().numTensors).toBe(numTensors + 1);
    expect(means[0]!.dataSync()[0]).toBeGreaterThan(0);
  });
});

test('The h of a layer that outputs 0 at masked steps is its hidden state all the same', () => {
  tf.tidy(() => {
    const models = [false, true].map((zeroOutputForMask) => {
      const layer = lstm({ units: 4, returnSequences: true, zeroOutputForMask });
      const model = tf.sequential({ layers: [tf.layers.masking({ maskValue: 0, inputShape: [5, 3] }), layer] });
      randomizeWeights(model);
      return model;
    });
    const x = tf.mul(randomTensor([2, 5, 3], 1), tf.tensor([1, 1, 0, 1, 0], [1, 5, 1]));
    const [usual, zero] = models.map((model) => traceModel(model, x)[0]!.trace);
    expectSameTrace(zero!, usual!);
    const [output] = [models[1]!.predictOnBatch(x) as tf.Tensor];
    expectClose(tf.slice(output!, [0, 2, 0], [-1, 1, -1]), new Array(8).fill(0));
    expectClose(tf.slice(zero!.h, [0, 2, 0], [-1, 1, -1]), tf.slice(zero!.h, [0, 1, 0], [-1, 1, -1]));
  });
});

async function artifactsOf(model: tf.LayersModel): Promise<tf.io.ModelArtifacts> {
  let saved: tf.io.ModelArtifacts = {};
  const handler = tf.io.withSaveHandler(async (artifacts) => {
    saved = artifacts;
    return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } };
  });
  // tfjs warns that it saves states as inputs.
  await warningsOf(() => model.save(handler));
  return saved;
}

/** Steps a cell of one state over a sequence with its last timestep first, and passes over the masked ones. */
function stepBackwards(cell: tf.layers.RNNCell, sequence: tf.Tensor3D, masked: number[]): tf.Tensor3D {
  const xs = tf.unstack(sequence, 1);
  let h: tf.Tensor = tf.zeros([sequence.shape[0], cell.stateSize as number]);
  const outputs = xs.slice();
  for (let t = xs.length - 1; t >= 0; t--) {
    if (!masked.includes(t)) [, h] = cell.call([xs[t]!, h], {}) as [tf.Tensor, tf.Tensor];
    outputs[t] = h;
  }
  return tf.stack(outputs, 1) as tf.Tensor3D;
}

function dense3() {
  return tf.layers.dense({ units: 3, inputShape: [5, 2], activation: 'tanh' });
}
