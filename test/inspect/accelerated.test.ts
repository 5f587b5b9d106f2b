import * as tf from '@tensorflow/tfjs';
import { lastImplementation } from '../../src/index.js';
import { editGates, traceModel } from '../../src/inspect/index.js';
import { useBackend } from '../../tools/backends.js';
import { accelerated } from '../support/accelerated.js';
import { expectAllClose, expectClose } from '../support/close.js';
import { randomizeWeights, randomTensor } from '../support/random.js';
import { expectSameTraces } from './support/traced.js';

const SHAPE = [2, 5, 3];

function model(args: object = {}): tf.LayersModel {
  const layers = [
    tf.layers.lstm({
      units: 4,
      returnSequences: true,
      batchInputShape: SHAPE,
      name: 'first',
      ...args,
    } as tf.LSTMLayerArgs),
    tf.layers.bidirectional({ layer: tf.layers.lstm({ units: 3, returnSequences: true }), mergeMode: 'sum' }),
    tf.layers.rnn({ cell: [tf.layers.lstmCell({ units: 3 }), tf.layers.lstmCell({ units: 2 })] }),
  ];
  const made = tf.sequential({ layers });
  randomizeWeights(made, 3);
  return made;
}

describe('While built-in LSTMs are accelerated', () => {
  beforeAll(() => useBackend('cpu'));
  beforeEach(() => tf.engine().startScope());
  afterEach(() => tf.engine().endScope());

  test.each([false, true])('traceModel shows what it shows without, stateful %s', (stateful) => {
    const [traced, x] = [model({ stateful }), randomTensor(SHAPE, 7)];
    traced.predict(x);
    const expected = traceModel(traced, x);
    expect(expected).toHaveLength(5);
    expectSameTraces(
      accelerated(() => traceModel(traced, x)),
      expected,
    );
  });

  test('traceModel leaves it to a kernel to run the model', () => {
    const [traced, x] = [model(), randomTensor(SHAPE, 7)];
    const { cell } = traced.getLayer('first') as tf.layers.RNN & { cell: tf.layers.Layer };
    const cellPrototype = Object.getPrototypeOf(cell) as tf.layers.Layer;
    const steps = jest.spyOn(cellPrototype, 'call');
    try {
      accelerated(() => traceModel(traced, x));
      // Two stacked cells, five timesteps.
      expect(steps).toHaveBeenCalledTimes(10);
    } finally {
      steps.mockRestore();
    }
  });

  test('traceModel leaves what a layer says it ran on as it was', () => {
    const [traced, x] = [model(), randomTensor(SHAPE, 7)];
    const layer = traced.getLayer('first');
    accelerated(() => {
      traceModel(traced, x);
      expect(lastImplementation(layer)).toBeNull();
      traced.predict(x);
      const before = lastImplementation(layer);
      expect(before).not.toBeNull();
      tf.env().set('EXPLICIT_LSTM_USE_FUSED', false);
      try {
        traceModel(traced, x);
      } finally {
        tf.env().set('EXPLICIT_LSTM_USE_FUSED', true);
      }
      expect(lastImplementation(layer)).toBe(before);
    });
  });

  test.each(['begun before', 'begun after'])('editGates edits, %s the acceleration', (order) => {
    const [edited, x] = [model(), randomTensor(SHAPE, 7)];
    const layer = edited.getLayer('first');
    const run = () => edited.predict(x) as tf.Tensor;
    const editing = (inner: () => tf.Tensor) => editGates(layer, ({ f }) => ({ f: tf.mul(f, 0.25) }), inner);
    const [plain, expected] = [run(), editing(run)];
    expect(() => expectClose(plain, expected)).toThrow('apart');
    const received = order === 'begun before' ? editing(() => accelerated(run)) : accelerated(() => editing(run));
    expectAllClose([received, accelerated(run)], [expected, plain]);
  });
});
