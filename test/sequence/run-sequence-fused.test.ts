import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { WasmKernel } from '../../src/fused/wasm/wasm-kernel.js';
import { GATE_NAMES, type LSTM, type LSTMArgs, lstm } from '../../src/index.js';
import type { GateTrace } from '../../src/layers/trace.js';
import { NODE_BACKENDS, useBackend } from '../../tools/backends.js';
import { expectAllClose, expectClose } from '../support/close.js';
import { randomizeWeights, randomTensor } from '../support/random.js';

const FEATURES = 3;
const FUSED = { name: expect.stringMatching(/^wasm-(relaxed-)?simd$/) };

/** Two layers with the same weights: on a fused kernel, and on the plain path. */
function bothPaths(args: LSTMArgs, batch: number | null = null): [fused: LSTM, plain: LSTM] {
  return [true, false].map((useFused) => {
    const layer = lstm({ ...args, useFused, recurrentInitializer: 'zeros' });
    layer.apply(tf.input({ batchShape: [batch, null, FEATURES] }));
    randomizeWeights(layer, 5);
    return layer;
  }) as [LSTM, LSTM];
}

function expectSameTrace(actual: GateTrace, expected: GateTrace): void {
  for (const name of [...GATE_NAMES, 'c', 'h', 'h0', 'c0'] as const) expectClose(actual[name], expected[name], 2e-6);
  expect(actual.mask?.arraySync()).toEqual(expected.mask?.arraySync());
  expect(actual.mask?.dtype).toEqual(expected.mask?.dtype);
  const facts = ({ units, unitIndices, activation, recurrentActivation }: GateTrace) => ({
    units,
    unitIndices,
    activation,
    recurrentActivation,
  });
  expect(facts(actual)).toEqual(facts(expected));
}

const someTrace = fc.record({
  batch: fc.integer({ min: 1, max: 5 }),
  timesteps: fc.integer({ min: 1, max: 9 }),
  units: fc.integer({ min: 1, max: 11 }),
  recurrentActivation: fc.constantFrom('sigmoid' as const, 'hardSigmoid' as const),
  goBackwards: fc.boolean(),
  useBias: fc.boolean(),
  stateful: fc.boolean(),
  withMask: fc.boolean(),
  withStates: fc.boolean(),
  choosesUnits: fc.boolean(),
  seed: fc.integer({ min: 1, max: 1e6 }),
});

