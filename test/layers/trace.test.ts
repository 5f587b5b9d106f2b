import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { GATE_NAMES, type LSTM, lstm } from '../../src/index.js';
import { NODE_BACKENDS, useBackend } from '../../tools/backends.js';
import { expectClose } from '../support/close.js';
import { FLOAT64_ACTIVATIONS, float64LSTM } from '../support/float64-lstm.js';
import { randomizeWeights, randomTensor } from '../support/random.js';

const QUANTITIES = [...GATE_NAMES, 'c', 'h'] as const;

const someCase = fc.record({
  batch: fc.integer({ min: 1, max: 4 }),
  timesteps: fc.integer({ min: 1, max: 7 }),
  features: fc.integer({ min: 1, max: 5 }),
  units: fc.integer({ min: 1, max: 6 }),
  activation: fc.constantFrom('tanh', 'relu', 'softsign', 'linear'),
  recurrentActivation: fc.constantFrom('sigmoid', 'hardSigmoid', 'hardSigmoidKeras3'),
  useBias: fc.boolean(),
  goBackwards: fc.boolean(),
  withStates: fc.boolean(),
  withMask: fc.boolean(),
  useFused: fc.constantFrom('auto' as const, false),
  seed: fc.integer({ min: 1, max: 1e6 }),
});
type Case = typeof someCase extends fc.Arbitrary<infer T> ? T : never;

function layerOf({ units, features, activation, recurrentActivation, seed, ...others }: Case): LSTM {
  const { useBias, goBackwards, useFused } = others;
  const names = { activation, recurrentActivation } as { activation: 'tanh'; recurrentActivation: 'sigmoid' };
  const layer = lstm({ units, useBias, goBackwards, useFused, returnSequences: true, ...names });
  layer.apply(tf.input({ shape: [null, features] }));
  randomizeWeights(layer, seed);
  return layer;
}

function inputsOf({ batch, timesteps, features, units, withStates, withMask, seed }: Case) {
  const x = randomTensor<tf.Rank.R3>([batch, timesteps, features], seed + 1);
  const initialState = withStates
    ? [randomTensor<tf.Rank.R2>([batch, units], seed + 2), randomTensor<tf.Rank.R2>([batch, units], seed + 3)]
    : null;
  const mask = withMask ? tf.greater(randomTensor<tf.Rank.R2>([batch, timesteps], seed + 4), -0.3) : null;
  return { x, initialState, mask: mask as tf.Tensor2D | null };
}

const givenWith = ({ initialState, mask }: ReturnType<typeof inputsOf>) => ({ initialState, mask });

/** By quantity, [B][T][U]. */
function expectedOf(one: Case, layer: LSTM, { x, initialState, mask }: ReturnType<typeof inputsOf>) {
  const [kernel, recurrentKernel, bias] = layer.getWeights().map((weight) => weight.arraySync()) as [
    number[][],
    number[][],
    number[] | undefined,
  ];
  const zeros = new Array(one.units).fill(0);
  const states = initialState?.map((state) => state.arraySync());
  const masks = mask?.arraySync() as number[][] | undefined;
  return x
    .arraySync()
    .map((sample, b) =>
      float64LSTM(
        sample,
        { kernel, recurrentKernel, bias: bias ?? new Array(4 * one.units).fill(0) },
        { ...one, h0: states?.[0]?.[b] ?? zeros, c0: states?.[1]?.[b] ?? zeros, mask: masks?.[b]?.map(Boolean) },
      ),
    );
}

