import * as tf from '@tensorflow/tfjs';
import { builtInLSTMClass } from '../../../src/host/built-in-classes.js';
import { lastImplementation } from '../../../src/index.js';
import { useBackend } from '../../../tools/backends.js';
import { accelerated } from '../../support/accelerated.js';
import { expectClose } from '../../support/close.js';
import { randomizeWeights, randomTensor } from '../../support/random.js';

const [BATCH, TIMESTEPS, FEATURES, UNITS] = [2, 5, 3, 4];

beforeAll(() => useBackend('cpu'));
beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

type Layer = ReturnType<typeof tf.layers.lstm>;

function built(layer: Layer): Layer {
  layer.apply(tf.input({ shape: [null, FEATURES] }));
  randomizeWeights(layer, 1);
  return layer;
}

const plain = (args: Partial<tf.LSTMLayerArgs> = {}) => built(tf.layers.lstm({ units: UNITS, ...args }));
const x = () => randomTensor([BATCH, TIMESTEPS, FEATURES], 7);
const states = (batch: number) => [8, 9].map((seed) => randomTensor([batch, UNITS], seed));

/** Asserts that the built-in's own code runs while accelerated, with its own result, for the reason given. */
function expectOwnResult(layer: Layer, run: () => tf.Tensor, reason: string): void {
  const expected = run();
  accelerated(() => {
    expectClose(run(), expected, 0);
    expect(lastImplementation(layer)).toEqual({ name: 'built-in', reason });
  });
}

describe("While accelerated, the built-in's own code runs", () => {
  test('with an activation that no fused kernel supports', () => {
    const layer = plain({ activation: 'softmax' });
    expectOwnResult(layer, () => layer.apply(x()) as tf.Tensor, "no fused kernel supports the activation 'softmax'");
  });

  test('while the flag is off', () => {
    const layer = plain();
    tf.env().set('EXPLICIT_LSTM_USE_FUSED', false);
    try {
      const reason = 'the flag EXPLICIT_LSTM_USE_FUSED is false';
      expectOwnResult(layer, () => layer.apply(x()) as tf.Tensor, reason);
    } finally {
      tf.env().set('EXPLICIT_LSTM_USE_FUSED', true);
    }
  });

  test('for gradients of gradients', () => {
    // The gradient of tfjs's hard sigmoid has none itself.
    const layer = plain({ recurrentActivation: 'sigmoid' });
    const gradient = tf.grad((input: tf.Tensor) => tf.sum(tf.square(layer.apply(input) as tf.Tensor)));
    const second = () => tf.grad((input: tf.Tensor) => tf.sum(tf.square(gradient(input))))(x());
    expectOwnResult(layer, second, 'gradients of gradients are being computed');
  });

  test('in a class that is derived from it', () => {
    class Doubled extends (builtInLSTMClass() as new (args: tf.LSTMLayerArgs) => Layer) {
      static readonly className = 'DoubledLSTM';
      override getInitialState(inputs: tf.Tensor): tf.Tensor[] {
        return super.getInitialState(inputs).map((state) => tf.onesLike(state));
      }
    }
    const layer = built(new Doubled({ units: UNITS }));
    const reason = 'the class of the layer is derived from the built-in one';
    expectOwnResult(layer, () => layer.apply(x()) as tf.Tensor, reason);
  });

  test("where somebody has replaced its cell's call", () => {
    const layer = plain();
    const call = layer.cell.call.bind(layer.cell);
    layer.cell.call = (inputs, kwargs) => (call(inputs, kwargs) as tf.Tensor[]).map((tensor) => tf.mul(tensor, 0.5));
    expectOwnResult(layer, () => layer.apply(x()) as tf.Tensor, "the cell's call has been replaced");
  });

  test('for initial states that it broadcasts', () => {
    const layer = plain();
    const run = () => layer.apply(x(), { initialState: states(1) }) as tf.Tensor;
    expectOwnResult(layer, run, 'the initial states are not two tensors [2, 4]');
  });

  test.each([[[1, TIMESTEPS]], [[BATCH, TIMESTEPS, 1]]])('for a mask %p that it broadcasts', (shape) => {
    const layer = plain();
    const mask = tf.greater(randomTensor(shape, 3), 0);
    const run = () => layer.apply(x(), { mask }) as tf.Tensor;
    expectOwnResult(layer, run, 'the mask is not a tensor [2, 5]');
  });

  test('for a batch without samples', () => {
    const layer = plain({ returnSequences: true });
    const run = () => layer.apply(tf.zeros([0, TIMESTEPS, FEATURES])) as tf.Tensor;
    expectOwnResult(layer, run, 'the input is not a tensor [B, T, 3] of real numbers');
  });
});

describe("While accelerated, the built-in's own errors are thrown", () => {
  const refused: [string, (layer: Layer) => unknown][] = [
    ['another number of features', (layer) => layer.call(tf.zeros([BATCH, TIMESTEPS, FEATURES + 1]), {})],
    ['an input of rank 2', (layer) => layer.call(tf.zeros([BATCH, FEATURES]), {})],
    ['two inputs', (layer) => layer.call([x(), x()], {})],
    ['one state', (layer) => layer.call(x(), { initialState: states(BATCH).slice(1) })],
    ['a disposed state', (layer) => layer.call(x(), { initialState: disposed(states(BATCH)) })],
    ['a disposed mask', (layer) => layer.call(x(), { mask: disposed([tf.ones([BATCH, TIMESTEPS])])[0] })],
    ['a disposed input', (layer) => layer.call(disposed([x()]), {})],
  ];

  test.each(refused)('for %s', (_title, run) => {
    const layer = plain();
    const messageOf = () => {
      try {
        run(layer);
      } catch (error) {
        return (error as Error).message;
      }
      return null;
    };
    const expected = messageOf();
    expect(expected).not.toBeNull();
    accelerated(() => {
      expect(messageOf()).toBe(expected);
      expect(lastImplementation(layer)?.name).toBe('built-in');
    });
  });

  test('for a layer whose weights are disposed, or that has none yet', () => {
    const [gone, unbuilt] = [plain(), tf.layers.lstm({ units: UNITS })];
    gone.dispose();
    accelerated(() => {
      expect(() => gone.call(x(), {})).toThrow('is already disposed');
      expect(() => unbuilt.call(x(), {})).toThrow(TypeError);
      expect(lastImplementation(unbuilt)?.reason).toBe('the layer is not built, or its weights are not as expected');
    });
  });
});

function disposed(tensors: tf.Tensor[]): tf.Tensor[] {
  tf.dispose(tensors);
  return tensors;
}
