import * as tf from '@tensorflow/tfjs';
import { ablateUnits } from '../../../src/inspect/index.js';
import { NODE_BACKENDS, useBackend } from '../../../tools/backends.js';
import { TOLERANCE } from '../../support/close.js';
import { BUILT_IN, EXPLICIT, type Factories, KINDS } from '../../support/factories.js';
import { randomizeWeights, randomTensor } from '../../support/random.js';

const [BATCH, TIMESTEPS, FEATURES, UNITS] = [3, 5, 2, 4];

function classifier(make: Factories): tf.LayersModel {
  const model = tf.sequential({
    layers: [
      make.lstm({ units: UNITS, inputShape: [TIMESTEPS, FEATURES], name: 'memory' }),
      tf.layers.dense({ units: 3, activation: 'tanh' }),
    ],
  });
  randomizeWeights(model, 5);
  return model;
}

const input = () => randomTensor([BATCH, TIMESTEPS, FEATURES], 1);

const withoutRow = (matrix: tf.Tensor, row: number) =>
  tf.mul(matrix, tf.tensor2d(Array.from({ length: matrix.shape[0] as number }, (_, n) => [Number(n !== row)])));

/** Silences a unit by taking away all that reads it: its rows of the recurrent and of the dense kernel. */
function changeWithoutReaders(model: tf.LayersModel, unit: number): { meanChange: number; largestChange: number } {
  return tf.tidy(() => {
    const [kernel, recurrentKernel, bias, dense, denseBias] = model.getWeights().map((weight) => weight.clone()) as [
      tf.Tensor,
      tf.Tensor,
      tf.Tensor,
      tf.Tensor,
      tf.Tensor,
    ];
    const usual = model.predict(input()) as tf.Tensor;
    model.setWeights([kernel, withoutRow(recurrentKernel, unit), bias, withoutRow(dense, unit), denseBias]);
    const change = tf.abs(tf.sub(model.predict(input()) as tf.Tensor, usual));
    model.setWeights([kernel, recurrentKernel, bias, dense, denseBias]);
    return { meanChange: tf.mean(change).dataSync()[0]!, largestChange: tf.max(change).dataSync()[0]! };
  });
}

describe.each(NODE_BACKENDS)('On %s, ablation', (backend) => {
  beforeAll(() => useBackend(backend));
  beforeEach(() => tf.engine().startScope());
  afterEach(() => tf.engine().endScope());

  test.each(KINDS)(
    'tells what each unit of an LSTM of %s does for the output, the weightiest first',
    async (_kind, make) => {
      const model = classifier(make);
      const effects = await ablateUnits(model, input(), { layerName: 'memory' });
      expect(effects.map(({ unit }) => unit).sort()).toEqual([0, 1, 2, 3]);
      const means = effects.map(({ meanChange }) => meanChange);
      expect(means).toEqual([...means].sort((a, b) => b - a));
      for (const { unit, direction, meanChange, largestChange } of effects) {
        const expected = changeWithoutReaders(model, unit);
        expect(direction).toBe('forward');
        expect(Math.abs(meanChange - expected.meanChange)).toBeLessThan(TOLERANCE);
        expect(Math.abs(largestChange - expected.largestChange)).toBeLessThan(TOLERANCE);
        expect(meanChange).toBeGreaterThan(0.001);
      }
    },
  );
});