describe.each(NODE_BACKENDS)('On %s, a trace', (backend) => {
  beforeAll(() => useBackend(backend));

  test('holds what a plain float64 loop computes, whatever the shapes and options', () => {
    const property = fc.property(someCase, (one) => {
      tf.tidy(() => {
        const layer = layerOf(one);
        const inputs = inputsOf(one);
        const trace = layer.trace(inputs.x, givenWith(inputs));
        const expected = expectedOf(one, layer, inputs);
        const shape = [one.batch, one.timesteps, one.units];
        for (const quantity of QUANTITIES) {
          const values = expected.map((steps) => steps.map((step) => step[quantity]));
          expect(trace[quantity].shape).toEqual(shape);
          expectClose(trace[quantity], values.flat(2));
        }
      });
    });
    fc.assert(property, { numRuns: 40 });
  });

  test.each([
    ['a long sequence', 1, 70, false],
    ['a sequence of several products', 3, 25, false],
    ['a large batch', 40, 3, false],
    ['a long sequence on a fused kernel', 1, 300, true],
  ] as const)('holds it for %s, however the work is divided', (_title, batch, timesteps, useFused) => {
    tf.tidy(() => {
      const one: Case = {
        batch,
        timesteps,
        features: 3,
        units: 2,
        activation: 'tanh',
        recurrentActivation: 'sigmoid',
        useBias: true,
        goBackwards: true,
        withStates: true,
        withMask: true,
        useFused,
        seed: 8,
      };
      const layer = layerOf(one);
      const inputs = inputsOf(one);
      const trace = layer.trace(inputs.x, givenWith(inputs));
      const expected = expectedOf(one, layer, inputs);
      for (const quantity of QUANTITIES) {
        expectClose(trace[quantity], expected.map((steps) => steps.map((step) => step[quantity])).flat(2));
      }
    });
  });

  test("has the h that the layer itself returns, in the input's time order", () => {
    const property = fc.property(someCase, (one) => {
      tf.tidy(() => {
        const layer = layerOf(one);
        const { x, initialState, mask } = inputsOf(one);
        const sequence = layer.apply(x, { mask, ...(initialState && { initialState }) }) as tf.Tensor;
        const { h } = layer.trace(x, { initialState, mask });
        expectClose(h, one.goBackwards ? tf.reverse(sequence, 1) : sequence, 0);
      });
    });
    fc.assert(property, { numRuns: 20 });
  });
});

