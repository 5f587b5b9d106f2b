import * as tf from '@tensorflow/tfjs';
import { type LSTM, type LSTMArgs, lstm, lstmCell } from '../../src/index.js';
import { NODE_BACKENDS, useBackend } from '../../tools/backends.js';
import { expectClose } from '../support/close.js';
import { randomizeWeights, randomTensor } from '../support/random.js';

const UNITS = 4;
const FEATURES = 3;
const TIMESTEPS = 5;

function input(batch = 2): tf.Tensor {
  return randomTensor([batch, TIMESTEPS, FEATURES], 7);
}

/** A dropout function that notes its calls; call number n keeps the values n, n + 3, n + 6, … */
function countingDropout() {
  const calls: { shape: number[]; rate: number; mask: number[] }[] = [];
  const dropoutFunc = (ones: tf.Tensor, rate: number) =>
    tf.tidy(() => {
      const number = calls.length;
      const kept = tf.equal(tf.mod(tf.range(0, ones.size), 3), number % 3);
      const mask = tf.mul(tf.reshape(tf.cast(kept, 'float32'), ones.shape), 1 / (1 - rate));
      calls.push({ shape: ones.shape, rate, mask: [...mask.dataSync()] });
      return mask;
    });
  return { calls, dropoutFunc };
}

function layerWith(args: Partial<LSTMArgs>) {
  const layer = lstm({ units: UNITS, returnSequences: true, ...args });
  layer.apply(tf.input({ batchShape: [null, null, FEATURES] }));
  randomizeWeights(layer, 5);
  return layer;
}

/** The cell as a layer: in tf.layers.rnn, which does not know when its dropout masks are to be drawn. */
function hostedCellWith(args: object) {
  const layer = tf.layers.rnn({ cell: lstmCell({ units: UNITS, ...args }), returnSequences: true }) as tf.RNN;
  layer.apply(tf.input({ batchShape: [null, null, FEATURES] }));
  randomizeWeights(layer, 5);
  return layer;
}

