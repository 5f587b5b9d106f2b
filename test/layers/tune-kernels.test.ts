import * as tf from '@tensorflow/tfjs';
import { WasmKernel } from '../../src/fused/wasm/wasm-kernel.js';
import { lastImplementation, lstm, type Tuning, tuneKernels, useTuning } from '../../src/index.js';
import { NODE_BACKENDS, useBackend } from '../../tools/backends.js';
import { isRelaxedSimdValid } from '../fused/support/relaxed-simd.js';
import { accelerated } from '../support/accelerated.js';
import { randomizeWeights, randomTensor } from '../support/random.js';

const [BATCH, TIMESTEPS, FEATURES, UNITS] = [3, 4, 5, 2];
const MODULE = isRelaxedSimdValid() ? 'wasm-relaxed-simd' : 'wasm-simd';
const APPLICABLE = {
  cpu: [MODULE, 'reference'],
  wasm: [MODULE, 'reference'],
  tensorflow: ['tensorflow-block-lstm', 'tensorflow-steps', MODULE, 'reference'],
};

/** The time, which only a `Stopwatch` lets pass; so much that nothing is timed often. */
let now = 0;
const LONG = 200;

beforeEach(() => {
  now = 0;
  jest.spyOn(performance, 'now').mockImplementation(() => now);
});
afterEach(() => {
  jest.restoreAllMocks();
  useTuning([]);
});

/** Milliseconds by what an LSTM runs on. */
type Speed = Record<string, number>;

/** Passes on its input, and takes as long as what the LSTM before it ran on. */
class Stopwatch extends tf.layers.Layer {
  static className = 'Stopwatch';
  constructor(
    private readonly watched: tf.layers.Layer,
    private readonly speed: { forward: Speed; training: Speed },
  ) {
    super({});
  }

  override call(inputs: tf.Tensor | tf.Tensor[], { training }: { training?: boolean }): tf.Tensor {
    const name = lastImplementation(this.watched)?.name as string;
    now += LONG * (this.speed[training ? 'training' : 'forward'][name] as number);
    return [inputs].flat()[0] as tf.Tensor;
  }

  override computeOutputShape(shape: tf.Shape): tf.Shape {
    return shape;
  }
}

function timedModel(layer: tf.layers.Layer, speed: { forward: Speed; training: Speed }): tf.Sequential {
  const model = tf.sequential({ layers: [layer, new Stopwatch(layer, speed)] });
  randomizeWeights(model, 5);
  return model;
}

const input = (timesteps = TIMESTEPS) => randomTensor<tf.Rank.R3>([BATCH, timesteps, FEATURES], 1);
const inputShape = [null, FEATURES];

function predict(model: tf.LayersModel, x = input()): void {
  tf.tidy(() => void model.predict(x));
}

function train(model: tf.LayersModel, x = input()): void {
  tf.tidy(() => void tf.variableGrads(() => tf.sum(model.apply(x, { training: true }) as tf.Tensor)));
}

const rowsOf = (tuning: Tuning) =>
  tuning.map(({ problem, implementation, ms }) => [problem.takesGradients, implementation, ms / LONG]);

describe.each(NODE_BACKENDS)('On %s', (backend) => {
  beforeAll(() => useBackend(backend));

  const names = APPLICABLE[backend];
  const forward = Object.fromEntries(names.map((name, n) => [name, 10 - n]));
  const training = Object.fromEntries(names.map((name, n) => [name, n === 0 ? 3 : 8 + n]));

  test('all that applies is timed, and the fastest is kept, in prediction and in training', async () => {
    const layer = lstm({ units: UNITS, inputShape, recurrentActivation: 'sigmoid' });
    const model = timedModel(layer, { forward, training });
    const x = input();
    const before = tf.memory().numTensors;
    const tuning = await tuneKernels(model, x);
    expect(tf.memory().numTensors).toBe(before);
    expect(rowsOf(tuning)).toEqual([
      ...names.map((name, n) => [false, name, 10 - n]),
      ...names.map((name, n) => [true, name, n === 0 ? 3 : 8 + n]),
    ]);
    predict(model);
    const reason = 'plain ops were measured to be the fastest here';
    expect(layer.lastImplementation).toEqual({ name: 'reference', reason });
    train(model);
    expect(layer.lastImplementation).toEqual({ name: names[0] });
  });

  test('built-in layers run on what was found for them, as long as they are accelerated', async () => {
    const layer = tf.layers.lstm({ units: UNITS, inputShape, recurrentActivation: 'sigmoid' });
    const plain = { 'built-in': 1, 'tensorflow-steps': 4, [names[0] as string]: 2, [MODULE]: 3 };
    const fused = { 'built-in': 2, 'tensorflow-steps': 4, [names[0] as string]: 5, [MODULE]: 1 };
    const model = timedModel(layer, { forward: plain, training: fused });
    await accelerated(async () => {
      const tuning = await tuneKernels(model, input());
      expect(tuning.filter(({ implementation }) => implementation === 'reference').map(({ ms }) => ms / LONG)).toEqual([
        1, 2,
      ]);
      predict(model);
      const reason = 'plain ops were measured to be the fastest here';
      expect(lastImplementation(layer)).toEqual({ name: 'built-in', reason });
      train(model);
      expect(lastImplementation(layer)?.name).toBe(MODULE);
    });
  });
});

