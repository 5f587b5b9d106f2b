import * as tf from '@tensorflow/tfjs';
import { lstm, lstmCell } from '../../../src/index.js';
import { editGates, type GateEdit, withUnits } from '../../../src/inspect/index.js';
import { useBackend } from '../../../tools/backends.js';
import { randomizeWeights, randomTensor } from '../../support/random.js';

describe('An edit', () => {
  beforeAll(() => useBackend('cpu'));
  beforeEach(() => tf.engine().startScope());
  afterEach(() => tf.engine().endScope());

  const silence: GateEdit = ({ h }) => ({ h: tf.zerosLike(h) });

  test('tells what is wrong with the layer or with what it returned, and leaves nothing behind', () => {
    const layer = tf.layers.lstm({ units: 4 });
    layer.apply(tf.input({ shape: [5, 3] }));
    randomizeWeights(layer, 5);
    const x = randomTensor([2, 5, 3], 1);
    const dense = tf.layers.dense({ units: 3 });
    const stacked = tf.layers.rnn({ cell: [lstmCell({ units: 2 }), lstmCell({ units: 2 })] });
    const wrong = tf.zeros([2, 3]) as tf.Tensor2D;
    const gone = tf.zeros<tf.Rank.R2>([2, 4]);
    gone.dispose();
    const count = tf.memory().numTensors;
    const run = () => layer.apply(x);
    const refused: [() => unknown, RegExp][] = [
      [
        () => editGates(dense, silence, run),
        /^editGates: layer must be an LSTM, or tf\.layers\.rnn over one LSTM cell, got/,
      ],
      [() => editGates(stacked, silence, run), /^editGates: layer must be an LSTM, or/],
      [
        () => editGates(lstm({ units: 2, name: 'new' }), silence, run),
        /^editGates: the layer must be built first, .*\(layer 'new'\)/,
      ],
      [
        () => editGates(layer, () => ({ z: wrong }) as never, run),
        /^editGates: edit must return some of i, f, g, o, c, h, got 'z'/,
      ],
      [() => editGates(layer, () => ({ f: wrong }), run), /^editGates: f must be \[B, U\] = \[2, 4\], got \[2, 3\]/],
      [() => editGates(layer, () => ({ c: 1 }) as never, run), /^editGates: c must be \[B, U\] = \[2, 4\], got 1/],
      [
        () => editGates(layer, () => ({ f: gone }), run),
        /^editGates: f must not be disposed, got a Tensor of shape \[2, 4\]/,
      ],
      [() => editGates(undefined as never, silence, run), /^editGates: layer must be an LSTM, .* got undefined/],
      [() => editGates(layer, { f: 1 } as never, run), /^editGates: edit must be a function, got an object/],
      [() => editGates(layer, silence, undefined as never), /^editGates: run must be a function, got undefined/],
      [() => editGates(layer, () => 3 as never, run), /^editGates: edit must return an object of tensors, .* got 3/],
      [() => editGates(layer, (async () => ({})) as never, run), /^editGates: edit must return an .* class Promise/],
      [
        () => editGates(layer, ({ f }) => ({ f: withUnits(f, [4], 0) }), run),
        /^withUnits: units must be from 0 to 3, got 4/,
      ],
      [
        () => editGates(layer, ({ f }) => ({ f: withUnits(f, [0.5], 0) }), run),
        /^withUnits: units must be from 0 to 3, got 0\.5/,
      ],
    ];
    for (const [attempt, message] of refused) expect(attempt).toThrow(message);
    expect(tf.memory().numTensors).toBe(count);
  });
});
