import * as tf from '@tensorflow/tfjs';
import { toBuiltIn } from '../../src/convert/index.js';
import { lstm, lstmCell } from '../../src/index.js';
import { checkFixture, type Fixture, fixtureModel } from '../../src/testing/index.js';
import { useBackend } from '../../tools/backends.js';
import { kerasFixture } from '../support/keras-fixtures.js';
import { disturb, KERAS_ARGS, ownLayer } from './support/own-layer.js';

beforeAll(() => useBackend('cpu'));

describe('checkFixture, of layers and models that are not of fixtureModel,', () => {
  test('checks a layer of its own, with mask and states', async () => {
    const fixture = kerasFixture('mask-holes-sequences');
    const layer = ownLayer(lstm({ ...KERAS_ARGS, returnSequences: true, returnState: true }), fixture);
    expect((await checkFixture(layer, fixture)).message).toBe('mask-holes-sequences: all 16 quantities agree');
  });

  test('looks at the gates of a built-in tf.layers.lstm too', async () => {
    const fixture = kerasFixture('initial-states');
    const layer = ownLayer(tf.layers.lstm({ ...KERAS_ARGS, returnSequences: true, returnState: true }), fixture);
    expect((await checkFixture(layer, fixture)).message).toBe('initial-states: all 16 quantities agree');
    disturb(layer as never, 1, 10 + 3);
    expect((await checkFixture(layer, fixture)).firstDifferingGate).toMatchObject({ gate: 'g', timestep: 0, unit: 3 });
  });

  test.each(['bidirectional-states-last', 'stacked-cells-states', 'backwards-masked-sequences'])(
    'looks at the gates of built-in layers: %s',
    async (name) => {
      const fixture = kerasFixture(name);
      const model = toBuiltIn(fixtureModel(fixture));
      const layer = model.layers.find((candidate) => candidate.weights.length > 0) as tf.layers.Layer;
      const { quantities, passed, notCompared } = await checkFixture(layer, fixture);
      expect({ passed, notCompared }).toEqual({ passed: true, notCompared: [] });
      expect(quantities.filter(({ kind }) => kind === 'gate')).toHaveLength(6 * fixture.gates.length);
    },
  );

  test('says that the gates of other layers were not compared', async () => {
    const fixture = kerasFixture('returns-sequences');
    const cell = tf.layers.stackedRNNCells({ cells: [tf.layers.gruCell({ units: 5 }), lstmCell({ units: 5 })] });
    const other = tf.layers.rnn({ cell, returnSequences: true });
    tf.dispose(other.apply(tf.zeros([3, 6, 4])) as tf.Tensor);
    const { notCompared } = await checkFixture(other, fixture);
    expect(notCompared[0]).toBe(
      'the gates, which are compared only for a single LSTM layer or a model made by fixtureModel',
    );
  });

  test("checks a user's model, and one that makes the mask itself", async () => {
    const fixture = kerasFixture('mask-right-padded-sequences');
    const { input, mask } = fixture.calls[0] as Fixture['calls'][0];
    const masked = {
      ...fixture.calls[0],
      input: { ...input, values: input.values.map((value, n) => (mask?.values[Math.floor(n / 4)] ? value : 0)) },
    };
    const zeroed = { ...fixture, calls: [masked], gradients: null } as Fixture;
    const x = tf.input({ shape: [6, 4] });
    const states = [tf.input({ shape: [5] }), tf.input({ shape: [5] })];
    const layer = lstm({ ...KERAS_ARGS, returnSequences: true, returnState: true });
    const outputs = layer.apply(tf.layers.masking().apply(x) as tf.SymbolicTensor, { initialState: states });
    ownLayer(layer, fixture);
    const model = tf.model({ inputs: [x, ...states], outputs: outputs as tf.SymbolicTensor[] });
    const report = await checkFixture(model, zeroed);
    expect(report.message).toMatch(/all 3 quantities agree/);
    disturb(model, 0, 0);
    expect((await checkFixture(model, zeroed)).passed).toBe(false);
  });

  test('throws where the outputs are not those of the fixture', async () => {
    const fixture = kerasFixture('returns-sequences');
    const states = ownLayer(lstm({ ...KERAS_ARGS, returnState: true }), fixture);
    await expect(checkFixture(states, fixture)).rejects.toThrow(
      'checkFixture: there must be 1 outputs [output], got 3',
    );
    const last = ownLayer(lstm(KERAS_ARGS), fixture);
    await expect(checkFixture(last, fixture)).rejects.toThrow(
      'checkFixture: output must have shape [3, 6, 5], got [3, 5]',
    );
    await expect(checkFixture(lstm(KERAS_ARGS), fixture)).rejects.toThrow(
      'checkFixture: the layer must have been applied once',
    );
  });

  test.each([undefined, null, {}, 'model'])('refuses %p for a layer', async (given) => {
    const checked = checkFixture(given as never, kerasFixture('returns-last'));
    await expect(checked).rejects.toThrow('checkFixture: layerOrModel must be a layer or a model, got');
  });
});
