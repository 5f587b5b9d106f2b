import * as tf from '@tensorflow/tfjs';
import { LSTMCell, lstm, lstmCell } from '../../../src/index.js';
import { type LayerTrace, traceLayer, traceModel } from '../../../src/inspect/index.js';
import { cellToRun } from '../../../src/layers/foreign-lstm.js';
import { traceLSTM } from '../../../src/layers/trace.js';
import { useBackend } from '../../../tools/backends.js';
import { builtIn, randomizeWeights, type Symbolic } from '../../convert/support/models.js';
import { expectClose } from '../../support/close.js';
import { randomTensor } from '../../support/random.js';
import { warningsOf } from '../../support/warnings.js';
import { CASES, MADE } from '../support/kinds.js';
import { expectSameTrace, expectSameTraces, nameOf, valueAt } from '../support/traced.js';

type Built = Parameters<typeof cellToRun>[0];

describe.each(CASES)('On %s, traceModel of %s layers', (backend, kind) => {
  const made = MADE[kind];
  beforeAll(() => useBackend(backend));
  beforeEach(() => tf.engine().startScope());
  afterEach(() => tf.engine().endScope());

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
    const traceBackwards = (cell: unknown, x: tf.Tensor) => {
      const layer = { name: 'stack', cell: cellToRun(cell as Built), goBackwards: true, states: null };
      return traceLSTM('test', layer, x, { mask }).trace;
    };
    const trace0 = traceBackwards(first, clean);
    expectSameTrace(traces[0]!.trace, trace0);
    const between = [gru!, simple!].reduce((sequence, cell) => stepBackwards(cell, sequence, [2]), trace0.h);
    const trace3 = traceBackwards(last, between);
    for (const quantity of ['f', 'c', 'h'] as const) expectClose(traces[1]!.trace[quantity], trace3[quantity]);
  });
});

describe('traceModel', () => {
  beforeAll(() => useBackend('cpu'));
  beforeEach(() => tf.engine().startScope());
  afterEach(() => tf.engine().endScope());

  test('tells the uses of one cell that stands in a stack twice apart', () => {
    const cell = lstmCell({ units: 3 });
    const model = tf.sequential({
      layers: [tf.layers.rnn({ cell: [cell, cell], name: 'stack', inputShape: [5, 3] } as tf.RNNLayerArgs)],
    });
    randomizeWeights(model);
    const x = randomTensor([2, 5, 3], 1);
    const [first, second] = traceModel(model, x) as [LayerTrace, LayerTrace];
    expect([first, second].map(nameOf)).toEqual(['stack forward 0 0', 'stack forward 1 0']);
    const alone = { name: 'alone', cell: cellToRun(cell), goBackwards: false, states: null };
    const firstAlone = traceLSTM('test', alone, x, {}).trace;
    expectSameTrace(first.trace, firstAlone);
    expectSameTrace(second.trace, traceLSTM('test', alone, firstAlone.h, {}).trace);
  });

  test.each(['built-in', 'explicit'] as const)(
    'shows where a NaN at a masked step goes in the model itself: %s layers',
    (kind) => {
      const embedding = tf.layers.embedding({ inputDim: 3, outputDim: 2, maskZero: true, inputLength: 4 });
      const model = MADE[kind](tf.sequential({ layers: [embedding, builtIn({ units: 2 })] }));
      const [vectors, ...others] = model.getWeights() as [tf.Tensor2D, ...tf.Tensor[]];
      const isFirst = tf.tensor2d([1, 0, 0], [3, 1], 'bool');
      model.setWeights([tf.where(isFirst, tf.fill(vectors.shape, Number.NaN), vectors), ...others]);
      const x = tf.tensor2d([1, 0, 2, 1, 1, 2, 1, 2], [2, 4]);
      const [{ trace }] = traceModel(model, x) as [LayerTrace];
      const isNaNAt = (t: number) => tf.isNaN(tf.slice(trace.h, [0, t, 0], [-1, 1, 1])).dataSync();
      const output = tf.isNaN(tf.slice(model.predictOnBatch(x) as tf.Tensor, [0, 0], [-1, 1])).dataSync();
      expect([...output]).toEqual(kind === 'built-in' ? [1, 0] : [0, 0]);
      expect(isNaNAt(3)).toEqual(output);
      // The step itself is masked, and carries on what was before it.
      expect([...isNaNAt(1)]).toEqual([0, 0]);
      const gates = tf.stack([trace.i, trace.f, trace.g, trace.o].map((gate) => tf.slice(gate, [0, 1, 0], [1, 1, -1])));
      expect(tf.max(tf.abs(gates)).arraySync()).toBe(0);
    },
  );

  test('takes from another run what a class, or a call, of somebody made of its input', () => {
    const layer = tf.layers.lstm({ units: 2, returnSequences: true, inputShape: [4, 3] });
    const model = tf.sequential({ layers: [layer] });
    randomizeWeights(model);
    const x = randomTensor([2, 4, 3], 1);
    const expected = traceLayer(layer, x);
    const { call } = layer;
    layer.call = (inputs, kwargs) => call.call(layer, tf.mul(inputs as tf.Tensor, 2), kwargs);
    const [{ trace }] = traceModel(model, x) as [LayerTrace];
    expectSameTrace(trace, expected);
    // Its outputs are what it made of them.
    expectClose(model.predictOnBatch(x) as tf.Tensor, traceLayer(layer, tf.mul(x, 2)).h);
  });

  test('takes from another run what a cell returns otherwise than its step computed it', () => {
    class Louder extends LSTMCell {
      static override readonly className = 'LouderCell';
      override call(...given: Parameters<LSTMCell['call']>): tf.Tensor[] {
        const [output, ...states] = super.call(...given) as [tf.Tensor, ...tf.Tensor[]];
        return [tf.mul(output, 2), ...states];
      }
    }
    const cell = new Louder({ units: 2 });
    const model = tf.sequential({
      layers: [tf.layers.rnn({ cell: [cell, lstmCell({ units: 2 })], inputShape: [4, 3] } as tf.RNNLayerArgs)],
    });
    randomizeWeights(model);
    const x = randomTensor([2, 4, 3], 1);
    const { numTensors } = tf.memory();
    const [first, second] = traceModel(model, x) as [LayerTrace, LayerTrace];
    const alone = (one: LSTMCell, given: tf.Tensor) =>
      traceLSTM('test', { name: 'alone', cell: cellToRun(one), goBackwards: false, states: null }, given, {}).trace;
    const expected = alone(cell, x);
    expectSameTrace(first.trace, expected);
    const { cells } = (model.layers[0] as unknown as { cell: { cells: LSTMCell[] } }).cell;
    const handedUp = tf.mul(expected.h, 2);
    const expectedSecond = alone(cells[1] as LSTMCell, handedUp);
    expectSameTrace(second.trace, expectedSecond);
    handedUp.dispose();
    for (const trace of [first.trace, second.trace, expected, expectedSecond]) trace.dispose();
    expect(tf.memory().numTensors).toBe(numTensors);
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
