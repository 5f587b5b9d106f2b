import * as tf from '@tensorflow/tfjs';
import { lstm } from '../../src/index.js';
import { useBackend } from '../../tools/backends.js';
import { expectClose } from '../support/close.js';
import { randomTensor } from '../support/random.js';

const [BATCH, TIMESTEPS, FEATURES, UNITS] = [2, 5, 3, 4];

beforeAll(() => useBackend('cpu'));

const symbolic = (...shapes: (number | null)[][]) =>
  shapes.map((batchShape) => tf.input({ batchShape })) as unknown as tf.Tensor[];

test('Symbolic states must be of the batch size that is known of x', () => {
  const layer = lstm({ units: UNITS, name: 'memory' });
  const [x] = symbolic([BATCH, TIMESTEPS, FEATURES]) as [tf.Tensor];
  expect(() => layer.apply(x, { initialState: symbolic([BATCH, UNITS], [BATCH + 1, UNITS]) })).toThrow(
    /^LSTM\.apply: initialState\[1\] \(c\) must be \[B, U\] = \[2, 4\], got \[3, 4\] \(layer 'memory'\)/,
  );
  for (const batch of [BATCH, null]) {
    const output = layer.apply(x, { initialState: symbolic([batch, UNITS], [batch, UNITS]) });
    expect((output as unknown as tf.SymbolicTensor).shape).toEqual([BATCH, UNITS]);
  }
});

test('Symbolic states of unknown width are refused before they build anything', () => {
  const layer = lstm({ units: UNITS, name: 'memory' });
  const [x] = symbolic([null, TIMESTEPS, FEATURES]) as [tf.Tensor];
  expect(() => layer.apply(x, { initialState: symbolic([null, UNITS], [null, null]) })).toThrow(
    /^LSTM\.apply: initialState\[1\] \(c\) must be \[B, U\] = \[B, 4\], got \[null, null\] \(layer 'memory'\)/,
  );
  expect(layer.cell.built).toBe(false);
  expect((layer.apply(x) as unknown as tf.SymbolicTensor).shape).toEqual([null, UNITS]);
});

test('A stateful layer takes symbolic states, and needs its batch size with them too', () => {
  const states = () => symbolic([BATCH, UNITS], [BATCH, UNITS]);
  const layer = lstm({ units: UNITS, stateful: true });
  const [x] = symbolic([BATCH, TIMESTEPS, FEATURES]) as [tf.Tensor];
  const output = layer.apply(x, { initialState: states() }) as unknown as tf.SymbolicTensor;
  expect(output.shape).toEqual([BATCH, UNITS]);
  const unknown = lstm({ units: UNITS, stateful: true, name: 'memory' });
  const [ofAnyBatch] = symbolic([null, TIMESTEPS, FEATURES]) as [tf.Tensor];
  expect(() => unknown.apply(ofAnyBatch, { initialState: states() })).toThrow(
    /^LSTM\.build: a stateful layer must know its batch size: .*, got \[null, 5, 3\] \(layer 'memory'\)/,
  );
});

test('States may follow x in a list, and are checked there as well', () => {
  tf.tidy(() => {
    const layer = lstm({ units: UNITS, name: 'memory' });
    const x = randomTensor([BATCH, TIMESTEPS, FEATURES], 1);
    const [h, c] = [randomTensor([BATCH, UNITS], 2), randomTensor([BATCH, UNITS], 3)];
    const byName = layer.apply(x, { initialState: [h, c] }) as tf.Tensor;
    expectClose(layer.call([x, h, c]) as tf.Tensor, byName, 0);
    expectClose(layer.apply([x, h, c]) as tf.Tensor, byName, 0);
    expect(() => expectClose(layer.apply(x) as tf.Tensor, byName)).toThrow('apart');
    const rule = /initialState\[1\] \(c\) must be \[B, U\] = \[2, 4\], got \[2, 5, 3\] \(layer 'memory'\)/;
    expect(() => layer.call([x, h, x])).toThrow(new RegExp(`^LSTM\\.call: ${rule.source}`));
    expect(() => layer.apply([x, h, x])).toThrow(new RegExp(`^LSTM\\.apply: ${rule.source}`));
  });
});

test.each([0, 1])(
  'A concrete state number %i does not go with a symbolic x, nor a symbolic one with a concrete x',
  (at) => {
    const layer = lstm({ units: UNITS, name: 'memory' });
    const [symbolicX] = symbolic([BATCH, TIMESTEPS, FEATURES]) as [tf.Tensor];
    tf.tidy(() => {
      const mixed = symbolic([BATCH, UNITS], [BATCH, UNITS]);
      mixed[at] = tf.zeros([BATCH, UNITS]);
      expect(() => layer.apply(symbolicX, { initialState: mixed })).toThrow(
        `LSTM.apply: initialState[${at}] must be symbolic, like x; make it an input of the model, and pass its value to predict, got a Tensor of shape [2, 4] (layer 'memory')`,
      );
      expect(layer.built).toBe(false);
      const x = randomTensor([BATCH, TIMESTEPS, FEATURES], 1);
      const states: unknown[] = [tf.zeros([BATCH, UNITS]), tf.zeros([BATCH, UNITS])];
      states[at] = tf.input({ batchShape: [BATCH, UNITS] });
      layer.apply(x);
      expect(() => layer.call(x, { initialState: states as tf.Tensor[] })).toThrow(
        `LSTM.call: initialState[${at}] (${'hc'[at]}) must be a concrete tensor, like x, got a SymbolicTensor of shape [2, 4] (layer 'memory')`,
      );
    });
  },
);