describe('A trace', () => {
  beforeAll(() => useBackend('cpu'));

  const one: Case = {
    batch: 2,
    timesteps: 3,
    features: 2,
    units: 4,
    activation: 'softsign',
    recurrentActivation: 'sigmoid',
    useBias: true,
    goBackwards: true,
    withStates: true,
    withMask: true,
    useFused: 'auto',
    seed: 3,
  };

  test('tells the states it started from, the mask, and what the gates are made of', () => {
    tf.tidy(() => {
      const inputs = inputsOf(one);
      const trace = layerOf(one).trace(inputs.x, givenWith(inputs));
      expectClose(trace.h0, inputs.initialState?.[0] as tf.Tensor, 0);
      expectClose(trace.c0, inputs.initialState?.[1] as tf.Tensor, 0);
      expectClose(trace.mask as tf.Tensor, inputs.mask as tf.Tensor, 0);
      expect(trace.mask?.dtype).toBe('bool');
      expect(trace).toMatchObject({ units: 4, activation: 'softsign', recurrentActivation: 'sigmoid' });
    });
  });

  test.each(['auto', false] as const)(
    'has gates of exactly 0 at masked steps, and the very states before, useFused %p',
    (useFused) => {
      tf.tidy(() => {
        const given: Case = { ...one, activation: 'tanh', goBackwards: false, useFused, timesteps: 5 };
        const { x, initialState } = inputsOf(given);
        const valid = [1, 0, 1, 0, 0].map((value) => value === 1);
        const mask = tf.tensor2d([valid, valid.map((value) => !value)].flat(), [2, 5], 'bool');
        const trace = layerOf(given).trace(x, { initialState, mask });
        const atMasked = (values: tf.Tensor) => tf.mul(values, tf.expandDims(tf.sub(1, mask), 2));
        for (const gate of GATE_NAMES) {
          expectClose(atMasked(trace[gate]), tf.zeros([2, 5, 4]), 0);
          expect(
            tf.min(tf.abs(tf.where(tf.expandDims(mask, 2), trace[gate], tf.onesLike(trace[gate])))).dataSync()[0],
          ).toBeGreaterThan(0);
        }
        const carriedInto = (states: tf.Tensor3D, first: tf.Tensor2D) =>
          tf.concat([tf.expandDims(first, 1), states.slice([0, 0, 0], [-1, 4, -1])], 1);
        expectClose(atMasked(trace.c), atMasked(carriedInto(trace.c, trace.c0)), 0);
        expectClose(atMasked(trace.h), atMasked(carriedInto(trace.h, trace.h0)), 0);
      });
    },
  );

  test('starts from zeros and has no mask where none is given', () => {
    tf.tidy(() => {
      const trace = layerOf(one).trace(inputsOf(one).x);
      expectClose(trace.h0, tf.zeros([2, 4]), 0);
      expectClose(trace.c0, tf.zeros([2, 4]), 0);
      expect(trace.mask).toBeNull();
      // Two tensors, so that each can be disposed, but zeros that are filled in once.
      expect([trace.c0 === trace.h0, trace.c0.dataId === trace.h0.dataId]).toEqual([false, true]);
      trace.h0.dispose();
      expectClose(trace.c0, tf.zeros([2, 4]), 0);
    });
  });

  test('ignores dropout and zeroOutputForMask: it shows the states, not the output', () => {
    tf.tidy(() => {
      const plain = layerOf(one);
      const inputs = inputsOf(one);
      const names = { activation: 'softsign', recurrentActivation: 'sigmoid' } as const;
      const other = lstm({
        units: 4,
        goBackwards: true,
        ...names,
        zeroOutputForMask: true,
        dropout: 0.9,
        recurrentDropout: 0.9,
      });
      other.build([null, null, 2]);
      other.setWeights(plain.getWeights());
      expectClose(other.trace(inputs.x, givenWith(inputs)).h, plain.trace(inputs.x, givenWith(inputs)).h, 0);
    });
  });

  test('owns its tensors: dispose frees every one, and leaves the inputs alone', () => {
    const layer = layerOf(one);
    const inputs = inputsOf(one);
    const before = tf.memory().numTensors;
    layer.trace(inputs.x, givenWith(inputs)).dispose();
    layer.trace(inputs.x).dispose();
    expect(tf.memory().numTensors).toBe(before);
    expect(inputs.x.isDisposed).toBe(false);
    expect(inputs.mask?.isDisposed).toBe(false);
    tf.dispose([inputs.x, inputs.mask as tf.Tensor, ...(inputs.initialState as tf.Tensor[])]);
    layer.dispose();
  });

  test('is refused for a layer that is not built, for a symbolic input and for inputs of wrong shapes', () => {
    tf.tidy(() => {
      const layer = layerOf(one);
      const { x } = inputsOf(one);
      const before = tf.memory().numTensors;
      const wrong = tf.zeros([2, 4]);
      const refused: [() => unknown, RegExp][] = [
        [
          () => lstm({ units: 2, name: 'new' }).trace(x),
          /^LSTM\.trace: the layer must be built first, by apply or build \(layer 'new'\)$/,
        ],
        [() => layer.trace(tf.input({ shape: [3, 2] }) as never), /^LSTM\.trace: x must be a concrete tensor/],
        [() => layer.trace(wrong), /^LSTM\.trace: x must be a tensor \[B, T, D\], got \[2, 4\]/],
        [
          () => layer.trace(x, { mask: wrong }),
          /^LSTM\.trace: mask must be \[B, T\] = \[2, 3\], got \[2, 4\] \(layer '/,
        ],
        [() => layer.trace(x, { initialState: [wrong] }), /^LSTM\.trace: initialState must be the two tensors h and c/],
      ];
      for (const [run, message] of refused) expect(run).toThrow(message);
      wrong.dispose();
      expect(tf.memory().numTensors).toBe(before);
    });
  });
});

test('The float64 activations of the tests are those of tfjs', () => {
  const x = [-4, -2.6, -1, -0.25, 0, 0.5, 2.4, 3.5];
  for (const name of Object.keys(FLOAT64_ACTIVATIONS)) {
    const activation = lstm({ units: 1, activation: name as 'tanh' }).cell.activation;
    const expected = x.map(FLOAT64_ACTIVATIONS[name] as (x: number) => number);
    expectClose(activation.apply(tf.tensor1d(x)), expected);
  }
});
