import * as tf from '@tensorflow/tfjs';
import * as stepModule from '../../src/core/step.js';
import { WasmKernel } from '../../src/fused/wasm/wasm-kernel.js';
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
    const [ownSteps, steps] = [jest.spyOn(cellPrototype, 'call'), jest.spyOn(stepModule, 'stepFromProjectedInput')];
    try {
      accelerated(() => traceModel(traced, x));
      expect(ownSteps).not.toHaveBeenCalled();
      expect(steps).not.toHaveBeenCalled();
    } finally {
      ownSteps.mockRestore();
      steps.mockRestore();
    }
  });

  test('traceModel takes the trace of a masked layer from the kernel that runs it, once', () => {
    const layers = [tf.layers.masking({ maskValue: 9, inputShape: [5, 3] }), tf.layers.lstm({ units: 4 })];
    const masked = tf.sequential({ layers });
    randomizeWeights(masked, 3);
    const isMasked = tf.tensor([0, 1, 0, 0, 1], [1, 5, 1], 'bool');
    const x = tf.where(isMasked, tf.fill([2, 5, 3], 9), randomTensor([2, 5, 3], 7));
    const expected = traceModel(masked, x);
    const forward = jest.spyOn(WasmKernel.prototype, 'forward');
    try {
      expectSameTraces(
        accelerated(() => traceModel(masked, x)),
        expected,
      );
      expect(forward).toHaveBeenCalledTimes(1);
    } finally {
      forward.mockRestore();
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