describe('Tuning', () => {
  beforeAll(() => useBackend('cpu'));

  const anySpeed = { forward: { [MODULE]: 2, reference: 1 }, training: { [MODULE]: 2, reference: 1 } };

  test('holds for exactly the sizes and uses that were timed', async () => {
    const layer = lstm({ units: UNITS, inputShape });
    const model = timedModel(layer, anySpeed);
    await tuneKernels(model, input(), { training: false });
    train(model);
    expect(layer.lastImplementation?.name).toBe(MODULE);
    predict(model, input(TIMESTEPS + 1));
    expect(layer.lastImplementation?.name).toBe(MODULE);
    const other = lstm({ units: UNITS, inputShape, recurrentActivation: 'sigmoid' });
    tf.tidy(() => void other.apply(input()));
    expect(other.lastImplementation?.name).toBe(MODULE);
    predict(model);
    expect(layer.lastImplementation?.name).toBe('reference');
  });

  test('reaches every LSTM of a model: stacked, wrapped, in a model within, and used twice', async () => {
    const inner = tf.sequential({ layers: [lstm({ units: 3, inputShape: [null, UNITS], returnSequences: true })] });
    const shared = lstm({ units: 4, returnSequences: true });
    const first = tf.input({ shape: [TIMESTEPS, FEATURES] });
    const both = tf.layers.bidirectional({
      layer: lstm({ units: 1, returnSequences: true }) as tf.RNN,
      mergeMode: 'concat',
    });
    const once = shared.apply(inner.apply(both.apply(first))) as tf.SymbolicTensor;
    const twice = shared.apply(tf.layers.dense({ units: 3 }).apply(once)) as tf.SymbolicTensor;
    const model = tf.model({ inputs: first, outputs: twice });
    jest.spyOn(performance, 'now').mockImplementation(() => {
      now += LONG;
      return now;
    });
    const tuning = await tuneKernels(model, input(), { training: false });
    const sizes = tuning
      .filter(({ implementation }) => implementation === MODULE)
      .map(({ problem }) => [problem.batch, problem.timesteps, problem.features, problem.units]);
    expect(sizes).toEqual([
      [BATCH, TIMESTEPS, FEATURES, 1],
      [BATCH, TIMESTEPS, 2, 3],
      [BATCH, TIMESTEPS, 3, 4],
    ]);
  });

  test('leaves weights, averages, states, dropout masks and memory as they were', async () => {
    const explicit = lstm({ units: 3, stateful: true, returnSequences: true, recurrentDropout: 0.5, dropout: 0.2 });
    const builtIn = tf.layers.lstm({ units: 2, stateful: true, dropout: 0.5, kernelConstraint: 'maxNorm' });
    const model = tf.sequential({
      layers: [
        tf.layers.inputLayer({ batchInputShape: [BATCH, TIMESTEPS, FEATURES] }),
        tf.layers.batchNormalization(),
        explicit,
        builtIn,
        tf.layers.dense({ units: 1, kernelConstraint: 'nonNeg' }),
      ],
    });
    randomizeWeights(model, 6);
    jest.spyOn(performance, 'now').mockImplementation(() => {
      now += LONG;
      return now;
    });
    await accelerated(async () => {
      predict(model);
      const valuesOf = (tensors: tf.Tensor[]) => tensors.map((tensor) => [...tensor.dataSync()]);
      const facts = () => ({
        weights: valuesOf(model.getWeights()),
        states: [explicit, builtIn].map((layer) => valuesOf(layer.states as tf.Tensor[])),
        implementations: [explicit, builtIn].map((layer) => lastImplementation(layer)),
        masks: Object.entries(builtIn.cell).filter(([name]) => /dropoutMask/i.test(name)),
      });
      const before = facts();
      const x = input();
      const { numTensors } = tf.memory();
      const tuning = await tuneKernels(model, x);
      expect(tf.memory().numTensors).toBe(numTensors);
      expect(facts()).toEqual(before);
      expect(tuning.filter(({ problem }) => problem.hasRecurrentDropout)).toHaveLength(2);
    });
  });

  test('leaves out what fails, unless there is nothing else', async () => {
    const layer = lstm({ units: UNITS, inputShape });
    const model = timedModel(layer, anySpeed);
    const x = input();
    const { numTensors } = tf.memory();
    let fails = 0;
    const { forward } = WasmKernel.prototype;
    // The first run, which finds out what there is to be timed, is none of the timed ones.
    jest.spyOn(WasmKernel.prototype, 'forward').mockImplementation(function (this: WasmKernel, ...given) {
      fails += 1;
      if (fails > 1) throw new Error('out of memory');
      return forward.apply(this, given);
    });
    expect(rowsOf(await tuneKernels(model, x, { training: false }))).toEqual([[false, 'reference', 1]]);
    expect(tf.memory().numTensors).toBe(numTensors);
    fails = 0;
    const demanding = timedModel(lstm({ units: UNITS, inputShape, useFused: true }), anySpeed);
    useTuning([]);
    await expect(tuneKernels(demanding, x, { training: false })).rejects.toThrow('out of memory');
  });

  test('never has a layer run on plain ops that demands a fused kernel', async () => {
    const layer = lstm({ units: UNITS, inputShape, useFused: true });
    const tuning = await tuneKernels(timedModel(layer, anySpeed), input());
    expect(rowsOf(tuning)).toEqual([
      [false, MODULE, 2],
      [true, MODULE, 2],
    ]);
    useTuning(tuning.map((row) => ({ ...row, implementation: 'reference' })));
    tf.tidy(() => void layer.apply(input()));
    expect(layer.lastImplementation).toEqual({ name: MODULE });
  });

  test('does not choose for what runs while it is waiting', async () => {
    const layer = lstm({ units: UNITS, inputShape });
    const model = timedModel(layer, anySpeed);
    const meanwhile = new Set<string>();
    const other = lstm({ units: UNITS, inputShape });
    const watch = setInterval(() => {
      tf.tidy(() => void other.apply(input()));
      meanwhile.add(other.lastImplementation?.name as string);
    });
    try {
      await tuneKernels(model, input(), { training: false });
    } finally {
      clearInterval(watch);
    }
    expect([...meanwhile]).toEqual([MODULE]);
  });

  test('refuses what it cannot time', async () => {
    const layer = lstm({ units: UNITS, inputShape: [TIMESTEPS, FEATURES], name: 'memory' });
    const model = timedModel(layer, anySpeed);
    const disposed = input();
    disposed.dispose();
    const built = tf.sequential({ layers: [tf.layers.lstm({ units: 1, inputShape })] });
    const untrainable = tf.sequential({ layers: [lstm({ units: UNITS, inputShape }), new Frozen()] });
    const x = input();
    const count = tf.memory().numTensors;
    const refused: [() => Promise<unknown>, RegExp][] = [
      [() => tuneKernels(layer as never, x), /^tuneKernels: model must be a tf\.LayersModel with layers, got/],
      [() => tuneKernels(tf.sequential(), x), /^tuneKernels: model must be a tf\.LayersModel with layers, got/],
      [() => tuneKernels(model, [x, x]), /^tuneKernels: inputs must be 1, a tensor for each, got \[a Tensor/],
      [
        () => tuneKernels(model, undefined as never),
        /^tuneKernels: input 'memory_input' must be a tensor, got undefined/,
      ],
      [() => tuneKernels(model, disposed), /^tuneKernels: input 'memory_input' must not be disposed/],
      [() => tuneKernels(model, tf.tensor3d([], [0, 4, 5])), /must be \[0, 4, 5\], and not empty, got \[0, 4, 5\]/],
      [
        () => tuneKernels(model, tf.ones([2, 9, 5])),
        /'memory_input' must be \[2, 4, 5\], and not empty, got \[2, 9, 5\]/,
      ],
      [() => tuneKernels(model, x, { traning: true } as never), /the option must be spelt 'training', got 'traning'/],
      [() => tuneKernels(model, x, { training: 1 as never }), /^tuneKernels: training must be a boolean, got 1/],
      [() => tuneKernels(built, x), /^tuneKernels: model must have LSTMs that can run on a fused kernel/],
      [() => tuneKernels(untrainable, x), /must be one that can be trained on this backend, or the option training be/],
    ];
    for (const [run, message] of refused) await expect(run()).rejects.toThrow(message);
    // Two of the inputs above.
    expect(tf.memory().numTensors).toBe(count + 2);
  });

  test('breaks off where the backend changes', async () => {
    const model = timedModel(lstm({ units: UNITS, inputShape }), anySpeed);
    const tuning = tuneKernels(model, input());
    await new Promise((resolve) => setTimeout(resolve));
    await useBackend('wasm');
    await expect(tuning).rejects.toThrow("tuneKernels: the backend must stay 'cpu' until it is done, got 'wasm'");
    await useBackend('cpu');
  });
});

/** Has no gradient. */
class Frozen extends tf.layers.Layer {
  static className = 'Frozen';
  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.tensor(([inputs].flat()[0] as tf.Tensor).arraySync());
  }
  override computeOutputShape(shape: tf.Shape): tf.Shape {
    return shape;
  }
}