describe.each(NODE_BACKENDS)('On %s, dropout', (backend) => {
  beforeAll(() => useBackend(backend));
  beforeEach(() => tf.engine().startScope());
  afterEach(() => tf.engine().endScope());

  test('draws four masks a set in training, and none in inference', () => {
    const { calls, dropoutFunc } = countingDropout();
    const layer = layerWith({ dropout: 0.25, recurrentDropout: 0.5, dropoutFunc });
    layer.apply(input());
    layer.apply(input(), { training: false });
    expect(calls).toHaveLength(0);
    layer.apply(input(), { training: true });
    const drawn = calls.map(({ shape, rate }) => ({ shape, rate }));
    expect(drawn.slice(0, 4)).toEqual(Array(4).fill({ shape: [2, FEATURES], rate: 0.25 }));
    expect(drawn.slice(4)).toEqual(Array(4).fill({ shape: [2, UNITS], rate: 0.5 }));
  });

  test('draws only the sets that it needs', () => {
    const { calls, dropoutFunc } = countingDropout();
    layerWith({ dropout: 0.25, dropoutFunc }).apply(input(), { training: true });
    expect(calls.map(({ shape }) => shape)).toEqual(Array(4).fill([2, FEATURES]));
    calls.length = 0;
    layerWith({ recurrentDropout: 0.25, dropoutFunc }).apply(input(), { training: true });
    expect(calls.map(({ shape }) => shape)).toEqual(Array(4).fill([2, UNITS]));
    calls.length = 0;
    layerWith({ dropoutFunc }).apply(input(), { training: true });
    expect(calls).toHaveLength(0);
  });

  test('applies one mask to the input of all gates, at every timestep', () => {
    const { calls, dropoutFunc } = countingDropout();
    const layer = layerWith({ dropout: 0.25, dropoutFunc });
    const output = layer.apply(input(), { training: true }) as tf.Tensor;
    const mask = tf.tensor(calls[0]?.mask as number[], [2, 1, FEATURES]);
    expectClose(output, layer.apply(tf.mul(input(), mask)) as tf.Tensor);
  });

  test('with recurrentDropout, masks the input and the hidden state of each gate by itself, as Keras does', () => {
    const { calls, dropoutFunc } = countingDropout();
    const layer = layerWith({ dropout: 0.25, recurrentDropout: 0.5, dropoutFunc });
    const initialState = [randomTensor([2, UNITS], 8), randomTensor([2, UNITS], 9)] as [tf.Tensor2D, tf.Tensor2D];
    const x = tf.slice(input(), [0, 0, 0], [2, 1, FEATURES]);
    const output = layer.apply(x, { training: true, initialState }) as tf.Tensor;

    const [kernel, recurrentKernel, bias] = layer.getWeights().map((weight) => tf.split(weight, 4, -1)) as [
      tf.Tensor2D[],
      tf.Tensor2D[],
      tf.Tensor1D[],
    ];
    const [zi, zf, zg, zo] = [0, 1, 2, 3].map((gate) => {
      const maskedX = tf.mul(tf.reshape(x, [2, FEATURES]), tf.tensor2d(calls[gate]?.mask as number[], [2, FEATURES]));
      const maskedH = tf.mul(initialState[0], tf.tensor2d(calls[4 + gate]?.mask as number[], [2, UNITS]));
      return tf.addN([
        tf.matMul(maskedX as tf.Tensor2D, kernel[gate] as tf.Tensor2D),
        tf.matMul(maskedH as tf.Tensor2D, recurrentKernel[gate] as tf.Tensor2D),
        tf.tile(tf.expandDims(bias[gate] as tf.Tensor1D, 0), [2, 1]),
      ]);
    }) as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
    const hardSigmoid = (z: tf.Tensor) => tf.clipByValue(tf.add(tf.mul(z, 0.2), 0.5), 0, 1);
    const c = tf.add(tf.mul(hardSigmoid(zf), initialState[1]), tf.mul(hardSigmoid(zi), tf.tanh(zg)));
    expectClose(tf.reshape(output, [2, UNITS]), tf.mul(hardSigmoid(zo), tf.tanh(c)));
  });

  test('drops about the share it is told to, and scales up the rest', () => {
    const cell = lstmCell({ units: UNITS, dropout: 0.3, seed: 1 });
    cell.build([null, 500]);
    const [mask] = cell.drawDropoutMasks(20).input as [tf.Tensor];
    const values = [...mask.dataSync()];
    const kept = values.filter((value) => value !== 0);
    expect(kept.length / values.length).toBeCloseTo(0.7, 1);
    for (const value of kept) expect(value).toBeCloseTo(1 / 0.7, 5);
  });

  test('differs from call to call, and repeats itself in a layer of the same seed', () => {
    const run = (layer: LSTM) => layer.apply(input(), { training: true }) as tf.Tensor;
    const args = { dropout: 0.5, recurrentDropout: 0.5 };
    const [first, again, other, unseeded] = [{ seed: 3 }, { seed: 3 }, { seed: 4 }, {}].map((seed) =>
      layerWith({ ...args, ...seed }),
    ) as [LSTM, LSTM, LSTM, LSTM];
    const sequence = [run(first), run(first)] as [tf.Tensor, tf.Tensor];
    expect(() => expectClose(sequence[1], sequence[0])).toThrow('apart');
    expectClose(run(again), sequence[0], 0);
    expectClose(run(again), sequence[1], 0);
    expect(() => expectClose(run(other), sequence[0])).toThrow('apart');
    expect(() => expectClose(run(unseeded), sequence[0])).toThrow('apart');
  });

  test('in a cell within tf.layers.rnn, draws masks that hold for a sequence, and fresh ones for the next', () => {
    const { calls, dropoutFunc } = countingDropout();
    const layer = hostedCellWith({ dropout: 0.25, dropoutFunc });
    const first = layer.apply(input(), { training: true }) as tf.Tensor;
    const second = layer.apply(input(), { training: true }) as tf.Tensor;
    expect(calls).toHaveLength(8);
    for (const [call, output] of [
      [0, first],
      [4, second],
    ] as const) {
      const mask = tf.tensor(calls[call]?.mask as number[], [2, 1, FEATURES]);
      expectClose(output, layer.apply(tf.mul(input(), mask)) as tf.Tensor);
    }
  });

  test('in a cell within tf.layers.rnn, works after inference and with another batch size, where the built-in fails', () => {
    const builtIn = tf.layers.rnn({ cell: tf.layers.lstmCell({ units: UNITS, dropout: 0.9 }) }) as tf.RNN;
    const inferred = builtIn.apply(input()) as tf.Tensor;
    expectClose(builtIn.apply(input(), { training: true }) as tf.Tensor, inferred, 0);
    expect(() => builtIn.apply(input(3), { training: true })).toThrow();

    const layer = hostedCellWith({ dropout: 0.9, seed: 1 });
    const undropped = layer.apply(input()) as tf.Tensor;
    expect(() => expectClose(layer.apply(input(), { training: true }) as tf.Tensor, undropped)).toThrow('apart');
    expect((layer.apply(input(3), { training: true }) as tf.Tensor).shape).toEqual([3, TIMESTEPS, UNITS]);
    expectClose(layer.apply(input()) as tf.Tensor, undropped, 0);
  });

  test('in stacked cells, draws a set for each cell', () => {
    const { calls, dropoutFunc } = countingDropout();
    const cell = [8, 2].map((units) => lstmCell({ units, dropout: 0.25, dropoutFunc }));
    const layer = tf.layers.rnn({ cell }) as tf.RNN;
    layer.apply(input(), { training: true });
    expect(calls.map(({ shape }) => shape)).toEqual([...Array(4).fill([2, FEATURES]), ...Array(4).fill([2, 8])]);
  });

  test.each([
    ['a layer', (rates: object) => lstm({ units: UNITS, ...rates })],
    ['a cell within tf.layers.rnn', (rates: object) => tf.layers.rnn({ cell: lstmCell({ units: UNITS, ...rates }) })],
  ])('leaves no tensor behind in %s, trained or called', async (_title, make) => {
    const before = tf.memory().numTensors;
    const layer = make({ dropout: 0.5, recurrentDropout: 0.5 }) as tf.RNN;
    const model = tf.sequential({ layers: [tf.layers.inputLayer({ inputShape: [TIMESTEPS, FEATURES] }), layer] });
    const optimizer = tf.train.sgd(0.1);
    model.compile({ loss: 'meanSquaredError', optimizer });
    const [x, y] = [input(6), randomTensor([6, UNITS], 8)];
    const train = () => model.fit(x, y, { batchSize: 2, epochs: 2, verbose: 0 });
    await train();
    const afterFirst = tf.memory().numTensors;
    await train();
    tf.dispose(layer.apply(x, { training: true }) as tf.Tensor);
    tf.dispose(model.predict(x));
    expect(tf.memory().numTensors).toBe(afterFirst);
    model.dispose();
    optimizer.dispose();
    tf.dispose([x, y]);
    expect(tf.memory().numTensors).toBe(before);
  });
});