describe.each(NODE_BACKENDS)('On %s, a fused kernel', (backend) => {
  beforeAll(() => useBackend(backend));
  beforeEach(() => tf.engine().startScope());
  afterEach(() => tf.engine().endScope());

  test("gives the reference's trace, whatever the shapes and options", () => {
    const property = fc.property(
      someTrace,
      ({ batch, timesteps, withMask, withStates, choosesUnits, seed, ...args }) => {
        tf.tidy(() => {
          const { units, stateful } = args;
          const layers = bothPaths(args, stateful ? batch : null);
          const states = (n: number) => [n, n + 1].map((offset) => randomTensor([batch, units], seed + offset));
          const x = randomTensor([batch, timesteps, FEATURES], seed);
          const options = {
            mask: withMask ? tf.cast(tf.greater(randomTensor([batch, timesteps], seed + 7), 0), 'int32') : null,
            initialState: withStates ? states(1) : null,
            units: choosesUnits ? [units - 1, 0].slice(0, units) : null,
          };
          const traces = layers.map((layer) => {
            if (stateful) layer.resetStates(states(3));
            const trace = layer.trace(x, options);
            if (stateful) expectAllClose(layer.states, states(3), 0);
            return trace;
          });
          expect(layers[0].lastImplementation).toEqual(FUSED);
          expectSameTrace(...(traces as [GateTrace, GateTrace]));
          tf.dispose(layers.flatMap((layer) => [...layer.getWeights(), ...(stateful ? layer.states : [])]));
        });
      },
    );
    fc.assert(property, { numRuns: 15 });
  });

  test('has the gradients of its trace', () => {
    const layers = bothPaths({ units: 4, goBackwards: true });
    const x = randomTensor([2, 5, FEATURES], 1);
    // On wasm, the host has no gradient of tf.gather, with which units are chosen.
    for (const units of backend === 'wasm' ? [undefined] : [undefined, [3, 1]]) {
      const [received, expected] = layers.map((layer) => {
        const loss = (input: tf.Tensor) => {
          const { f, c, h } = layer.trace(input, { units });
          return tf.addN([tf.sum(tf.square(f)), tf.sum(tf.mul(c, 0.3)), tf.mean(h)]) as tf.Scalar;
        };
        return tf.grad(loss)(x);
      });
      expectClose(received as tf.Tensor, expected as tf.Tensor);
    }
  });

  test('spreads dropout masks of one row over the batch, as the reference does', () => {
    const dropoutFunc = (ones: tf.Tensor) => {
      const row = tf.add(tf.range(0, ones.shape[1] as number), 0.5);
      return tf.expandDims(row, 0);
    };
    for (const recurrentDropout of [0, 0.5]) {
      const args = { units: 4, dropout: 0.5, recurrentDropout, dropoutFunc };
      const outputs = bothPaths(args).map((layer) =>
        layer.apply(randomTensor([3, 5, FEATURES], 1), { training: true }),
      ) as [tf.Tensor, tf.Tensor];
      expectClose(...outputs, 2e-6);
    }
  });

  test('drops the same as the reference for the same seed', () => {
    for (const recurrentDropout of [0, 0.4]) {
      const layers = bothPaths({ units: 4, dropout: 0.3, recurrentDropout, seed: 9 });
      const calls = layers.map((layer) =>
        [1, 2].map((seed) => layer.apply(randomTensor([3, 5, FEATURES], seed), { training: true }) as tf.Tensor),
      ) as [tf.Tensor[], tf.Tensor[]];
      expectAllClose(...calls, 2e-6);
    }
  });

  test('reads masks that come from any operation', () => {
    const [fused, plain] = bothPaths({ units: 4, returnSequences: true });
    const x = randomTensor([2, 6, FEATURES], 1);
    const half = tf.greater(randomTensor([2, 3], 2), 0);
    const masks = [
      tf.concat([half, tf.logicalNot(half)], 1),
      tf.tile(half, [1, 2]),
      tf.slice(tf.tile(half, [1, 3]), [0, 2], [2, 6]),
      tf.transpose(tf.gather(tf.transpose(half), tf.tensor1d([2, 1, 0, 0, 1, 2], 'int32'))),
      tf.any(tf.notEqual(tf.relu(x), 0), 2),
      tf.cast(tf.relu(tf.sum(x, 2)), 'bool'),
    ];
    for (const mask of masks) {
      expectClose(fused.apply(x, { mask }) as tf.Tensor, plain.apply(x, { mask }) as tf.Tensor, 2e-6);
    }
  });

  test('runs weights and inputs that were made on another backend', async () => {
    const other = backend === 'cpu' ? 'wasm' : 'cpu';
    await useBackend(other);
    const [fused, plain] = bothPaths({ units: 4 });
    const x = randomTensor([2, 5, FEATURES], 1);
    const values = (plain.apply(x) as tf.Tensor).dataSync();
    await useBackend(backend);
    expectClose(fused.apply(x) as tf.Tensor, [...values], 2e-6);
    expect(fused.lastImplementation).toEqual(FUSED);
  });
});

describe('A trace of some units, longer than is held at once,', () => {
  beforeAll(() => useBackend('wasm'));

  test.each([false, true])('is put together of pieces (goBackwards %s)', (goBackwards) => {
    tf.tidy(() => {
      const [fused, plain] = bothPaths({ units: 64, goBackwards });
      // Small ones: with larger weights, rounding errors grow over so many steps.
      for (const layer of [fused, plain]) randomizeWeights(layer, 5, 0.1);
      const [batch, timesteps] = [64, 400];
      const x = randomTensor([batch, timesteps, FEATURES], 1);
      const options = {
        mask: tf.greater(randomTensor([batch, timesteps], 2), -1),
        initialState: [randomTensor([batch, 64], 3), randomTensor([batch, 64], 4)],
        units: [63, 5],
      };
      const forward = jest.spyOn(WasmKernel.prototype, 'forward');
      const trace = fused.trace(x, options);
      // 6 floats for each sample, step and unit, in 16 MiB at most: 170 steps.
      expect(forward.mock.calls.map(([inputs]) => inputs.x.shape[1])).toEqual([170, 170, 60]);
      forward.mockRestore();
      expectSameTrace(trace, plain.trace(x, options));
      tf.dispose([fused, plain].flatMap((layer) => layer.getWeights()));
    });
  });
});
