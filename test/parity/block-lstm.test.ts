import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import type { LSTM, LSTMArgs } from '../../src/index.js';
import { type GateTrace, traceLayer } from '../../src/inspect/index.js';
import { NODE_BACKENDS, useBackend } from '../../tools/backends.js';
import {
  BLOCK_LSTM_FIXTURES,
  type BlockLSTMOutputs,
  type BlockLSTMProblem,
  blockLSTMFixture,
  randomProblem,
} from '../support/block-lstm.js';
import { runBlockLSTMOp } from '../support/block-lstm-op.js';
import { expectClose, TOLERANCE } from '../support/close.js';
import { LAYER_KIND_NAMES, LAYER_KINDS, type LayerKind } from '../support/layer-kinds.js';

type Trace = (layer: tf.layers.RNN, problem: BlockLSTMProblem) => GateTrace;

const byFunction: Trace = (layer, { x, h0, c0 }) => traceLayer(layer, x, { initialState: [h0, c0] });
const byMethod: Trace = (layer, { x, h0, c0 }) => (layer as LSTM).trace(x, { initialState: [h0, c0] });

const TRACES: [title: string, kind: LayerKind, trace: Trace][] = [
  ['layer.trace', 'the explicit layer', byMethod],
  ...LAYER_KIND_NAMES.map((kind): [string, LayerKind, Trace] => [`traceLayer on ${kind}`, kind, byFunction]),
];

/** A layer with the problem's weights. */
function layerOf(kind: LayerKind, { kernel, recurrentKernel, bias }: BlockLSTMProblem): tf.layers.RNN {
  const [features, columns] = kernel.shape;
  const args: LSTMArgs = { units: columns / 4, recurrentActivation: 'sigmoid', returnSequences: true };
  const layer = LAYER_KINDS[kind](args);
  layer.apply(tf.input({ shape: [null, features] }));
  layer.setWeights([kernel, recurrentKernel, bias]);
  return layer;
}

function expectOutputsOfOp(trace: GateTrace, op: BlockLSTMOutputs): void {
  const { i, f, g, o, c, h } = trace;
  const received: BlockLSTMOutputs = { i, f, ci: g, o, cs: c, co: tf.tanh(c), h };
  for (const [name, expected] of Object.entries(op)) {
    expectClose(received[name as keyof BlockLSTMOutputs], expected, TOLERANCE);
  }
}

describe.each(NODE_BACKENDS)('on %s,', (backend) => {
  beforeAll(() => useBackend(backend));

  describe.each(TRACES)('%s', (_, kind, trace) => {
    test.each(BLOCK_LSTM_FIXTURES)("shows the gates that TensorFlow's own op computed: %s", (name) => {
      tf.tidy(() => {
        const { problem, outputs } = blockLSTMFixture(name);
        expectOutputsOfOp(trace(layerOf(kind, problem), problem), outputs);
      });
    });
  });
});

describe("On tensorflow, TensorFlow's own op, run here and now,", () => {
  beforeAll(() => useBackend('tensorflow'));

  const size = fc.integer({ min: 1, max: 6 });
  const someCase = fc.record({ B: size, T: fc.integer({ min: 1, max: 20 }), D: size, U: size, seed: fc.nat(1e6) });

  test.each(TRACES)('computes the gates that %s shows, whatever the sizes', (_, kind, trace) => {
    const property = fc.property(someCase, ({ seed, ...sizes }) => {
      tf.tidy(() => {
        const problem = randomProblem(sizes, seed + 1);
        expectOutputsOfOp(trace(layerOf(kind, problem), problem), runBlockLSTMOp(problem));
      });
    });
    fc.assert(property, { numRuns: 20 });
  });

  test.each(BLOCK_LSTM_FIXTURES)('computes what the fixture holds: %s', (name) => {
    tf.tidy(() => {
      const { problem, outputs } = blockLSTMFixture(name);
      const computed = runBlockLSTMOp(problem);
      for (const [output, expected] of Object.entries(outputs)) {
        expectClose(computed[output as keyof BlockLSTMOutputs], expected, TOLERANCE);
      }
    });
  });
});

describe('The fixtures', () => {
  beforeAll(() => useBackend('cpu'));

  test('cover sizes of one, states of zero and others, and a long sequence: none was lost', () => {
    tf.tidy(() => {
      const problems = BLOCK_LSTM_FIXTURES.map((name) => blockLSTMFixture(name).problem);
      expect(problems.length).toBeGreaterThanOrEqual(11);
      for (const sizeOf of [({ x }: BlockLSTMProblem) => x.shape, ({ h0 }: BlockLSTMProblem) => h0.shape]) {
        for (const axis of sizeOf(problems[0] as BlockLSTMProblem).keys()) {
          expect(problems.filter((problem) => sizeOf(problem)[axis] === 1).length).toBeGreaterThanOrEqual(1);
        }
      }
      expect(Math.max(...problems.map(({ x }) => x.shape[1]))).toBeGreaterThanOrEqual(60);
      const withoutStates = problems.filter(({ h0, c0 }) =>
        [h0, c0].every((state) => !tf.any(state.cast('bool')).dataSync()[0]),
      );
      expect(withoutStates).toHaveLength(1);
    });
  });

  test('hold gates that are fully open and fully closed', () => {
    tf.tidy(() => {
      const { i, f, o } = blockLSTMFixture('saturated').outputs;
      for (const gate of [i, f, o]) expect([...gate.dataSync()]).toEqual(expect.arrayContaining([0, 1]));
    });
  });
});
