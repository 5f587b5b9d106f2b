import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { KERAS_DEFAULTS, LSTM, type LSTMArgs, lstm, lstmCell } from '../../src/index.js';
import { NODE_BACKENDS, useBackend } from '../../tools/backends.js';
import { expectClose } from '../support/close.js';
import { BUILT_IN, EXPLICIT, type Factories } from '../support/factories.js';
import { randomizeWeights, randomTensor } from '../support/random.js';

const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
const rate = fc.double({ min: 0, max: 0.99, noNaN: true });

/** Any arguments that the built-in layer has too. */
const sharedArguments: fc.Arbitrary<LSTMArgs> = fc.record({
  units: fc.integer({ min: 1, max: 20 }),
  activation: fc.constantFrom('tanh', 'relu', 'softsign', 'linear'),
  recurrentActivation: optional(fc.constantFrom('sigmoid', 'hardSigmoid')),
  useBias: optional(fc.boolean()),
  kernelInitializer: optional(fc.constantFrom('glorotUniform', 'heNormal', 'zeros')),
  recurrentInitializer: optional(fc.constantFrom('orthogonal', 'randomUniform')),
  biasInitializer: optional(fc.constantFrom('zeros', 'ones', 'randomNormal')),
  unitForgetBias: optional(fc.boolean()),
  kernelRegularizer: optional(fc.constant('l1l2')),
  biasRegularizer: optional(fc.constant({ className: 'L1L2', config: { l1: 0.1, l2: 0.25 } })),
  kernelConstraint: optional(fc.constantFrom('nonNeg', 'unitNorm')),
  recurrentConstraint: optional(fc.constant('maxNorm')),
  dropout: optional(rate),
  recurrentDropout: optional(rate),
  implementation: optional(fc.constantFrom(1, 2)),
  returnSequences: optional(fc.boolean()),
  returnState: optional(fc.boolean()),
  goBackwards: optional(fc.boolean()),
  stateful: optional(fc.boolean()),
  unroll: optional(fc.boolean()),
  trainable: optional(fc.boolean()),
  name: fc.constant('memory'),
  batchInputShape: optional(fc.constant([2, 5, 3])),
}) as fc.Arbitrary<LSTMArgs>;

const asJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

describe('The config of an explicit LSTM', () => {
  test('equals the built-in one, whatever arguments the two share', () => {
    fc.assert(
      fc.property(sharedArguments, (args) => {
        const expected = tf.layers.lstm({ ...args } as tf.LSTMLayerArgs).getConfig();
        expect(lstm({ ...args }).getConfig()).toEqual(expected);
      }),
    );
  });

  test("equals the built-in cell's, for a cell", () => {
    fc.assert(
      fc.property(sharedArguments, ({ returnSequences, returnState, goBackwards, stateful, unroll, ...args }) => {
        const expected = tf.layers.lstmCell({ ...args } as tf.LSTMCellLayerArgs).getConfig();
        expect(lstmCell({ ...args } as tf.LSTMCellLayerArgs).getConfig()).toEqual(expected);
      }),
    );
  });

  test('makes a layer of the same config again', () => {
    const additional = fc.record({
      returnGates: optional(fc.boolean()),
      zeroOutputForMask: optional(fc.boolean()),
      useFused: fc.constantFrom('auto' as const, false, undefined),
      seed: optional(fc.integer()),
      activityRegularizer: optional(
        fc.constantFrom('l1l2' as const, { className: 'L1L2', config: { l1: 0.1, l2: 0.5 } }),
      ),
    });
    fc.assert(
      fc.property(sharedArguments, additional, (shared, own) => {
        const config = asJson(lstm({ ...shared, ...own } as LSTMArgs).getConfig());
        const again = LSTM.fromConfig(LSTM as never, structuredClone(config) as tf.serialization.ConfigDict) as LSTM;
        expect(asJson(again.getConfig())).toEqual(config);
      }),
    );
  });

  test('holds the additional arguments only when they are set', () => {
    const added = { returnGates: true, zeroOutputForMask: true, useFused: false, seed: 5, activityRegularizer: 'l1l2' };
    const plain = lstm({ units: 2 }).getConfig();
    const config = lstm({ units: 2, ...added } as LSTMArgs).getConfig();
    expect(config).toMatchObject({
      ...added,
      activityRegularizer: { className: 'L1L2', config: { l1: 0.01, l2: 0.01 } },
    });
    expect(Object.keys(config).filter((key) => !(key in plain))).toEqual([
      'seed',
      'returnGates',
      'useFused',
      'zeroOutputForMask',
    ]);
    expect(plain.activityRegularizer).toBeNull();
  });

  test("leaves the caller's arguments as they were", () => {
    const args = { ...KERAS_DEFAULTS, units: 2 };
    const copy = structuredClone(args);
    lstm(args);
    expect(args).toEqual(copy);
  });

  test('may hold the cell that tf.layers.lstm writes into its arguments', () => {
    const warn = jest.spyOn(console, 'warn').mockImplementation();
    const args: tf.LSTMLayerArgs = { units: 3 } as tf.LSTMLayerArgs;
    tf.layers.lstm(args);
    expect(args).toHaveProperty('cell');
    expect(lstm(args).cell).not.toBe((args as unknown as { cell: unknown }).cell);
    expect(warn).not.toHaveBeenCalled();
    warn.mockRestore();
  });
});

