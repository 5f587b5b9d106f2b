import * as tf from '@tensorflow/tfjs';
import { lastImplementation } from '../../../src/index.js';
import { NODE_BACKENDS, useBackend } from '../../../tools/backends.js';
import { accelerated } from '../../support/accelerated.js';
import { expectAllClose, expectClose } from '../../support/close.js';
import { randomizeWeights, randomTensor } from '../../support/random.js';

const [BATCH, TIMESTEPS, FEATURES, UNITS] = [2, 5, 3, 4];
const SHAPE = [BATCH, TIMESTEPS, FEATURES];

function builtIn(args: Partial<tf.LSTMLayerArgs> = {}, seed = 1) {
  const layer = tf.layers.lstm({ units: UNITS, ...args });
  layer.apply(tf.input({ batchShape: args.stateful ? SHAPE : [null, null, FEATURES] }));
  randomizeWeights(layer, seed);
  return layer;
}

describe.each(NODE_BACKENDS)('On %s, an accelerated built-in LSTM', (backend) => {
  beforeAll(() => useBackend(backend));

  test.each([
    ['in inference', {}, false],
    ['in training with dropout', { dropout: 0.5, recurrentDropout: 0.5 }, true],
    ['in inference with dropout', { dropout: 0.5, recurrentDropout: 0.5 }, false],
    ['in training when it is stateful', { stateful: true }, true],
    ['in inference when it is stateful', { stateful: true }, false],
  ])('keeps no tensor over its calls and leaves none when it is disposed: %s', (_when, args, training) => {
    const before = tf.memory().numTensors;
    const layer = builtIn({ returnSequences: true, returnState: true, ...args });
    const [x, mask] = [
      randomTensor(SHAPE, 7),
      tf.tensor2d(
        [
          [1, 1, 0, 1, 0],
          [1, 1, 1, 1, 1],
        ],
        undefined,
        'bool',
      ),
    ];
    const built = tf.memory().numTensors;
    const call = () => {
      tf.dispose(layer.apply(x, { mask, training }) as tf.Tensor[]);
      tf.dispose(tf.variableGrads(() => tf.sum((layer.apply(x, { training }) as tf.Tensor[])[0] as tf.Tensor)));
      return tf.memory().numTensors;
    };
    expect(accelerated(() => [call(), call(), call()])).toEqual([built, built, built]);
    layer.dispose();
    // The states of a stateful layer are the host's to dispose, and it does not.
    tf.dispose([x, mask, ...(layer.stateful ? (layer.states as tf.Tensor[]) : [])]);
    expect(tf.memory().numTensors).toBe(before);
  });

  test('leaves the dropout masks that the built-in has kept from before to nobody', () => {
    const layer = builtIn({ dropout: 0.5, recurrentDropout: 0.5 });
    const x = randomTensor(SHAPE, 7);
    const before = tf.memory().numTensors;
    const call = () => tf.dispose(layer.apply(x, { training: true }) as tf.Tensor);
    call();
    expect(tf.memory().numTensors).toBe(before + 8);
    accelerated(call);
    expect(tf.memory().numTensors).toBe(before);
    call();
    layer.dispose();
    x.dispose();
  });

  test('passes over a NaN at a masked step, which poisons the built-in', () => {
    tf.tidy(() => {
      const layer = builtIn({ returnSequences: true });
      const mask = tf.tensor2d(
        [
          [1, 1, 0, 1, 1],
          [1, 1, 0, 1, 1],
        ],
        undefined,
        'bool',
      );
      const x = randomTensor(SHAPE, 7);
      const spoilt = tf.where(tf.expandDims(mask, 2), x, tf.fill(SHAPE, Number.NaN));
      const run = (input: tf.Tensor) => layer.apply(input, { mask }) as tf.Tensor;
      expect(run(spoilt).dataSync().some(Number.isNaN)).toBe(true);
      expectClose(
        accelerated(() => run(spoilt)),
        run(x),
      );
    });
  });
});

describe('An accelerated built-in LSTM', () => {
  beforeAll(() => useBackend('cpu'));
  beforeEach(() => tf.engine().startScope());
  afterEach(() => tf.engine().endScope());

  test('runs on the weights that it has at the time of the call', () => {
    const layer = builtIn();
    const x = randomTensor(SHAPE, 7);
    const run = () => layer.apply(x) as tf.Tensor;
    const other = builtIn({}, 2);
    const expected = other.apply(x) as tf.Tensor;
    const [first, second] = accelerated(() => {
      const before = run();
      layer.setWeights(other.getWeights());
      return [before, run()] as const;
    });
    expectClose(second, expected);
    expect(() => expectClose(first, expected)).toThrow('apart');
  });

  test('has gradients for those of its weights that are trained', () => {
    const layer = builtIn();
    const model = tf.sequential({
      layers: [tf.layers.inputLayer({ batchInputShape: SHAPE }), layer, tf.layers.dense({ units: 1 })],
    });
    layer.trainable = false;
    const before = layer.getWeights().map((weight) => weight.clone());
    model.compile({ loss: 'meanSquaredError', optimizer: 'sgd' });
    return accelerated(async () => {
      await model.trainOnBatch(randomTensor(SHAPE, 7), randomTensor([BATCH, 1], 8));
      expectAllClose(layer.getWeights(), before, 0);
      layer.trainable = true;
      model.compile({ loss: 'meanSquaredError', optimizer: 'sgd' });
      await model.trainOnBatch(randomTensor(SHAPE, 7), randomTensor([BATCH, 1], 8));
      expect(() => expectAllClose(layer.getWeights(), before)).toThrow('apart');
      expect(lastImplementation(layer)?.name).toMatch(/^wasm-/);
    });
  });

  test('passes gradients through one timestep to what comes before it', () => {
    const layer = builtIn();
    const gradient = tf.grad((x: tf.Tensor) => tf.sum(layer.apply(x) as tf.Tensor));
    const x = randomTensor([BATCH, 1, FEATURES], 7);
    expect(() => gradient(x)).toThrow('passed to stack must be');
    expect(accelerated(() => gradient(x)).shape).toEqual([BATCH, 1, FEATURES]);
  });

  test('drops nothing at a rate that the built-in has clipped to 1', () => {
    const layer = builtIn({ dropout: 7, recurrentDropout: 1 });
    const run = () => layer.apply(randomTensor(SHAPE, 7), { training: true }) as tf.Tensor;
    expectClose(accelerated(run), run());
  });

  test('draws its own masks where it is given no dropoutFunc', () => {
    const [input, hidden] = [builtIn({ dropout: 0.5 }), builtIn({ recurrentDropout: 0.5 })];
    for (const layer of [input, hidden]) {
      const run = (training: boolean) => layer.apply(randomTensor(SHAPE, 7), { training }) as tf.Tensor;
      accelerated(() => {
        expect(() => expectClose(run(true), run(false))).toThrow('apart');
        expect(lastImplementation(layer)?.name).toMatch(/^wasm-/);
      });
    }
  });
});
