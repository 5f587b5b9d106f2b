import * as tf from '@tensorflow/tfjs';
import { type ChronoArgs, chronoInitializer, KERAS_DEFAULTS } from '../../../src/index.js';
import { NODE_BACKENDS, useBackend } from '../../../tools/backends.js';
import { EXPLICIT, KINDS } from '../../support/factories.js';

const UNITS = 2000;
const ACTIVATIONS = ['sigmoid', 'hardSigmoid', 'hardSigmoidKeras3'] as const;
type Activation = (typeof ACTIVATIONS)[number];

const ACTIVATION_OF: Record<Activation, (x: number) => number> = {
  sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  hardSigmoid: (x) => Math.min(Math.max(0.2 * x + 0.5, 0), 1),
  hardSigmoidKeras3: (x) => Math.min(Math.max(x / 6 + 0.5, 0), 1),
};

function blocksOf(args: ChronoArgs, units = UNITS): number[][] {
  return tf
    .tidy(() => [
      ...chronoInitializer(args)
        .apply([4 * units])
        .reshape([4, units])
        .unstack(),
    ])
    .map((block) => {
      const values = [...block.dataSync()];
      block.dispose();
      return values;
    });
}

describe.each(NODE_BACKENDS)('On %s, a chrono bias', (backend) => {
  beforeAll(() => useBackend(backend));
  beforeEach(() => tf.engine().startScope());
  afterEach(() => tf.engine().endScope());

  test.each(ACTIVATIONS)('spreads the memories that a %s starts with evenly over [2, Tmax]', (activation) => {
    const [i, f, g, o] = blocksOf({ maxTimesteps: 50, recurrentActivation: activation, seed: 3 }) as number[][];
    const times = (f as number[]).map((bias) => 1 / (1 - ACTIVATION_OF[activation](bias)));
    // Of a uniform distribution over [2, 50]: mean 26, deviation 13.9; over 2000 units, the mean is known to 0.31.
    const mean = times.reduce((sum, time) => sum + time, 0) / UNITS;
    expect(Math.abs(mean - 26)).toBeLessThan(1.2);
    expect(times.reduce((a, b) => Math.min(a, b))).toBeGreaterThanOrEqual(2 - 1e-4);
    expect(times.reduce((a, b) => Math.max(a, b))).toBeLessThanOrEqual(50 + 1e-2);
    const belowQuarter = times.filter((time) => time < 14).length / UNITS;
    expect(Math.abs(belowQuarter - 0.25)).toBeLessThan(0.04);
    expect(i).toEqual((f as number[]).map((bias) => -bias));
    for (const zero of [g, o]) expect(zero?.every((value) => value === 0)).toBe(true);
  });
});

