import * as tf from '@tensorflow/tfjs';
import * as stepModule from '../../../src/core/step.js';
import { TensorFlowKernel } from '../../../src/fused/tensorflow/tensorflow-kernel.js';
import { WasmKernel } from '../../../src/fused/wasm/wasm-kernel.js';
import { lstm, lstmCell } from '../../../src/index.js';
import { gradientFlowModel, traceModel } from '../../../src/inspect/index.js';
import { useBackend } from '../../../tools/backends.js';
import { builtIn, type Symbolic } from '../../convert/support/models.js';
import { randomTensor } from '../../support/random.js';
import { CASES, MADE } from '../support/kinds.js';
import { expectSameTrace, nameOf } from '../support/traced.js';

const TIMESTEPS = 5;

/**
 * How often a sequence is run meanwhile: by a fused kernel, or step by step, by this package or the built-in's own code. Over a
 * sequence that was run step by step, a fused kernel has to run once more before it can go back: that is not counted.
 */
function sequencesRun(run: () => void): number {
  const back = jest.spyOn(WasmKernel.prototype, 'backwardBySteps');
  const whole = [jest.spyOn(WasmKernel.prototype, 'forward'), jest.spyOn(TensorFlowKernel.prototype, 'forward')];
  const cellOfBuiltIn = Object.getPrototypeOf(tf.layers.lstmCell({ units: 1 })) as tf.layers.RNNCell;
  const steps = [jest.spyOn(stepModule, 'stepFromProjectedInput'), jest.spyOn(cellOfBuiltIn, 'call')];
  const callsOf = (spies: jest.SpyInstance[]) => spies.reduce((sum, { mock }) => sum + mock.calls.length, 0);
  try {
    run();
    const stepped = callsOf(steps) / TIMESTEPS;
    return callsOf(whole) + stepped - (stepped === 0 ? 0 : callsOf([back]));
  } finally {
    for (const spy of [...whole, ...steps, back]) spy.mockRestore();
  }
}

function chain(...layers: tf.layers.Layer[]): tf.LayersModel {
  return tf.sequential({ layers: [tf.layers.inputLayer({ inputShape: [TIMESTEPS, 3] }), ...layers] });
}

function sharedModel(): tf.LayersModel {
  const [a, b] = [tf.input({ shape: [TIMESTEPS, 3] }), tf.input({ shape: [TIMESTEPS, 3] })];
  const shared = builtIn({ units: 4, name: 'shared' });
  const joined = tf.layers.concatenate().apply([shared.apply(a) as Symbolic, shared.apply(b) as Symbolic]);
  return tf.model({ inputs: [a, b], outputs: joined as Symbolic });
}

const MODELS: Record<string, { model: () => tf.LayersModel; calls: number }> = {
  'one layer': { model: () => chain(builtIn({ units: 4 })), calls: 1 },
  'one that reads backwards on activations of its own': {
    model: () => chain(builtIn({ units: 4, goBackwards: true, activation: 'relu' })),
    calls: 1,
  },
  'layers one after the other': {
    model: () => chain(builtIn({ units: 4, returnSequences: true }), builtIn({ units: 3, returnSequences: true })),
    calls: 2,
  },
  'a bidirectional layer': {
    model: () => chain(tf.layers.bidirectional({ layer: builtIn({ units: 4 }), mergeMode: 'concat' })),
    calls: 2,
  },
  'a shared layer': { model: sharedModel, calls: 2 },
  'a layer that passes over masked steps': { model: () => chain(masking(), builtIn({ units: 4 })), calls: 1 },
  'one that outputs 0 there, and reads backwards': {
    model: () =>
      chain(masking(), lstm({ units: 4, zeroOutputForMask: true, returnSequences: true, goBackwards: true })),
    calls: 1,
  },
  'a cell in tf.layers.rnn': { model: () => chain(tf.layers.rnn({ cell: lstmCell({ units: 4 }) })), calls: 1 },
  'stacked cells': { model: () => chain(stack({})), calls: 2 },
  'stacked cells that pass over masked steps, backwards': {
    model: () => chain(masking(), stack({ goBackwards: true, returnSequences: true })),
    calls: 2,
  },
  'one cell twice in a stack': {
    model: () => {
      // Of tfjs's own, a stack takes each but once.
      const cell = lstmCell({ units: 3 });
      return chain(tf.layers.rnn({ cell: [cell, cell] }));
    },
    calls: 2,
  },
};

