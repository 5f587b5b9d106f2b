import * as tf from '@tensorflow/tfjs';
import { toExplicit } from '../../../src/convert/index.js';
import { lstm, lstmCell } from '../../../src/index.js';
import { flowStatistics, gradientFlow, gradientFlowModel } from '../../../src/inspect/index.js';
import { NODE_BACKENDS, useBackend } from '../../../tools/backends.js';
import { expectClose } from '../../support/close.js';
import { randomizeWeights, randomTensor } from '../../support/random.js';
import { expectSameFlow } from '../support/flows.js';
import { fingerprint, nameOf } from '../support/traced.js';
import {
  BATCH,
  classes,
  classifier,
  expectGradientsOfLayer,
  FEATURES,
  gradientsOf,
  onlyFlow,
  SEQUENCE,
  TIMESTEPS,
  wholeOf,
} from './support/model-flows.js';

/** LSTM 32 on sequences, LSTM 8 on sequences, the maximum over time, and a dense layer. */
function stackedModel(): tf.LayersModel {
  // tfjs warns of orthogonal matrices of this size.
  const recurrentInitializer = 'glorotNormal';
  const model = tf.sequential({
    layers: [
      tf.layers.lstm({
        units: 32,
        recurrentInitializer,
        returnSequences: true,
        inputShape: [TIMESTEPS, FEATURES],
        name: 'first',
      }),
      tf.layers.lstm({ units: 8, returnSequences: true, name: 'second' }),
      tf.layers.globalMaxPooling1d({}),
      tf.layers.dense({ units: 20, activation: 'relu' }),
    ],
  });
  randomizeWeights(model, 2, 0.3);
  return model;
}

describe.each(NODE_BACKENDS)('On %s, gradientFlowModel', (backend) => {
  beforeAll(() => useBackend(backend));
  beforeEach(() => tf.engine().startScope());
  afterEach(() => tf.engine().endScope());

  test.each(['built-in', 'explicit'])(
    'goes through stacked %s LSTMs, the maximum over time and a dense layer',
    async (kind) => {
      const model = kind === 'built-in' ? stackedModel() : toExplicit(stackedModel());
      const [x, y] = [SEQUENCE(), randomTensor<tf.Rank.R2>([BATCH, 20], 3)];
      const flows = gradientFlowModel(model, x, y, { loss: 'meanSquaredError' });
      expect(flows.map(nameOf)).toEqual(['first forward 0 0', 'second forward 0 0']);
      const expected = gradientsOf(model, () => tf.losses.meanSquaredError(y, model.apply(x) as tf.Tensor));
      for (const { layerName, flow } of flows) expectGradientsOfLayer(flow, model.getLayer(layerName), expected);
      // What the second layer hands down is all that the first one's own loss terms are.
      const [first, second] = flows as [(typeof flows)[0], (typeof flows)[0]];
      expectClose(tf.sub(first.flow.dh, first.flow.dhRecurrent), second.flow.dx);
      for (const { flow } of flows) expect((await flowStatistics(flow)).verdict).toBe('healthy');
    },
  );

  test('takes few ops besides the LSTM and the loss: none to copy what it keeps, and no zeros as long as the sequence', async () => {
    const layer = lstm({ units: 5, inputShape: [TIMESTEPS, FEATURES] });
    const model = tf.sequential({ layers: [layer] });
    const y = randomTensor([BATCH, 5], 3);
    const zeros = jest.spyOn(tf.engine(), 'makeTensor');
    const follow = () => gradientFlowModel(model, SEQUENCE(), y, { loss: 'meanSquaredError' });
    try {
      const { kernels } = await tf.profile(follow as never);
      expect(kernels.length).toBeLessThanOrEqual(32);
      const length = BATCH * TIMESTEPS * 5;
      const long = zeros.mock.calls
        .map(([values]) => values as Float32Array)
        .filter((values) => values.length === length);
      expect(long.filter((values) => values.every((value) => value === 0))).toEqual([]);
    } finally {
      zeros.mockRestore();
    }
  });
});

