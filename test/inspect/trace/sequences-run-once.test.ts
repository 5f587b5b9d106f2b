import * as tf from '@tensorflow/tfjs';
import * as scanModule from '../../../src/core/scan.js';
import { TensorFlowKernel } from '../../../src/fused/tensorflow/tensorflow-kernel.js';
import { WasmKernel } from '../../../src/fused/wasm/wasm-kernel.js';
import { traceModel } from '../../../src/inspect/index.js';
import { useBackend } from '../../../tools/backends.js';
import { builtIn, type Symbolic } from '../../convert/support/models.js';
import { randomTensor } from '../../support/random.js';
import { CASES, MADE } from '../support/kinds.js';
import { expectSameTrace, nameOf } from '../support/traced.js';

const TIMESTEPS = 5;

/** How often a sequence is run meanwhile: by a fused kernel, by the scan, or step by step by the built-in's own code. */
function sequencesRun(run: () => void): number {
  const whole = [
    jest.spyOn(WasmKernel.prototype, 'forward'),
    jest.spyOn(TensorFlowKernel.prototype, 'forward'),
    jest.spyOn(scanModule, 'scan'),
  ];
  const cellOfBuiltIn = Object.getPrototypeOf(tf.layers.lstmCell({ units: 1 })) as tf.layers.RNNCell;
  const steps = jest.spyOn(cellOfBuiltIn, 'call');
  try {
    run();
    return whole.reduce((sum, { mock }) => sum + mock.calls.length, steps.mock.calls.length / TIMESTEPS);
  } finally {
    for (const spy of [...whole, steps]) spy.mockRestore();
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
};

describe.each(CASES)('On %s, tracing a model of %s layers', (backend, kind) => {
  beforeAll(() => useBackend(backend));
  beforeEach(() => tf.engine().startScope());
  afterEach(() => tf.engine().endScope());

  test.each(Object.entries(MODELS))('runs each sequence once: %s', (_, { model: makeModel, calls }) => {
    const model = MADE[kind](makeModel());
    const inputs = model.inputs.map((_, n) => randomTensor([2, TIMESTEPS, 3], n + 1));
    let traced = 0;
    expect(
      sequencesRun(() => {
        traced = traceModel(model, inputs).length;
      }),
    ).toBe(calls);
    expect(traced).toBe(calls);
  });

  test('gives of chosen units what it gives of them among all', () => {
    const model = MADE[kind](MODELS['a bidirectional layer']!.model());
    const x = randomTensor([2, TIMESTEPS, 3], 1);
    const all = traceModel(model, x);
    const some = traceModel(model, x, { units: [3, 1] });
    expect(some.map(nameOf)).toEqual(all.map(nameOf));
    const chosen = <T extends tf.Tensor>(tensor: T) =>
      tf.gather(tensor, tf.tensor1d([3, 1], 'int32'), tensor.rank - 1) as T;
    for (const [n, { trace }] of some.entries()) {
      const { i, f, g, o, c, h, h0, c0, ...rest } = all[n]!.trace;
      const byQuantity = { i: chosen(i), f: chosen(f), g: chosen(g), o: chosen(o), c: chosen(c), h: chosen(h) };
      expectSameTrace(trace, { ...rest, ...byQuantity, h0: chosen(h0), c0: chosen(c0), units: 2 });
      expect(trace.unitIndices).toEqual([3, 1]);
    }
  });
});
