import * as tf from '@tensorflow/tfjs';
import { fixtureModel, loadFixture, type MatcherResult, matchers } from '../../../src/testing/index.js';
import { useBackend } from '../../../tools/backends.js';
import { kerasFixture, kerasFixturePath } from '../../support/keras-fixtures.js';

beforeAll(() => useBackend('cpu'));

const NAME = 'returns-sequences';
const match = (received: unknown, fixture: unknown, options?: object, isNot = false) =>
  matchers.toReproduceFixture.call({ isNot }, received, fixture, options) as Promise<MatcherResult>;

/** The fixture's model, with 0.1 added to the bias of the forget gate's unit 2. */
function wrongModel(): tf.LayersModel {
  const model = fixtureModel(kerasFixture(NAME));
  const bias = model.weights[2] as tf.LayerVariable;
  tf.tidy(() => {
    bias.write(tf.add(bias.read(), tf.oneHot(tf.scalar(5 + 2, 'int32'), 20).mul(0.1)));
  });
  return model;
}

describe('toReproduceFixture', () => {
  test('passes for a layer or model that computes what Keras did', async () => {
    const fixture = kerasFixture(NAME);
    const result = await match(fixtureModel(fixture), fixture, undefined, true);
    expect(result.pass).toBe(true);
    expect(result.message()).toBe(
      'expect(received).not.toReproduceFixture(fixture)\n\nreturns-sequences: all 12 quantities agree',
    );
  });

  test('takes a fixture, its path, its text and its document', async () => {
    const model = fixtureModel(kerasFixture(NAME));
    const path = kerasFixturePath(NAME);
    const document = require(`../../../${path}`);
    for (const source of [loadFixture(path), path, JSON.stringify(document), document]) {
      expect((await match(model, source)).pass).toBe(true);
    }
  });

  test('fails with the report: what, where, by how much, and which gate departs first', async () => {
    const result = await match(wrongModel(), kerasFixture(NAME));
    expect(result.pass).toBe(false);
    const message = result.message();
    expect(message).toMatch(/^expect\(received\)\.toReproduceFixture\(fixture\)\n\nreturns-sequences: \d+ of 12/);
    expect(message).toMatch(/output: \d+ of 90 differ, by up to [\d.]+; at sample \d, timestep \d, unit \d expected/);
    expect(message).toMatch(/first differing gate: f at timestep 0, sample 0, unit 2/);
  });

  test('holds to the tolerance that is asked for', async () => {
    expect((await match(wrongModel(), kerasFixture(NAME), { atol: 10 })).pass).toBe(true);
    for (const atol of [-1, '1e-5', true, Number.POSITIVE_INFINITY]) {
      await expect(match(wrongModel(), kerasFixture(NAME), { atol })).rejects.toThrow(
        'toReproduceFixture: atol must be a finite number of at least 0, got',
      );
    }
    await expect(match(wrongModel(), NAME, { r_tol: 1 })).rejects.toThrow(
      "toReproduceFixture: the option must be spelt 'rtol'",
    );
  });

  test('refuses what is no layer and what is no fixture', async () => {
    await expect(match({}, kerasFixture(NAME))).rejects.toThrow('checkFixture: layerOrModel must be a layer');
    await expect(match(wrongModel(), undefined)).rejects.toThrow('fixture must be what loadFixture returns, got undef');
    await expect(match(wrongModel(), 'no/such.json')).rejects.toThrow('loadFixture: the path must be a readable file');
    await expect(match(wrongModel(), {})).rejects.toThrow('loadFixture: format must be');
  });
});