describe('gradientFlowModel', () => {
  beforeAll(() => useBackend('cpu'));
  beforeEach(() => tf.engine().startScope());
  afterEach(() => tf.engine().endScope());

  const zeroed = { units: 4, returnSequences: true, returnState: true, zeroOutputForMask: true };
  const kinds: [string, (mask: boolean) => tf.layers.Layer][] = [
    ['the built-in layer', () => tf.layers.lstm({ units: 4, returnState: true, returnSequences: true })],
    ['the built-in layer, last step', () => tf.layers.lstm({ units: 4, returnState: true })],
    [
      'the built-in layer backwards',
      () => tf.layers.lstm({ units: 4, returnState: true, returnSequences: true, goBackwards: true }),
    ],
    ['the explicit layer', () => lstm({ units: 4, returnState: true, returnSequences: true })],
    ['the explicit layer with outputs of 0 at masked steps', () => lstm(zeroed)],
    ['the explicit layer backwards', () => lstm({ ...zeroed, goBackwards: true })],
    ['the explicit layer with gates', () => lstm({ units: 4, returnState: true, returnGates: true })],
    [
      'stacked cells',
      () =>
        tf.layers.rnn({
          cell: [lstmCell({ units: 3 }), tf.layers.lstmCell({ units: 4 })],
          returnState: true,
          returnSequences: true,
        }),
    ],
    [
      'stacked cells, last step',
      () =>
        tf.layers.rnn({ cell: [tf.layers.lstmCell({ units: 3 }), tf.layers.gruCell({ units: 4 })], returnState: true }),
    ],
    [
      'stacked cells, backwards',
      () =>
        tf.layers.rnn({
          cell: [tf.layers.lstmCell({ units: 3 }), lstmCell({ units: 4 })],
          returnSequences: true,
          goBackwards: true,
        }),
    ],
  ];

  test.each(kinds.flatMap(([name, make]) => [[name, 'masked', make] as const, [name, 'unmasked', make] as const]))(
    'finds the gradients that tfjs finds where all that a layer returns is read: %s, %s',
    (_, masking, make) => {
      const input = tf.input({ shape: [TIMESTEPS, FEATURES] });
      const x = masking === 'masked' ? (tf.layers.masking({ maskValue: 9 }).apply(input) as tf.SymbolicTensor) : input;
      const outputs = [make(true).apply(x)].flat() as tf.SymbolicTensor[];
      const model = tf.model({ inputs: input, outputs });
      randomizeWeights(model, 13);
      const masked = tf.tensor2d(
        [
          [0, 0, 1, 0, 0, 1, 1],
          [1, 0, 0, 0, 0, 0, 0],
          [0, 0, 0, 0, 0, 0, 0],
          [0, 0, 0, 0, 1, 0, 1],
        ],
        [4, 7],
        'bool',
      );
      const data = tf.where(tf.expandDims(masked, 2), tf.fill([4, 7, 3], 9), SEQUENCE());
      const y = outputs.map(({ shape }, n) =>
        randomTensor(
          [BATCH, ...(shape.slice(1) as number[])].map((size) => size ?? TIMESTEPS),
          30 + n,
        ),
      );
      const flows = gradientFlowModel(model, data, y, { loss: 'meanSquaredError' });
      const expected = gradientsOf(model, () => {
        const results = [model.apply(data)].flat() as tf.Tensor[];
        return tf.addN(results.map((result, n) => tf.mean(tf.square(tf.sub(y[n]!, result))))) as tf.Scalar;
      });
      const all = flows.flatMap(({ flow }) => [
        flow.dWeights.kernel,
        flow.dWeights.recurrentKernel,
        flow.dWeights.bias!,
      ]);
      const variables = flows.length === 1 ? model.weights.slice(0, 3) : model.weights;
      for (const [n, byGate] of all.entries()) {
        expectClose(wholeOf(byGate), expected[(variables[n]!.read() as tf.Variable).name]!);
      }
    },
  );

  test('is gradientFlow where the model is one layer', () => {
    const model = tf.sequential({
      layers: [lstm({ units: 4, returnSequences: true, inputShape: [TIMESTEPS, FEATURES] })],
    });
    randomizeWeights(model, 3);
    const [x, y] = [SEQUENCE(), randomTensor([BATCH, TIMESTEPS, 4], 4)];
    const flow = onlyFlow(gradientFlowModel(model, x, y, { loss: 'meanSquaredError' }));
    expectSameFlow(
      flow,
      gradientFlow(model.layers[0]!, x, (h) => tf.mean(tf.square(tf.sub(h, y))) as tf.Scalar),
    );
  });

  test('starts from the states of a stateful layer, and leaves them', () => {
    const layer = lstm({ units: 4, stateful: true, batchInputShape: [BATCH, TIMESTEPS, FEATURES] });
    const model = tf.sequential({ layers: [layer] });
    randomizeWeights(model, 3);
    const states = [randomTensor([BATCH, 4], 5), randomTensor([BATCH, 4], 6)];
    // A Sequential takes its final form when it first runs.
    tf.dispose(model.predict(SEQUENCE()));
    layer.resetStates(states);
    const before = fingerprint(model);
    const flow = onlyFlow(
      gradientFlowModel(model, SEQUENCE(), randomTensor([BATCH, 4], 4), {
        loss: 'meanSquaredError',
      }),
    );
    expectClose(flow.trace.h0, states[0]!);
    expectClose(flow.trace.c0, states[1]!);
    expect(fingerprint(model)).toEqual(before);
    layer.dispose();
  });

  test('is without dropout, inside and outside of LSTMs, and the same each time', () => {
    const model = tf.sequential({
      layers: [
        lstm({ units: 4, dropout: 0.5, recurrentDropout: 0.5, inputShape: [TIMESTEPS, FEATURES] }),
        tf.layers.dropout({ rate: 0.5 }),
        tf.layers.dense({ units: 2 }),
      ],
    });
    randomizeWeights(model, 3);
    const take = () => gradientFlowModel(model, SEQUENCE(), tf.ones([BATCH, 2]), { loss: 'meanSquaredError' })[0]!.flow;
    const first = take();
    expectSameFlow(take(), first);
    const expected = gradientsOf(model, () =>
      tf.losses.meanSquaredError(tf.ones([BATCH, 2]), model.apply(SEQUENCE()) as tf.Tensor),
    );
    expectGradientsOfLayer(first, model.layers[0]!, expected);
  });

  test('goes through frozen layers', () => {
    const model = classifier();
    const take = () => gradientFlowModel(model, SEQUENCE(), classes(), { loss: 'categoricalCrossentropy' })[0]!.flow;
    const free = take();
    for (const layer of model.layers) layer.trainable = false;
    expectSameFlow(take(), free);
  });

  test('is 0 for an LSTM that the loss does not reach, and has no verdict of it', async () => {
    const x = tf.input({ shape: [TIMESTEPS, FEATURES] });
    const sequence = lstm({ units: 4, returnSequences: true }).apply(x) as tf.SymbolicTensor;
    const pooled = tf.layers.globalAveragePooling1d().apply(x) as tf.SymbolicTensor;
    const model = tf.model({ inputs: x, outputs: [sequence, pooled] });
    const loss = ['meanSquaredError', 'meanSquaredError'];
    const labels = [tf.zeros([BATCH, TIMESTEPS, 4]), tf.zeros([BATCH, 3])];
    const sampleWeight = [tf.zeros([BATCH]), null];
    const flow = onlyFlow(gradientFlowModel(model, SEQUENCE(), labels, { loss, sampleWeight } as never));
    expect(tf.max(tf.abs(flow.dh)).arraySync()).toBe(0);
    const { verdict, sentence, slope, fit } = await flowStatistics(flow);
    expect({ verdict, slope, fit }).toEqual({ verdict: null, slope: null, fit: null });
    expect(sentence).toMatch(/^no gradient/);
  });
});
