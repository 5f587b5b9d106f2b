import * as tf from '@tensorflow/tfjs';
import { clipGradients, GATE_NAMES } from '../../../src/index.js';
import { gateStatistics, type MonitoredNorms, traceLayer, weightNormsByGate } from '../../../src/inspect/index.js';
import { NODE_BACKENDS, useBackend } from '../../../tools/backends.js';
import { expectAllClose, expectClose } from '../../support/close.js';
import { BUILT_IN, EXPLICIT, KINDS } from '../../support/factories.js';
import { OPTIMIZERS } from '../../support/optimizers.js';
import { randomizeWeights, randomTensor } from '../../support/random.js';
import {
  BATCH,
  BATCHES,
  FEATURES,
  silentMonitor,
  smallModel,
  someInputs,
  someLabels,
  TIMESTEPS,
  train,
  UNITS,
} from './support/training.js';

const copies = (model: tf.LayersModel) => model.getWeights().map((weight) => tf.clone(weight));
const numbersOf = ({ kernel, recurrentKernel, bias }: MonitoredNorms) =>
  [kernel, recurrentKernel, bias].flatMap((norms) => GATE_NAMES.map((gate) => norms?.[gate] as number));

/** By gate, of kernel, recurrent kernel and bias, in plain JavaScript. */
function normsOf(tensors: tf.Tensor[], units = UNITS): number[] {
  return tensors.flatMap((tensor) => {
    const squares = [0, 0, 0, 0];
    for (const [n, value] of tensor.dataSync().entries()) squares[Math.floor(n / units) % 4]! += value ** 2;
    return squares.map(Math.sqrt);
  });
}

describe.each(NODE_BACKENDS)('On %s, a monitor', (backend) => {
  beforeAll(() => useBackend(backend));
  beforeEach(() => tf.engine().startScope());
  afterEach(() => tf.engine().endScope());

  test.each(KINDS)('sees the true gradients of each step of a layer of %s, by gate', async (_kind, make) => {
    const rate = 0.5;
    const model = smallModel(make, {}, tf.train.sgd(rate));
    const weights = [copies(model)];
    const monitor = silentMonitor({ onReport: () => weights.push(copies(model)) });
    await train(model, [monitor]);
    expect(monitor.history.records).toHaveLength(BATCHES);
    for (const [n, { gradientNorm, layers, step, batch }] of monitor.history.records.entries()) {
      const [before, after] = [weights[n], weights[n + 1]] as [tf.Tensor[], tf.Tensor[]];
      const gradients = before.map((weight, at) => tf.div(tf.sub(weight, after[at] as tf.Tensor), rate));
      const all = gradients.flatMap((gradient) => [...gradient.dataSync()]);
      expect([step, batch]).toEqual([n, n]);
      expectClose(tf.scalar(gradientNorm as number), [Math.hypot(...all)], 1e-4);
      const [{ gradientNorms, weightNorms }] = layers as [(typeof layers)[0]];
      expectClose(tf.tensor1d(numbersOf(gradientNorms as MonitoredNorms)), normsOf(gradients.slice(0, 3)), 1e-4);
      expectClose(tf.tensor1d(numbersOf(weightNorms)), normsOf(after.slice(0, 3)));
    }
  });

  test.each(KINDS)('sees what the gates of a layer of %s do after each batch', async (_kind, make) => {
    const model = smallModel(make);
    const inputs = randomTensor<tf.Rank.R3>([5, TIMESTEPS, FEATURES], 9);
    const monitor = silentMonitor({ inputs });
    await train(model, [monitor]);
    const statistics = await gateStatistics(traceLayer(model.getLayer('memory'), inputs));
    const gates = monitor.history.records.at(-1)?.layers[0]?.gates;
    for (const gate of ['i', 'f', 'o'] as const) {
      expect(gates?.[gate].mean).toBeCloseTo(statistics[gate].mean as number, 6);
      expect(gates?.[gate].std).toBeCloseTo(statistics[gate].std as number, 6);
    }
    for (const quantity of ['g', 'c', 'h'] as const) {
      expect(gates?.[quantity].min).toBeCloseTo(statistics[quantity].min as number, 6);
      expect(gates?.[quantity].max).toBeCloseTo(statistics[quantity].max as number, 6);
    }
    expect(monitor.history.records[0]?.layers[0]?.gates?.f.mean).not.toBe(gates?.f.mean);
  });
});

