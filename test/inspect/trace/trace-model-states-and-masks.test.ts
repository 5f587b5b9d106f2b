import * as tf from '@tensorflow/tfjs';
import { lstm } from '../../../src/index.js';
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
