import * as tf from '@tensorflow/tfjs';
import { chooseImplementation, type UseFused } from '../../../src/fused/choose.js';
import type { FusedProblem } from '../../../src/fused/fused-kernel.js';
import { KERAS_DEFAULTS, type LSTM, type LSTMArgs, lstm } from '../../../src/index.js';
import { useBackend } from '../../../tools/backends.js';
import { expectAllClose } from '../../support/close.js';
import { randomizeWeights, randomTensor } from '../../support/random.js';
import { resultsOf } from '../../support/twins.js';
import { FUSED_PROBLEM } from '../support/fused-problem.js';

const LARGE: FusedProblem = { ...FUSED_PROBLEM, batch: 8, timesteps: 20, features: 1024, units: 1024 };
const SMALL: FusedProblem = { ...LARGE, features: 16, units: 16 };

beforeAll(() => useBackend('tensorflow'));
afterEach(() => jest.restoreAllMocks());

describe('On tensorflow', () => {
  const choose = (problem: FusedProblem, useFused: UseFused = 'auto') =>
    chooseImplementation('LSTM.call', 'a', useFused, problem).implementation;

  test("a large sequence runs on TensorFlow's LSTM ops, and one with many weights as a graph", () => {
    const large = { ...LARGE, features: 512, units: 512 };
    expect(choose(large).name).toBe('tensorflow-block-lstm');
    expect(choose(large, true).name).toBe('tensorflow-block-lstm');
    expect(choose(LARGE).name).toBe('tensorflow-steps');
    expect(choose(LARGE, true).name).toBe('tensorflow-steps');
  });

  test('a small one runs on the wasm module', () => {
    expect(choose(SMALL).name).toMatch(/^wasm-/);
    expect(choose(SMALL, true).name).toMatch(/^wasm-/);
  });

  test('what is slower is not checked: no graph is loaded for a small sequence', () => {
    const check = jest.spyOn(tf.backend() as tf.KernelBackend & { runSavedModel(): void }, 'runSavedModel');
    const changes = { recurrentActivation: 'hardSigmoid', takesGradients: true };
    let fresh = {} as { chooseImplementation: typeof chooseImplementation };
    jest.isolateModules(() => {
      jest.doMock('@tensorflow/tfjs', () => tf);
      fresh = require('../../../src/fused/choose.js') as typeof fresh;
    });
    const choose = (problem: FusedProblem) => fresh.chooseImplementation('LSTM.call', 'a', 'auto', problem);
    expect(choose({ ...SMALL, ...changes }).implementation.name).toMatch(/^wasm-/);
    expect(check).not.toHaveBeenCalled();
    expect(choose({ ...LARGE, ...changes }).implementation.name).toBe('tensorflow-steps');
    expect(check).toHaveBeenCalled();
  });

  test.each([{ isMasked: true }, { recurrentActivation: 'hardSigmoid' }])(
    'what the LSTM op does not know, %j, runs on the wasm module, and where it is large as a graph',
    (changes) => {
      expect(choose({ ...SMALL, ...changes }).name).toMatch(/^wasm-/);
      expect(choose({ ...LARGE, ...changes }).name).toBe('tensorflow-steps');
      expect(choose({ ...LARGE, ...changes }, true).name).toBe('tensorflow-steps');
    },
  );

  test('dropout of the hidden state runs on the wasm module, and large inference on plain ops, unless a kernel is demanded', () => {
    const changes = { hasRecurrentDropout: true };
    expect(choose({ ...SMALL, ...changes }).name).toMatch(/^wasm-/);
    expect(choose({ ...LARGE, ...changes, takesGradients: true }).name).toMatch(/^wasm-/);
    const { name, reason } = choose({ ...LARGE, ...changes });
    expect(name).toBe('reference');
    expect(reason).toMatch(/^plain ops are faster than the fused kernel wasm-[a-z-]+ here$/);
    expect(choose({ ...LARGE, ...changes }, true).name).toMatch(/^wasm-/);
  });

  test('what no kernel knows is refused', () => {
    expect(choose({ ...LARGE, activation: 'softmax' })).toEqual({
      name: 'reference',
      reason: "no fused kernel supports the activation 'softmax'",
    });
  });
});

describe("A layer that TensorFlow's ops are fastest for", () => {
  const [BATCH, TIMESTEPS, FEATURES, UNITS] = [40, 4, 30, 130] as const;

  const layerOf = (args: Partial<LSTMArgs>): LSTM => {
    const layer = lstm({ ...KERAS_DEFAULTS, units: UNITS, recurrentInitializer: 'zeros', ...args });
    layer.apply(tf.input({ batchShape: [args.stateful ? BATCH : null, null, FEATURES] }));
    randomizeWeights(layer, 1, 0.1);
    return layer;
  };

  /** The same masks for every layer. */
  const dropOut = (ones: tf.Tensor, rate: number) =>
    tf.div(tf.cast(tf.greater(tf.randomUniform(ones.shape, 0, 1, 'float32', 3), rate), 'float32'), 1 - rate);

  test.each<Partial<LSTMArgs>>([
    {},
    { returnSequences: true, returnState: true },
    { goBackwards: true, returnSequences: true },
    { returnGates: true, returnSequences: true },
    { useBias: false },
    { stateful: true },
    { dropout: 0.4, dropoutFunc: dropOut },
  ])('trains on them as on plain ops: %j', (args) => {
    tf.tidy(() => {
      const x = randomTensor([BATCH, TIMESTEPS, FEATURES], 2);
      const states = [randomTensor([BATCH, UNITS], 3), randomTensor([BATCH, UNITS], 4)];
      const [fused, plain] = [{ ...args }, { ...args, useFused: false }].map((given) => {
        const layer = layerOf(given);
        const run = (input: tf.Tensor, initialState: tf.Tensor[]) =>
          layer.apply(input, { initialState, training: true }) as tf.Tensor[];
        const results = resultsOf(layer, run, { x, states });
        return { name: layer.lastImplementation?.name, ...results };
      }) as [ReturnType<typeof resultsOf> & { name: string }, ReturnType<typeof resultsOf> & { name: string }];
      expect([fused.name, plain.name]).toEqual(['tensorflow-block-lstm', 'reference']);
      expectAllClose(fused.outputs, plain.outputs);
      expectAllClose(fused.weightGradients, plain.weightGradients);
      expectAllClose(fused.inputGradients, plain.inputGradients);
    });
  });

  test('is traced on them', () => {
    tf.tidy(() => {
      const x = randomTensor<tf.Rank.R3>([BATCH, TIMESTEPS, FEATURES], 2);
      const layer = layerOf({ goBackwards: true });
      const plain = layerOf({ goBackwards: true, useFused: false });
      const traces = [layer.trace(x), plain.trace(x)].map(({ i, f, g, o, c, h }) => [i, f, g, o, c, h]);
      expect(layer.lastImplementation?.name).toBe('tensorflow-block-lstm');
      expectAllClose(traces[0] as tf.Tensor[], traces[1] as tf.Tensor[]);
    });
  });
});
