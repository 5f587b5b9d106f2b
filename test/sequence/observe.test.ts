import * as tf from '@tensorflow/tfjs';
import { WasmKernel } from '../../src/fused/wasm/wasm-kernel.js';
import { type LSTM, type LSTMCellArgs, lstm, lstmCell } from '../../src/index.js';
import { stepForeign } from '../../src/layers/foreign-lstm.js';
import { observe } from '../../src/sequence/observe.js';
import { NODE_BACKENDS, useBackend } from '../../tools/backends.js';
import { expectAllClose, expectClose } from '../support/close.js';
import { randomizeWeights, randomTensor } from '../support/random.js';

const [BATCH, TIMESTEPS, FEATURES, UNITS] = [2, 4, 3, 5];
const x = () => randomTensor<tf.Rank.R3>([BATCH, TIMESTEPS, FEATURES], 1);
const mask = () =>
  tf.tensor2d(
    [
      [0, 1, 1, 0],
      [1, 0, 1, 1],
    ],
    undefined,
    'bool',
  );

/** What the observer of a layer's cell is shown while something runs, as gates and outputs of each sequence. */
function shown(layer: LSTM, run: () => void): tf.Tensor[] {
  const seen: tf.Tensor[] = [];
  const end = observe(layer.cell, {
    keepsGates: true,
    afterSequence: (_, { gates, outputs }) => {
      for (const tensor of [gates?.i, gates?.c, outputs]) seen.push(tf.keep(tf.clone(tensor as tf.Tensor)));
    },
  });
  run();
  end();
  return seen;
}

describe.each(NODE_BACKENDS)('On %s, an observer of a cell', (backend) => {
  beforeAll(() => useBackend(backend));
  beforeEach(() => tf.engine().startScope());
  afterEach(() => tf.engine().endScope());

  const variants = [true, false].flatMap((useFused) =>
    [true, false].flatMap((goBackwards) =>
      [true, false].map((returnSequences) => ({
        useFused: useFused ? ('auto' as const) : false,
        goBackwards,
        returnSequences,
      })),
    ),
  );

  test('that wants no gates is shown each sequence and what it gave', () => {
    const layer = lstm({ units: UNITS });
    layer.apply(x());
    const seen: tf.Tensor[] = [];
    const afterSequence = (given: { x: tf.Tensor }, { lastOutput }: { lastOutput: tf.Tensor }) => {
      for (const tensor of [given.x, lastOutput]) seen.push(tf.keep(tf.clone(tensor)));
    };
    const end = observe(layer.cell, { afterSequence });
    const output = layer.apply(x()) as tf.Tensor;
    end();
    expectAllClose(seen, [x(), output], 0);
    tf.dispose(seen);
  });

  test.each(variants)('changes neither outputs nor gradients, and sees h at masked steps: %j', (args) => {
    const layer = lstm({ units: UNITS, zeroOutputForMask: true, returnState: true, ...args });
    layer.apply(x());
    randomizeWeights(layer, 2);
    const kernel = layer.cell.kernel.read() as tf.Variable;
    const run = () => {
      const results: tf.Tensor[] = [];
      const { grads } = tf.variableGrads(() => {
        results.push(...(layer.apply(x(), { mask: mask() }) as tf.Tensor[]).map((result) => tf.keep(tf.clone(result))));
        return tf.addN(
          results.map((result, n) => tf.sum(tf.mul(result, randomTensor(result.shape, n + 3)))),
        ) as tf.Scalar;
      }, [kernel]);
      return [...results, grads[kernel.name] as tf.Tensor];
    };
    const expected = run();
    let actual: tf.Tensor[] = [];
    const seen = shown(layer, () => {
      actual = run();
    });
    expectAllClose(actual, expected, 1e-6);
    const trace = layer.trace(x(), { mask: mask() });
    const processed = [trace.i, trace.c, trace.h].map((steps) => (args.goBackwards ? tf.reverse(steps, 1) : steps));
    expectAllClose(seen, processed, 1e-6);
  });

  test('leaves no tensor behind, with gradients and without', () => {
    const layer = lstm({ units: UNITS, zeroOutputForMask: true });
    layer.apply(x());
    const [given, valid] = [x(), mask()];
    const { numTensors } = tf.memory();
    const end = observe(layer.cell, { keepsGates: true });
    tf.dispose(layer.apply(given, { mask: valid }) as tf.Tensor);
    tf.dispose(tf.grad((input) => layer.apply(input, { mask: valid }) as tf.Tensor)(given));
    end();
    expect(tf.memory().numTensors).toBe(numTensors);
  });
});

describe('An observer of a cell', () => {
  beforeAll(() => useBackend('cpu'));
  beforeEach(() => tf.engine().startScope());
  afterEach(() => tf.engine().endScope());

  test('has a fused kernel take no gradients of gates that nobody returns', () => {
    const layer = lstm({ units: UNITS });
    layer.apply(x());
    const backward = jest.spyOn(WasmKernel.prototype, 'backward');
    const seen = shown(layer, () => tf.grad((input) => layer.apply(input) as tf.Tensor)(x()));
    expect(seen).toHaveLength(3);
    expect(backward).toHaveBeenCalledTimes(1);
    const [, , , gradients] = backward.mock.calls[0] as Parameters<WasmKernel['backward']>;
    expect(gradients).toMatchObject({ gates: null, outputs: null });
    backward.mockRestore();
  });

  test("passes for no leak to tfjs's own check of its ops", () => {
    const layer = lstm({ units: UNITS });
    layer.apply(x());
    const end = observe(layer.cell, { keepsGates: true });
    tf.env().set('IS_TEST', true);
    try {
      expect(() => tf.grad((input) => layer.apply(input) as tf.Tensor)(x())).not.toThrow();
    } finally {
      tf.env().set('IS_TEST', false);
      end();
    }
  });

  test.each(['explicit', 'built-in'])('is shown each step that tf.layers.rnn takes its cell through: %s', (kind) => {
    const args: LSTMCellArgs = { units: UNITS };
    const cell = kind === 'explicit' ? lstmCell(args) : tf.layers.lstmCell(args as tf.LSTMCellLayerArgs);
    const layer = tf.layers.rnn({ cell, returnSequences: true });
    layer.apply(x());
    randomizeWeights(layer, 2);
    const expected = layer.apply(x()) as tf.Tensor3D;
    const inputs: tf.Tensor[] = [];
    const outputs: tf.Tensor[] = [];
    const end = observe(cell, {
      afterStep: ([input], { h }) => {
        inputs.push(tf.keep(tf.clone(input)));
        outputs.push(tf.keep(tf.clone(h as tf.Tensor2D)));
      },
    });
    // tfjs's own cell is shown where it is taken through its steps by this package.
    if (kind === 'built-in') cell.call = (given: unknown) => stepForeign(cell as never, given as never);
    expectClose(layer.apply(x()) as tf.Tensor, expected);
    expectClose(tf.stack(inputs, 1), x(), 0);
    expectClose(tf.stack(outputs, 1), expected);
    end();
    layer.apply(x());
    expect(outputs).toHaveLength(TIMESTEPS);
  });
});
