import * as tf from '@tensorflow/tfjs';
import { lstm, lstmCell } from '../../src/index.js';
import { explicitView, explicitViewOfCell, isLSTMLike } from '../../src/layers/explicit-view.js';
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

describe.each(NODE_BACKENDS)('On %s, the explicit view of %s', (backend) => {
  beforeAll(() => useBackend(backend));
  beforeEach(() => tf.engine().startScope());
  afterEach(() => tf.engine().endScope());

  test.each(LAYERS)('%s computes what the layer computes, with the weights it has at the moment', (_title, make) => {
    for (const args of [{ returnSequences: true, goBackwards: true }, { returnState: true }]) {
      const layer = built(make, args);
      const view = explicitView(layer as never);
      const x = randomTensor([2, 5, FEATURES], 1);
      const outputs = (of: tf.layers.Layer) => [of.call(x, { training: false })].flat();
      expectAllClose(outputs(view), outputs(layer));
      randomizeWeights(layer, 9);
      expectAllClose(outputs(view), outputs(layer));
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
    expectAllClose([explicitView(withDropout as never).call(x, { training: true }) as tf.Tensor], [expected]);
  });
});

describe('An explicit view', () => {
  beforeAll(() => useBackend('cpu'));

  test('of an explicit LSTM is the layer itself', () => {
    const layer = lstm({ units: 2 });
    expect(explicitView(layer)).toBe(layer);
  });

  test('makes no tensor, and may return its states where the layer does not', () => {
    const layer = built((LAYERS[0] as (typeof LAYERS)[0])[1], {});
    const before = tf.memory().numTensors;
    expect(explicitView(layer as never).returnState).toBe(false);
    expect(explicitView(layer as never, { returnState: true }).returnState).toBe(true);
    expect(tf.memory().numTensors).toBe(before);
    layer.dispose();
  });

  test('goes by the name of its layer, and has no states of its own', () => {
    const layer = built((LAYERS[1] as (typeof LAYERS)[0])[1], { name: 'memory', stateful: true });
    const view = explicitView(layer as never);
    expect([view.name, view.stateful, view.built, view.cell.built]).toEqual(['memory', false, true, true]);
    expect(() => view.call(tf.zeros([2, 5]))).toThrow(/\(layer 'memory'\)/);
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
        expectAllClose([explicitView(layer as never).call(x) as tf.Tensor], [layer.apply(x) as tf.Tensor]);
      }
    });
  });

  test('of a cell steps as the cell does', () => {
    tf.tidy(() => {
      const cell = tf.layers.lstmCell(ARGS);
      cell.build([null, FEATURES]);
      randomizeWeights(cell, 5);
      const x = randomTensor<tf.Rank.R2>([2, FEATURES], 1);
      const states = [randomTensor<tf.Rank.R2>([2, UNITS], 2), randomTensor<tf.Rank.R2>([2, UNITS], 3)] as const;
      const { h, c } = explicitViewOfCell(cell).cell.step(x, states);
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