describe('A monitor', () => {
  beforeAll(() => useBackend('cpu'));
  beforeEach(() => tf.engine().startScope());
  afterEach(() => tf.engine().endScope());

  test.each(KINDS)('changes nothing in the training of a layer of %s', async (_kind, make) => {
    const [plain, watched] = [smallModel(make), smallModel(make)];
    const expected = await train(plain, undefined, { epochs: 2 });
    const history = await train(watched, [silentMonitor({ inputs: someInputs() })], { epochs: 2 });
    expect(history.history).toEqual(expected.history);
    expectAllClose(watched.getWeights(), plain.getWeights(), 0);
  });

  test('leaves the states of a stateful layer to the training', async () => {
    const make = () => smallModel(EXPLICIT, { stateful: true, inputShape: undefined, batchInputShape: [BATCH, 4, 3] });
    const [plain, watched] = [make(), make()];
    await train(plain, undefined);
    await train(watched, [silentMonitor({ inputs: randomTensor([BATCH, 4, 3], 1) })]);
    expectAllClose(watched.getWeights(), plain.getWeights(), 0);
  });

  const optimizers: Record<string, () => tf.Optimizer> = {
    ...OPTIMIZERS,
    clipped: () => clipGradients(tf.train.sgd(0.1), { globalNorm: 1e-3 }),
  };

  test.each(Object.entries(optimizers))('sees the gradient before %s does anything with it', async (_name, make) => {
    const [expected, monitor] = [silentMonitor(), silentMonitor()];
    await train(smallModel(), [expected]);
    const optimizer = make();
    const own = Object.getOwnPropertyNames(optimizer);
    await train(smallModel(EXPLICIT, {}, optimizer), [monitor]);
    const firstOf = ({ history }: typeof monitor) => history.records[0]?.layers[0]?.gradientNorms as MonitoredNorms;
    expect(firstOf(monitor)).toEqual(firstOf(expected));
    for (const hooked of ['minimize', 'applyGradients']) {
      expect(Object.hasOwn(optimizer, hooked)).toBe(own.includes(hooked));
    }
  });

  test('names layers, directions and stacked cells, in nested models too', async () => {
    const x = tf.input({ shape: [TIMESTEPS, FEATURES] });
    const both = tf.layers.bidirectional({
      layer: EXPLICIT.lstm({ units: 3, returnSequences: true }) as tf.RNN,
      mergeMode: 'concat',
      name: 'both',
    });
    const inner = tf.model({ inputs: x, outputs: both.apply(x) as tf.SymbolicTensor, name: 'encoder' });
    const stack = tf.layers.rnn({
      cell: [EXPLICIT.lstmCell({ units: 2 }), BUILT_IN.lstmCell({ units: 1, useBias: false })],
      name: 'stack',
    });
    const outer = tf.input({ shape: [TIMESTEPS, FEATURES] });
    const model = tf.model({ inputs: outer, outputs: stack.apply(inner.apply(outer)) as tf.SymbolicTensor });
    randomizeWeights(model, 3);
    model.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });
    const monitor = silentMonitor({ inputs: someInputs() });
    await train(model, [monitor]);
    const layers = monitor.history.records[0]?.layers ?? [];
    expect(layers.map(({ layerName, direction, cell }) => [layerName, direction, cell])).toEqual([
      ['encoder/both', 'forward', 0],
      ['encoder/both', 'backward', 0],
      ['stack', 'forward', 0],
      ['stack', 'forward', 1],
    ]);
    for (const [n, { gradientNorms, gates }] of layers.entries()) {
      expect(gates?.f.mean).toBeGreaterThan(0);
      expect(gradientNorms?.kernel.g).toBeGreaterThan(0);
      expect(gradientNorms?.bias === null).toBe(n === 3);
    }
    const norms = layers.map(({ weightNorms }) => weightNorms.kernel.i);
    expect(new Set(norms).size).toBe(4);
  });

  test('knows the norms of built weights as weightNormsByGate does', async () => {
    const model = smallModel(BUILT_IN);
    const monitor = silentMonitor();
    await train(model, [monitor]);
    const expected = await weightNormsByGate(model.getLayer('memory'));
    const norms = monitor.history.records.at(-1)?.layers[0]?.weightNorms as MonitoredNorms;
    expectClose(tf.tensor1d(numbersOf(norms)), numbersOf(expected));
  });

  test('tells a frozen layer by its missing gradient', async () => {
    const model = smallModel();
    model.getLayer('memory').trainable = false;
    model.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });
    const monitor = silentMonitor();
    await train(model, [monitor]);
    const [record] = monitor.history.records;
    expect(record?.layers[0]?.gradientNorms).toBeNull();
    expect(record?.layers[0]?.weightNorms.kernel.i).toBeGreaterThan(0);
    expect(record?.gradientNorm).toBeGreaterThan(0);
    expect(monitor.told).toEqual([]);
  });

  test('watches fitDataset too', async () => {
    const dataset = tf.data
      .zip({ xs: tf.data.array(someInputs().arraySync()), ys: tf.data.array(someLabels().arraySync()) })
      .batch(BATCH);
    const [expected, monitor] = [silentMonitor(), silentMonitor()];
    await train(smallModel(), [expected], { epochs: 2 });
    await smallModel().fitDataset(dataset as never, { epochs: 2, verbose: 0, callbacks: [monitor] as never });
    const untimed = ({ history }: typeof monitor) => history.records.map((record) => ({ ...record, milliseconds: 0 }));
    expect(untimed(monitor)).toEqual(untimed(expected));
    expect(monitor.history.records.map(({ epoch, batch, step }) => [epoch, batch, step])).toEqual(
      [0, 1, 2, 3, 4, 5, 6, 7].map((step) => [Math.floor(step / BATCHES), step % BATCHES, step]),
    );
  });
});