describe('A chrono bias', () => {
  beforeAll(() => useBackend('cpu'));
  beforeEach(() => tf.engine().startScope());
  afterEach(() => tf.engine().endScope());

  test('is ln U(1, Tmax - 1) for a sigmoid', () => {
    const [, f] = blocksOf({ maxTimesteps: 50, seed: 3 }) as [number[], number[]];
    expect(Math.min(...f)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...f)).toBeLessThanOrEqual(Math.log(49) + 1e-6);
    expect(Math.max(...f)).toBeGreaterThan(Math.log(48));
  });

  test('is the same for the same seed, 0 included, and another without or with another', () => {
    const draw = (seed?: number) => blocksOf({ maxTimesteps: 9, ...(seed !== undefined && { seed }) }, 8);
    for (const seed of [0, 1]) expect(draw(seed)).toEqual(draw(seed));
    expect(draw(0)).not.toEqual(draw(1));
    expect(draw()).not.toEqual(draw());
  });

  test.each(KINDS)('starts a layer of %s, which is saved and loaded with it', async (_kind, make) => {
    const biasInitializer = chronoInitializer({ maxTimesteps: 30, seed: 7 });
    const args = { units: 5, recurrentActivation: 'sigmoid' as const, inputShape: [4, 3], biasInitializer };
    const model = tf.sequential({ layers: [make.lstm(args)] });
    const bias = model.getWeights()[2] as tf.Tensor;
    expect([...bias.dataSync()]).toEqual([...biasInitializer.apply([20]).dataSync()]);
    const loaded = await tf.models.modelFromJSON(JSON.parse(model.toJSON() as string));
    // It starts anew from the same seed.
    expect([...(loaded.getWeights()[2] as tf.Tensor).dataSync()]).toEqual([...bias.dataSync()]);
  });

  test('reaches both layers of a Bidirectional', () => {
    const layer = EXPLICIT.lstm({
      units: 5,
      recurrentActivation: 'sigmoid',
      biasInitializer: chronoInitializer({ maxTimesteps: 30 }),
    }) as tf.RNN;
    const both = tf.layers.bidirectional({ layer, mergeMode: 'concat', inputShape: [4, 3] } as never);
    const model = tf.sequential({ layers: [both] });
    for (const at of [2, 5]) expect((model.getWeights()[at] as tf.Tensor).dataSync()[5]).toBeGreaterThan(0);
  });

  test('keeps no tensor', () => {
    const count = tf.memory().numTensors;
    chronoInitializer({ maxTimesteps: 9 }).apply([8]).dispose();
    expect(tf.memory().numTensors).toBe(count);
  });

  const REFUSED: [string, () => unknown, string][] = [
    ['no arguments', () => chronoInitializer(undefined as never), 'ChronoInitializer: options must be an object'],
    [
      'too short a time',
      () => chronoInitializer({ maxTimesteps: 1.9 }),
      'ChronoInitializer: maxTimesteps must be a number of at least 2, got 1.9',
    ],
    [
      'an endless time',
      () => chronoInitializer({ maxTimesteps: Number.POSITIVE_INFINITY }),
      'ChronoInitializer: maxTimesteps must be a number of at least 2, got Infinity',
    ],
    [
      'another activation',
      () => chronoInitializer({ maxTimesteps: 9, recurrentActivation: 'tanh' as never }),
      "recurrentActivation must be 'sigmoid', 'hardSigmoid' or 'hardSigmoidKeras3', got 'tanh'",
    ],
    ['a broken seed', () => chronoInitializer({ maxTimesteps: 9, seed: 0.5 }), 'seed must be an integer, got 0.5'],
    [
      "Python's spelling",
      () => chronoInitializer({ max_timesteps: 9 } as never),
      "the option must be spelt 'maxTimesteps', got 'max_timesteps'",
    ],
    [
      'a shape without four blocks',
      () => chronoInitializer({ maxTimesteps: 9 }).apply([6]),
      'ChronoInitializer: the last dimension must be 4U, a block for each gate, got [6]',
    ],
    [
      'the shape of a kernel',
      () => chronoInitializer({ maxTimesteps: 9 }).apply([2, 8]),
      'the shape must be that of an LSTM bias, [4U], got [2, 8]',
    ],
    [
      "Keras's defaults, which set the forget bias too",
      () => EXPLICIT.lstm({ ...KERAS_DEFAULTS, units: 4, biasInitializer: chronoInitializer({ maxTimesteps: 9 }) }),
      'LSTM: unitForgetBias must be false with ChronoInitializer, which sets the whole bias, got true',
    ],
    [
      'a layer of another recurrent activation',
      () => EXPLICIT.lstm({ units: 4, biasInitializer: chronoInitializer({ maxTimesteps: 9 }) }),
      "the recurrentActivation of ChronoInitializer must be the layer's, 'hardSigmoid', got 'sigmoid'",
    ],
  ];
  test.each(REFUSED)('refuses %s', (_title, make, message) => {
    expect(make).toThrow(RangeError);
    expect(make).toThrow(message);
  });
});
