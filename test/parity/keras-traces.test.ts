import * as tf from '@tensorflow/tfjs';
import type { LSTMArgs } from '../../src/index.js';
import { type GateTrace, traceLayer } from '../../src/inspect/index.js';
import { TRACE_NAMES, toTensor } from '../../src/testing/fixture.js';
import type { BidirectionalFixtureConfig, Fixture, FixtureCall, LSTMFixtureConfig } from '../../src/testing/index.js';
import { callTensors } from '../../src/testing/run-call.js';
import { NODE_BACKENDS, useBackend } from '../../tools/backends.js';
import { expectClose } from '../support/close.js';
import { BUILT_IN } from '../support/factories.js';
import { KERAS_FIXTURES } from '../support/keras-fixtures.js';
import { LAYER_KINDS } from '../support/layer-kinds.js';

/** Makes a layer of tfjs alone, and tells the LSTMs in it, in the order of the fixture's gates. */
interface Builder {
  make(fixture: Fixture): tf.layers.Layer;
  lstmsOf(layer: tf.layers.Layer): tf.layers.Layer[];
}

const single = (make: (args: LSTMArgs) => tf.layers.Layer): Builder => ({
  make: ({ config }) => make((config as LSTMFixtureConfig).args),
  lstmsOf: (layer) => [layer],
});

const BIDIRECTIONAL: Builder = {
  make: ({ config }) => {
    const { layer, mergeMode } = config as BidirectionalFixtureConfig;
    const lstm = BUILT_IN.lstm(layer.args) as tf.layers.RNN;
    return tf.layers.bidirectional({ layer: lstm, mergeMode: mergeMode as 'concat' });
  },
  lstmsOf: (layer) => {
    const { forwardLayer, backwardLayer } = layer as unknown as Record<string, tf.layers.Layer>;
    return [forwardLayer, backwardLayer] as tf.layers.Layer[];
  },
};

const ofOne = KERAS_FIXTURES.filter(({ config }) => config.kind === 'lstm');
const ofTwo = KERAS_FIXTURES.filter(({ config }) => config.kind === 'bidirectional');

const REPLAYS = [
  ['the built-in layer', single(LAYER_KINDS['the built-in layer']), ofOne],
  ['tf.layers.rnn over a built-in cell', single(LAYER_KINDS['tf.layers.rnn over a built-in cell']), ofOne],
  ['both directions of a built-in Bidirectional', BIDIRECTIONAL, ofTwo],
] as const;

function tracesOf(fixture: Fixture, { make, lstmsOf }: Builder): GateTrace[] {
  const call = fixture.calls[0] as FixtureCall;
  const [batch, , features] = call.input.shape as [number, number, number];
  const layer = make(fixture);
  layer.apply(tf.input({ batchShape: [batch, null, features] }));
  for (const [n, weight] of fixture.weights.entries()) layer.weights[n]?.write(toTensor(weight));
  const { x, mask, initialState } = callTensors(call);
  return lstmsOf(layer).map((lstm, n) => {
    const states = initialState.slice(2 * n, 2 * n + 2);
    return traceLayer(lstm, x, { mask, initialState: states.length === 0 ? null : states });
  });
}

describe.each(NODE_BACKENDS)('on %s,', (backend) => {
  beforeAll(() => useBackend(backend));

  describe.each(REPLAYS)('traceLayer on %s', (_, builder, fixtures) => {
    const titled = fixtures.map((fixture) => [fixture.name, fixture] as const);

    test.each(titled)('shows the gates that Keras computes: %s', (_name, fixture) => {
      tf.tidy(() => {
        const traces = tracesOf(fixture, builder);
        expect(traces).toHaveLength(fixture.gates.length);
        for (const [n, expected] of fixture.gates.entries()) {
          for (const name of TRACE_NAMES) expectClose((traces[n] as GateTrace)[name], toTensor(expected[name]));
        }
      });
    });
  });
});

test('There are fixtures of one LSTM, of two directions, with masks and with states to replay', () => {
  expect(ofOne.length).toBeGreaterThanOrEqual(48);
  expect(ofTwo.length).toBeGreaterThanOrEqual(14);
  expect(ofOne.filter(({ calls }) => calls[0]?.mask != null).length).toBeGreaterThanOrEqual(12);
  expect(ofTwo.filter(({ calls }) => calls[0]?.initialStates.length === 4).length).toBeGreaterThanOrEqual(2);
});
