import * as tf from '@tensorflow/tfjs';
import type { LSTMStep } from '../../src/core/step.js';
import { lstm, lstmCell } from '../../src/index.js';
import { callForeign, cellToRun, isLSTMLike } from '../../src/layers/foreign-lstm.js';
import { NODE_BACKENDS, useBackend } from '../../tools/backends.js';
import { expectAllClose } from '../support/close.js';
import { randomizeWeights, randomTensor } from '../support/random.js';

const [UNITS, FEATURES] = [4, 3];
const ARGS = { units: UNITS, useBias: false, activation: 'softsign', recurrentActivation: 'sigmoid' } as const;

const LAYERS: [string, (args: object) => tf.layers.RNN][] = [
  ['tf.layers.lstm', (args) => tf.layers.lstm({ ...ARGS, ...args } as tf.LSTMLayerArgs)],
  ["tf.layers.rnn over tfjs's cell", (args) => tf.layers.rnn({ ...args, cell: tf.layers.lstmCell(ARGS) }) as tf.RNN],
  ["tf.layers.rnn over this package's cell", (args) => tf.layers.rnn({ ...args, cell: lstmCell(ARGS) }) as tf.RNN],
];

function built(make: (args: object) => tf.layers.RNN, args: object): tf.layers.RNN {
  const layer = make(args);
  layer.apply(tf.input({ batchShape: [2, 5, FEATURES] }));
  randomizeWeights(layer, 5);
  return layer;
}

describe.each(NODE_BACKENDS)('On %s, what runs in the place of %s', (backend) => {
  beforeAll(() => useBackend(backend));
  beforeEach(() => tf.engine().startScope());
  afterEach(() => tf.engine().endScope());

  test.each(LAYERS)('%s computes what the layer computes, with the weights it has at the moment', (_title, make) => {
    for (const args of [{ returnSequences: true, goBackwards: true }, { returnState: true }]) {
      const layer = built(make, args);
      const x = randomTensor([2, 5, FEATURES], 1);
      const own = () => [layer.call(x, { training: false })].flat();
      const foreign = () => [callForeign('test', layer as never, x, {})].flat();
      expectAllClose(foreign(), own());
      randomizeWeights(layer, 9);
      expectAllClose(foreign(), own());
    }
  });

  test.each(LAYERS)('%s drops what the layer drops', (_title, make) => {
    const pattern = (ones: tf.Tensor) => tf.mul(ones, tf.reshape(tf.mod(tf.range(0, ones.size), 2), ones.shape));
    const dropout = { dropout: 0.5, dropoutFunc: pattern };
    const layer = built(make, {});
    const [withDropout] = [tf.layers.lstm({ ...ARGS, ...dropout } as tf.LSTMLayerArgs)];
    withDropout.apply(tf.input({ batchShape: [2, 5, FEATURES] }));
    withDropout.setWeights(layer.getWeights());
    const x = randomTensor([2, 5, FEATURES], 1);
    const expected = withDropout.call(x, { training: true }) as tf.Tensor;
    expectAllClose([callForeign('test', withDropout as never, x, { training: true }) as tf.Tensor], [expected]);
  });
});

describe('What runs in the place of a cell', () => {
  beforeAll(() => useBackend('cpu'));

  test('is a cell of this package itself, and the same each time for a cell of tfjs', () => {
    const cell = lstmCell({ units: 2 });
    expect(cellToRun(cell)).toBe(cell);
    const other = tf.layers.lstmCell(ARGS);
    expect(cellToRun(other)).toBe(cellToRun(other));
  });

  test('makes no tensor, and checks inputs in the name of the layer', () => {
    const layer = built((LAYERS[1] as (typeof LAYERS)[0])[1], { name: 'memory', stateful: true });
    const before = tf.memory().numTensors;
    cellToRun(layer.cell as never);
    expect(tf.memory().numTensors).toBe(before);
    const call = (x: tf.Tensor) => tf.tidy(() => callForeign('test', layer as never, x, {}));
    expect(() => call(tf.zeros([2, 5]))).toThrow(/^test: x must be a tensor \[B, T, D\].*\(layer 'memory'\)/);
    expect(() => call(tf.zeros([3, 5, FEATURES]))).toThrow(/with B = 2, the stateful layer's batch size/);
    layer.dispose();
  });

  test('is possible over weights that users made and keep in their own ways', () => {
    const roles = {
      Initializer: tf.initializers.ones(),
      Regularizer: tf.regularizers.l2(),
      Constraint: tf.constraints.nonNeg(),
    };
    const own = Object.entries(roles).flatMap(([role, instance]) => {
      class Own extends (instance.constructor as new (args: object) => object) {
        static readonly className = 'NeverRegistered';
      }
      return ['kernel', 'recurrent', 'bias'].map((weight) => [weight + role, new Own({})] as const);
    });
    tf.tidy(() => {
      for (const [name, instance] of own) {
        const layer = tf.layers.lstm({ units: UNITS, [name]: instance });
        layer.apply(tf.input({ shape: [5, FEATURES] }));
        const x = randomTensor([2, 5, FEATURES], 1);
        expectAllClose([callForeign('test', layer as never, x, {}) as tf.Tensor], [layer.apply(x) as tf.Tensor]);
      }
    });
  });

  test('steps as the cell does', () => {
    tf.tidy(() => {
      const cell = tf.layers.lstmCell(ARGS);
      cell.build([null, FEATURES]);
      randomizeWeights(cell, 5);
      const x = randomTensor<tf.Rank.R2>([2, FEATURES], 1);
      const states = [randomTensor<tf.Rank.R2>([2, UNITS], 2), randomTensor<tf.Rank.R2>([2, UNITS], 3)] as const;
      const { h, c } = cellToRun(cell).step(x, states) as LSTMStep;
      expectAllClose([h, h, c], cell.call([x, ...states], { training: false }) as tf.Tensor[]);
    });
  });

  test('is possible of one LSTM, not of other layers or of stacked cells', () => {
    class LSTM extends (tf.layers.lstm({ units: 1 }).constructor as new (args: object) => tf.layers.Layer) {}
    class RNN extends tf.layers.Layer {
      static readonly className = 'RNN';
    }
    const others = [
      tf.layers.dense({ units: 2 }),
      tf.layers.gru({ units: 2 }),
      tf.layers.rnn({ cell: tf.layers.gruCell({ units: 2 }) }),
      tf.layers.rnn({ cell: [lstmCell({ units: 2 }), lstmCell({ units: 2 })] }),
      new LSTM({ units: 2 }),
      new RNN({}),
    ] as tf.layers.Layer[];
    expect(others.map(isLSTMLike)).toEqual([false, false, false, false, false, false]);
    const these = [lstm({ units: 2 }), ...LAYERS.map(([, make]) => make({}))];
    expect(these.map(isLSTMLike)).toEqual([true, true, true, true]);
  });
});
