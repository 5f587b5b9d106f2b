import * as tf from '@tensorflow/tfjs';
import { toExplicit } from '../../../src/convert/index.js';
import { traceModel } from '../../../src/inspect/index.js';
import { useBackend } from '../../../tools/backends.js';
import { predict, randomInputs } from '../../convert/support/models.js';
import { expectClose } from '../../support/close.js';
import { exampleCases, exampleOf } from '../support/example-models.js';
import { expectReturnedOutputs, expectSameTraces, fingerprint, SEQUENCES } from '../support/traced.js';

/** How many calls of LSTMs one run of each example makes. */
const CALLS: Record<string, number> = {
  'a sequential model': 1,
  'a sequential model with an input layer and two LSTMs': 2,
  'a functional model': 1,
  'several inputs and outputs': 2,
  'an encoder and a decoder that starts from its states': 2,
  'a bidirectional encoder whose states a bidirectional decoder starts from': 4,
  'one layer for two inputs': 2,
  'one layer at different depths, the deeper call first': 2,
  'such a model distributed over time': 4,
  'a layer that a sequential model starts with and that is called before it': 2,
  'a sequential model whose first layer got its input beforehand': 1,
  'a layer that is also called outside of the model': 1,
  'a sequential model in a functional one in a sequential one': 4,
  'a sequential model that starts with a functional one': 2,
  'a layer that two nested models share': 2,
  'a bidirectional LSTM merged by concat': 2,
  'a bidirectional LSTM merged by sum': 2,
  'a bidirectional LSTM merged by mul': 2,
  'a bidirectional LSTM merged by ave': 2,
  'a bidirectional LSTM merged by null': 2,
  'an LSTM, and a model with one, distributed over time': 4,
  'one cell': 1,
  'stacked cells of several kinds': 2,
  'a mask from an embedding': 2,
  'a mask in a nested model': 1,
  'regularizers, constraints, initializers and dropout': 1,
  'custom layers, around an LSTM and beside one': 2,
  'other recurrent and other weights': 1,
};

const ON_EVERY_BACKEND = [
  'a bidirectional encoder whose states a bidirectional decoder starts from',
  'such a model distributed over time',
  'a bidirectional LSTM merged by null',
  'stacked cells of several kinds',
  'a mask from an embedding',
];

const cases = exampleCases(ON_EVERY_BACKEND);

describe.each(cases)('On %s, traceModel of the %s layers of: %s', (backend, kind, name) => {
  beforeAll(() => useBackend(backend));
  beforeEach(() => tf.engine().startScope());
  afterEach(() => tf.engine().endScope());

  test('shows every call once, and an h that is what the layer returned', () => {
    const model = exampleOf(kind, name);
    const inputs = randomInputs(model);
    const traces = traceModel(model, inputs);
    expect(traces).toHaveLength(CALLS[name]!);
    expectReturnedOutputs(traces, model, inputs);
  });

  test('shows the same as for the other kind of layers', () => {
    const builtIn = exampleOf('built-in', name);
    const inputs = randomInputs(builtIn);
    expectSameTraces(traceModel(toExplicit(builtIn), inputs), traceModel(builtIn, inputs));
  });

  test('leaves the model, its outputs and the number of tensors as they were', () => {
    const model = exampleOf(kind, name);
    const inputs = randomInputs(model);
    const outputs = predict(model, inputs);
    const before = fingerprint(model);
    const { numTensors } = tf.memory();
    const traces = traceModel(model, inputs);
    for (const { trace } of traces) trace.dispose();
    expect(tf.memory().numTensors).toBe(numTensors);
    expect(fingerprint(model)).toEqual(before);
    expect(predict(model, inputs)).toEqual(outputs);
  });

  test('keeps chosen units only', () => {
    const model = exampleOf(kind, name);
    const inputs = randomInputs(model);
    const [whole, chosen] = [traceModel(model, inputs), traceModel(model, inputs, { units: [1, 0] })];
    for (const [n, { trace }] of chosen.entries()) {
      for (const quantity of SEQUENCES) {
        expectClose(trace[quantity], tf.gather(whole[n]!.trace[quantity], [1, 0], 2), 0);
      }
      expectClose(trace.h0, tf.gather(whole[n]!.trace.h0, [1, 0], 1), 0);
      expectClose(trace.c0, tf.gather(whole[n]!.trace.c0, [1, 0], 1), 0);
      expect(trace).toMatchObject({ units: 2, unitIndices: [1, 0] });
    }
  });
});