describe('Ablation', () => {
  beforeAll(() => useBackend('cpu'));
  beforeEach(() => tf.engine().startScope());
  afterEach(() => tf.engine().endScope());

  test('covers both directions of Bidirectional, in a nested model, and several outputs', async () => {
    const x = tf.input({ shape: [TIMESTEPS, FEATURES] });
    const both = tf.layers.bidirectional({
      layer: EXPLICIT.lstm({ units: 2 }) as tf.RNN,
      mergeMode: 'concat',
      name: 'both',
    });
    const encoder = tf.model({ inputs: x, outputs: both.apply(x) as tf.SymbolicTensor, name: 'encoder' });
    const encoded = encoder.apply(x) as tf.SymbolicTensor;
    const outputs = [2, 3].map((units) => tf.layers.dense({ units }).apply(encoded) as tf.SymbolicTensor);
    const model = tf.model({ inputs: x, outputs });
    randomizeWeights(model, 5);
    const effects = await ablateUnits(model, input(), { layerName: 'encoder/both' });
    const named = effects.map(({ direction, unit }) => `${direction} ${unit}`);
    expect(named.sort()).toEqual(['backward 0', 'backward 1', 'forward 0', 'forward 1']);
    const weights = model.getWeights().map((weight) => weight.clone());
    const usual = model.predict(input()) as tf.Tensor[];
    for (const { direction, unit, meanChange, largestChange } of effects) {
      const isForward = direction === 'forward';
      // Of each direction kernel, recurrent kernel and bias; then kernel and bias of each head.
      const rows = new Map<number, number>([
        [isForward ? 1 : 4, unit],
        ...[6, 8].map((head) => [head, isForward ? unit : 2 + unit] as const),
      ]);
      model.setWeights(weights.map((weight, n) => (rows.has(n) ? withoutRow(weight, rows.get(n) as number) : weight)));
      const silenced = model.predict(input()) as tf.Tensor[];
      model.setWeights(weights);
      const changes = silenced.flatMap((output, n) => [...tf.abs(tf.sub(output, usual[n] as tf.Tensor)).dataSync()]);
      const mean = changes.reduce((sum, change) => sum + change, 0) / changes.length;
      expect(Math.abs(meanChange - mean)).toBeLessThan(TOLERANCE);
      expect(Math.abs(largestChange - Math.max(...changes))).toBeLessThan(TOLERANCE);
    }
  });

  test('keeps the states of a stateful model, and starts each unit from them', async () => {
    const layer = EXPLICIT.lstm({
      units: 2,
      stateful: true,
      batchInputShape: [BATCH, TIMESTEPS, FEATURES],
      name: 'memory',
    });
    const model = tf.sequential({ layers: [layer] });
    randomizeWeights(model, 5);
    model.predictOnBatch(input());
    const states = () => (layer as tf.RNN).states.map((state) => [...state.dataSync()]);
    const before = states();
    const x = input();
    const count = tf.memory().numTensors;
    const effects = await ablateUnits(model, x, { layerName: 'memory' });
    expect(tf.memory().numTensors).toBe(count);
    expect(states()).toEqual(before);
    expect(await ablateUnits(model, input(), { layerName: 'memory' })).toEqual(effects);
  });

  test('tells its progress, ends by a signal, and leaves nothing behind', async () => {
    const model = classifier(BUILT_IN);
    const x = input();
    const count = tf.memory().numTensors;
    const progress: string[] = [];
    const onProgress = ({ done, total }: { done: number; total: number }) => void progress.push(`${done}/${total}`);
    await ablateUnits(model, x, { layerName: 'memory', onProgress });
    expect(progress).toEqual(['1/4', '2/4', '3/4', '4/4']);
    const controller = new AbortController();
    const stopped = ablateUnits(model, x, {
      layerName: 'memory',
      signal: controller.signal,
      onProgress: ({ done }) => done === 2 && controller.abort(new Error('enough')),
    });
    await expect(stopped).rejects.toThrow('enough');
    expect(tf.memory().numTensors).toBe(count);
    expect(Object.keys(model.layers[0] as object)).not.toContain('call');
  });

  test('refuses unknown layers, stacked cells, what is no model, and an output that is not finite', async () => {
    const model = classifier(EXPLICIT);
    const stacked = tf.sequential({
      layers: [
        tf.layers.inputLayer({ inputShape: [TIMESTEPS, FEATURES] }),
        tf.layers.rnn({ cell: [2, 3].map((units) => EXPLICIT.lstmCell({ units })), name: 'stack' }) as tf.RNN,
      ],
    });
    const [x, poisoned] = [input(), tf.fill([BATCH, TIMESTEPS, FEATURES], Number.NaN)];
    const partly = tf.concat([tf.slice(input(), 0, BATCH - 1), tf.slice(poisoned, 0, 1)]);
    const unbuilt = tf.sequential();
    unbuilt.layers.push(EXPLICIT.lstm({ units: 2, name: 'later' }));
    const [hidden] = [model.layers[0]!.output as tf.SymbolicTensor];
    const head = tf.layers.dense({ units: 1, weights: [tf.fill([UNITS, 1], Number.NaN), tf.zeros([1])] });
    const outputs = [hidden, head.apply(hidden) as tf.SymbolicTensor];
    const broken = tf.model({ inputs: model.inputs, outputs });
    const count = tf.memory().numTensors;
    const refused: [() => Promise<unknown>, RegExp][] = [
      [
        () => ablateUnits(model, x, { layerName: 'memori' }),
        /^ablateUnits: layerName must be one of the model's LSTMs \['memory'\], got 'memori'/,
      ],
      [
        () => ablateUnits(stacked, x, { layerName: 'stack' }),
        /^ablateUnits: layerName must be a layer with one LSTM cell, not with stacked cells, got 'stack'/,
      ],
      [
        () => ablateUnits(model.layers[0] as never, x, { layerName: 'memory' }),
        /^ablateUnits: model must be a tf\.LayersModel, got/,
      ],
      [
        () => ablateUnits(model, undefined as never, { layerName: 'memory' }),
        /^ablateUnits: inputs must be a tensor, for 'memory_input', got undefined/,
      ],
      [() => ablateUnits(model, [x, x], { layerName: 'memory' }), /^ablateUnits: inputs must be a tensor, for/],
      [() => ablateUnits(model, x, undefined as never), /^ablateUnits: options must be an object, got undefined/],
      [
        () => ablateUnits(model, x, { layerName: 'memory', onProgress: 1 as never }),
        /^ablateUnits: onProgress must be a func/,
      ],
      [
        () => ablateUnits(model, x, { layerName: 'memory', signal: {} as never }),
        /^ablateUnits: signal must be an AbortSignal/,
      ],
      [() => ablateUnits(model, poisoned, { layerName: 'memory' }), /^ablateUnits: the model's output must be finite/],
      [() => ablateUnits(model, partly, { layerName: 'memory' }), /^ablateUnits: the model's output must be finite/],
      [() => ablateUnits(broken, x, { layerName: 'memory' }), /^ablateUnits: the model's output must be finite/],
      [() => ablateUnits(unbuilt, x, { layerName: 'later' }), /^ablateUnits: the model must be built first/],
    ];
    for (const [attempt, message] of refused) await expect(attempt()).rejects.toThrow(message);
    expect(tf.memory().numTensors).toBe(count);
  });
});