/** Sequential, Bidirectional, and cells in tf.layers.rnn, with fixed names. */
function modelOf(make: Factories): tf.LayersModel {
  const bidirectional = tf.layers.bidirectional({
    layer: make.lstm({ units: 3, returnSequences: true, name: 'both_ways' }) as tf.RNN,
    mergeMode: 'concat',
    name: 'bidirectional',
  });
  return tf.sequential({
    name: 'model',
    layers: [
      make.lstm({ units: 4, returnSequences: true, inputShape: [5, 3], name: 'first' }),
      bidirectional,
      tf.layers.rnn({
        cell: tf.layers.stackedRNNCells({
          cells: [make.lstmCell({ units: 3, name: 'lower' }), make.lstmCell({ units: 2, name: 'upper' })],
          name: 'cells',
        }),
        name: 'stacked',
      }) as tf.RNN,
    ],
  });
}

async function saved(model: tf.LayersModel): Promise<tf.io.ModelArtifacts> {
  let artifacts: tf.io.ModelArtifacts | undefined;
  const handler = tf.io.withSaveHandler(async (given) => {
    artifacts = given;
    return { modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: 'JSON' } };
  });
  await model.save(handler);
  return artifacts as tf.io.ModelArtifacts;
}

describe.each(NODE_BACKENDS)('On %s, a model of explicit LSTMs', (backend) => {
  beforeAll(() => useBackend(backend));

  test('is saved as the JSON of the built-in model, but for the class names', async () => {
    const [expected, received] = (await Promise.all([BUILT_IN, EXPLICIT].map((make) => saved(modelOf(make))))) as [
      tf.io.ModelArtifacts,
      tf.io.ModelArtifacts,
    ];
    const topology = JSON.stringify(received.modelTopology);
    expect(topology).toContain('"ExplicitLSTM"');
    expect(topology).toContain('"ExplicitLSTMCell"');
    expect(JSON.parse(topology.replaceAll('"ExplicitLSTM', '"LSTM'))).toEqual(asJson(expected.modelTopology));
    const shapes = (artifacts: tf.io.ModelArtifacts) => artifacts.weightSpecs?.map(({ shape }) => shape);
    expect(shapes(received)).toEqual(shapes(expected));
  });

  test('predicts the same after it was saved and loaded', async () => {
    const model = modelOf(EXPLICIT);
    randomizeWeights(model, 5);
    const loaded = await tf.loadLayersModel(tf.io.fromMemory(await saved(model)));
    const x = randomTensor([2, 5, 3], 6);
    expect(loaded.layers[0]).toBeInstanceOf(LSTM);
    expectClose(loaded.predict(x) as tf.Tensor, model.predict(x) as tf.Tensor, 0);
  });

  test('keeps its symbolic initial states through save and load', async () => {
    const [x, h, c] = [tf.input({ shape: [5, 3] }), tf.input({ shape: [4] }), tf.input({ shape: [4] })];
    const states = [h, c] as unknown as tf.Tensor[];
    const output = lstm({ units: 4 }).apply(x, { initialState: states }) as tf.SymbolicTensor;
    const model = tf.model({ inputs: [x, h, c], outputs: output });
    randomizeWeights(model, 5);
    const loaded = await tf.loadLayersModel(tf.io.fromMemory(await saved(model)));
    const inputs = [randomTensor([2, 5, 3], 6), randomTensor([2, 4], 7), randomTensor([2, 4], 8)];
    expectClose(loaded.predict(inputs) as tf.Tensor, model.predict(inputs) as tf.Tensor, 0);
  });
});

describe('On tensorflow, a model of explicit LSTMs', () => {
  beforeAll(() => useBackend('tensorflow'));

  test('is saved to files and loaded from them', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'explicit-lstm-'));
    try {
      const model = modelOf(EXPLICIT);
      randomizeWeights(model, 5);
      await model.save(`file://${folder}`);
      const loaded = await tf.loadLayersModel(`file://${folder}/model.json`);
      const x = randomTensor([2, 5, 3], 6);
      expectClose(loaded.predict(x) as tf.Tensor, model.predict(x) as tf.Tensor, 0);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
