import * as tf from '@tensorflow/tfjs';
import { LSTMCell, lstmCell } from '../../src/index.js';
import { NODE_BACKENDS, useBackend } from '../../tools/backends.js';
import { expectAllClose, expectClose } from '../support/close.js';
import { float64LSTM } from '../support/float64-lstm.js';
import { randomizeWeights, randomTensor } from '../support/random.js';

const [BATCH, FEATURES, UNITS] = [3, 5, 4];

function builtCell(args: object = {}): LSTMCell {
  const cell = lstmCell({ units: UNITS, ...args });
  cell.build([null, FEATURES]);
  randomizeWeights(cell, 5);
  return cell;
}

function stepInputs() {
  const x = randomTensor<tf.Rank.R2>([BATCH, FEATURES], 1);
  const states = [2, 3].map((seed) => randomTensor<tf.Rank.R2>([BATCH, UNITS], seed)) as [tf.Tensor2D, tf.Tensor2D];
  return { x, states };
}

describe.each(NODE_BACKENDS)('On %s, a cell', (backend) => {
  beforeAll(() => useBackend(backend));
  beforeEach(() => tf.engine().startScope());
  afterEach(() => tf.engine().endScope());

  test('computes the six equations, and shows every gate', () => {
    const cell = builtCell({ recurrentActivation: 'sigmoid' });
    const { x, states } = stepInputs();
    const step = cell.step(x, states);
    const [kernel, recurrentKernel, bias] = cell.getWeights().map((weight) => weight.arraySync()) as [
      number[][],
      number[][],
      number[],
    ];
    const [h0, c0] = states.map((state) => state.arraySync()) as [number[][], number[][]];
    const expected = x.arraySync().map((sample, b) => {
      const options = {
        activation: 'tanh',
        recurrentActivation: 'sigmoid',
        h0: h0[b] as number[],
        c0: c0[b] as number[],
      };
      return float64LSTM([sample], { kernel, recurrentKernel, bias }, options)[0];
    });
    for (const quantity of ['i', 'f', 'g', 'o', 'c', 'h'] as const) {
      expect(step[quantity].shape).toEqual([BATCH, UNITS]);
      expectClose(
        step[quantity],
        expected.flatMap((one) => one?.[quantity] as number[]),
      );
    }
  });

  test("keeps tfjs's cell protocol: [x, h, c] in, [h, h, c] out", () => {
    const cell = builtCell();
    const { x, states } = stepInputs();
    const { h, c } = cell.step(x, states);
    expectAllClose(cell.call([x, ...states], { training: false }), [h, h, c]);
    expectAllClose(cell.apply([x, ...states]) as tf.Tensor[], [h, h, c]);
  });

  test('lets a gradient through every gate', () => {
    const cell = builtCell({ recurrentActivation: 'sigmoid' });
    const { x, states } = stepInputs();
    for (const quantity of ['i', 'f', 'g', 'o', 'c', 'h'] as const) {
      const loss = (input: tf.Tensor) => tf.sum(cell.step(input as tf.Tensor2D, states)[quantity]);
      const gradient = tf.grad(loss)(x);
      const shift = randomTensor<tf.Rank.R2>([BATCH, FEATURES], 4, 0.01);
      const difference = tf.sub(loss(tf.add(x, shift)), loss(tf.sub(x, shift)));
      expectClose(tf.mul(2, tf.sum(tf.mul(gradient, shift))), difference as tf.Tensor, 1e-4);
    }
  });

  test('leaves only its results behind', () => {
    const cell = builtCell();
    const { x, states } = stepInputs();
    const before = tf.memory().numTensors;
    const step = cell.step(x, states);
    expect(tf.memory().numTensors - before).toBe(6);
    tf.dispose(Object.values(step));
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('A cell', () => {
  beforeAll(() => useBackend('cpu'));
  beforeEach(() => tf.engine().startScope());
  afterEach(() => tf.engine().endScope());

  test('is a layer of tfjs, with the weights of the built-in cell', () => {
    const cell = builtCell();
    const builtIn = tf.layers.lstmCell({ units: UNITS });
    builtIn.build([null, FEATURES]);
    expect(cell).toBeInstanceOf(tf.layers.Layer);
    expect(cell).toBeInstanceOf(tf.layers.RNNCell);
    expect(cell.stateSize).toEqual(builtIn.stateSize);
    const describeWeights = (layer: tf.layers.Layer) =>
      layer.weights.map(({ originalName, shape }) => [originalName, shape]);
    expect(describeWeights(cell)).toEqual(describeWeights(builtIn));
    expect(describeWeights(cell)).toEqual([
      ['kernel', [FEATURES, 4 * UNITS]],
      ['recurrent_kernel', [UNITS, 4 * UNITS]],
      ['bias', [4 * UNITS]],
    ]);
  });

  test('is built by what it is first applied to: D is that of x', () => {
    const cell = lstmCell({ units: UNITS });
    const { x, states } = stepInputs();
    const outputs = cell.apply([x, ...states]) as tf.Tensor[];
    expect(cell.kernel.shape).toEqual([FEATURES, 4 * UNITS]);
    expectAllClose(outputs, cell.call([x, ...states]), 0);
  });

  test('takes the weights it is set to', () => {
    const [cell, other] = [builtCell(), lstmCell({ units: UNITS })];
    other.build([null, FEATURES]);
    other.setWeights(cell.getWeights());
    expectAllClose(other.getWeights(), cell.getWeights(), 0);
  });

  test('has no bias without useBias', () => {
    const cell = builtCell({ useBias: false });
    expect(cell.bias).toBeNull();
    expect(cell.weights).toHaveLength(2);
  });

  test('is made again from its config', () => {
    const config = JSON.parse(
      JSON.stringify(lstmCell({ units: 3, dropout: 0.5, seed: 7, name: 'memory' }).getConfig()),
    );
    const again = LSTMCell.fromConfig(LSTMCell as never, config) as LSTMCell;
    expect(again).toMatchObject({ units: 3, dropout: 0.5, seed: 7, name: 'memory' });
  });

  test('applies its constraints after a training step', async () => {
    const cell = lstmCell({
      units: UNITS,
      kernelConstraint: 'nonNeg',
      recurrentConstraint: 'unitNorm',
      biasConstraint: 'nonNeg',
    });
    const layer = tf.layers.rnn({ cell }) as tf.RNN;
    const model = tf.sequential({ layers: [tf.layers.inputLayer({ inputShape: [5, FEATURES] }), layer] });
    randomizeWeights(model, 5);
    model.compile({ loss: 'meanSquaredError', optimizer: tf.train.sgd(0.1) });
    await model.trainOnBatch(randomTensor([2, 5, FEATURES], 1), randomTensor([2, UNITS], 2));
    const [kernel, recurrentKernel, bias] = cell.getWeights() as [tf.Tensor, tf.Tensor, tf.Tensor];
    expect(Math.min(...kernel.dataSync())).toBe(0);
    expect(Math.min(...bias.dataSync())).toBe(0);
    expectClose(tf.norm(recurrentKernel, 2, 0), tf.ones([4 * UNITS]));
  });

  test('tells what is wrong with what it is given, and leaves nothing behind', () => {
    const cell = builtCell();
    const { x, states } = stepInputs();
    const [h, c] = states;
    const before = tf.memory().numTensors;
    const refused: [() => unknown, RegExp][] = [
      [() => lstmCell({ units: 2 }).step(x, states), /^LSTMCell\.step: the cell must be built first/],
      [() => cell.step(h as tf.Tensor2D, states), /^LSTMCell\.step: x must be \[B, D\] = \[B, 5\], got \[3, 4\]/],
      [
        () => cell.step(tf.input({ shape: [5] }) as never, [x, c]),
        /states\[0\] \(h\) must be \[B, U\] = \[B, 4\], got \[3, 5\]/,
      ],
      [() => cell.step([1, 2] as never, states), /^LSTMCell\.step: x must be \[B, D\] = \[B, 5\], got \[1, 2\]/],
      [
        () => cell.step(x, [h] as never),
        /^LSTMCell\.step: states must be the two tensors h and c, got \[a Tensor of shape \[3, 4\]\]/,
      ],
      [() => cell.step(x, [h, x]), /^LSTMCell\.step: states\[1\] \(c\) must be \[B, U\] = \[3, 4\], got \[3, 5\]/],
      [
        () => cell.call([x, h]),
        /^LSTMCell\.call: the inputs must be \[x, h, c\], got \[a Tensor of shape \[3, 5\], a Tensor/,
      ],
      [() => cell.call(x), /^LSTMCell\.call: the inputs must be \[x, h, c\], got a Tensor of shape \[3, 5\]/],
      [() => cell.call([h, h, c]), /^LSTMCell\.call: x must be \[B, D\] = \[B, 5\], got \[3, 4\]/],
      [
        () => cell.call([x, h, x]),
        /^LSTMCell\.call: states\[1\] \(c\) must be \[B, U\] = \[3, 4\], got \[3, 5\] \(layer '.+'\)/,
      ],
      [() => cell.call([x, x, c]), /^LSTMCell\.call: states\[0\] \(h\) must be \[B, U\] = \[3, 4\], got \[3, 5\]/],
      [
        () => lstmCell({ units: 2 }).build([null, 0]),
        /^LSTMCell\.build: the last dimension of the input must be a positive integer, got \[null, 0\]/,
      ],
      [
        () => lstmCell({ units: 2 }).build([null, 2.5]),
        /^LSTMCell\.build: the last dimension of the input must be a positive integer, got \[null, 2\.5\]/,
      ],
      [
        () => lstmCell({ units: 2 }).build(undefined as never),
        /^LSTMCell\.build: the last dimension .*, got undefined/,
      ],
      [
        () => lstmCell({ units: 2 }).build([null, null]),
        /^LSTMCell\.build: the last dimension of the input must be a positive integer, got \[null, null\]/,
      ],
      [
        () => cell.setWeights([x]),
        /^LSTMCell\.setWeights: weights must be 3 tensors of shapes \[\[5, 16\], \[4, 16\], \[16\]\]/,
      ],
    ];
    for (const [run, message] of refused) expect(run).toThrow(message);
    expect(tf.memory().numTensors).toBe(before);
  });
});