const masking = () => tf.layers.masking({ maskValue: 9 });

function stack(args: Partial<tf.RNNLayerArgs>): tf.layers.RNN {
  const cell = [tf.layers.lstmCell({ units: 3 }), tf.layers.gruCell({ units: 2 }), lstmCell({ units: 4 })];
  return tf.layers.rnn({ ...args, cell } as tf.RNNLayerArgs);
}

/** Some steps of it are masked where something is. */
function inputsOf(model: tf.LayersModel): tf.Tensor[] {
  const masked = tf.tensor2d(
    [
      [0, 1, 0, 0, 1],
      [1, 0, 0, 1, 0],
    ],
    undefined,
    'bool',
  );
  const shape = [2, TIMESTEPS, 3];
  return model.inputs.map((_, n) => tf.where(tf.expandDims(masked, 2), tf.fill(shape, 9), randomTensor(shape, n + 1)));
}

describe.each(CASES)('On %s, looking at a model of %s layers', (backend, kind) => {
  beforeAll(() => useBackend(backend));
  beforeEach(() => tf.engine().startScope());
  afterEach(() => tf.engine().endScope());

  test.each(Object.entries(MODELS))('runs each sequence once, forward: %s', (_, { model: makeModel, calls }) => {
    const model = MADE[kind](makeModel());
    const inputs = inputsOf(model);
    const labels = tf.ones((model.predictOnBatch(inputs.length === 1 ? inputs[0]! : inputs) as tf.Tensor).shape);
    const looks = {
      traceModel: () => traceModel(model, inputs),
      gradientFlowModel: () => gradientFlowModel(model, inputs, labels, { loss: 'meanSquaredError' }),
    };
    for (const [name, look] of Object.entries(looks)) {
      const { numTensors } = tf.memory();
      let seen: ReturnType<typeof look> = [];
      const runs = sequencesRun(() => {
        seen = look();
      });
      expect([name, runs, seen.length]).toEqual([name, calls, calls]);
      for (const one of seen) ('flow' in one ? one.flow : one.trace).dispose();
      expect([name, tf.memory().numTensors]).toEqual([name, numTensors]);
    }
  });

  test.each([
    'a bidirectional layer',
    'a layer that passes over masked steps',
    'stacked cells that pass over masked steps, backwards',
  ])('traces of chosen units what it traces of them among all: %s', (name) => {
    const model = MADE[kind](MODELS[name]!.model());
    const x = inputsOf(model);
    const all = traceModel(model, x);
    const some = traceModel(model, x, { units: [2, 1] });
    expect(some.map(nameOf)).toEqual(all.map(nameOf));
    const chosen = <T extends tf.Tensor>(tensor: T) =>
      tf.gather(tensor, tf.tensor1d([2, 1], 'int32'), tensor.rank - 1) as T;
    for (const [n, { trace }] of some.entries()) {
      const { i, f, g, o, c, h, h0, c0, ...rest } = all[n]!.trace;
      const byQuantity = { i: chosen(i), f: chosen(f), g: chosen(g), o: chosen(o), c: chosen(c), h: chosen(h) };
      expectSameTrace(trace, { ...rest, ...byQuantity, h0: chosen(h0), c0: chosen(c0), units: 2 });
      expect(trace.unitIndices).toEqual([2, 1]);
    }
  });
});
