import * as tf from '@tensorflow/tfjs';
import { checkFixture, fixtureModel, loadFixture } from '../../src/testing/index.js';
import { useBackend } from '../../tools/backends.js';
import { kerasFixture } from '../support/keras-fixtures.js';

beforeAll(() => useBackend('cpu'));

const inputsOf = ({ inputs }: tf.LayersModel) => inputs.map(({ shape, dtype }) => [shape, dtype]);

describe('fixtureModel', () => {
  test('takes the input, then the mask, then the initial states', () => {
    const model = fixtureModel(kerasFixture('mask-holes-last'));
    expect(inputsOf(model)).toEqual([
      [[null, null, 4], 'float32'],
      [[null, null], 'bool'],
      [[null, 5], 'float32'],
      [[null, 5], 'float32'],
    ]);
    model.dispose();
  });

  test('takes nothing that the fixture does not have', () => {
    const model = fixtureModel(kerasFixture('returns-last'));
    expect(inputsOf(model)).toEqual([[[null, null, 4], 'float32']]);
    model.dispose();
  });

  test('fixes the batch size of a stateful layer', () => {
    const model = fixtureModel(kerasFixture('stateful-masked'));
    expect(inputsOf(model)).toEqual([
      [[3, null, 4], 'float32'],
      [[3, null], 'bool'],
    ]);
    model.dispose();
  });

  test('serves another batch size and length than the fixture', () => {
    const model = fixtureModel(kerasFixture('bidirectional-concat-sequences'));
    const output = model.predict(tf.ones([7, 9, 4])) as tf.Tensor;
    expect(output.shape).toEqual([7, 9, 10]);
    model.dispose();
  });

  test("holds the fixture's weights, in its order", () => {
    for (const name of ['no-bias', 'bidirectional-sum-last', 'stacked-cells-last', 'stacked-layers']) {
      const fixture = kerasFixture(name);
      const model = fixtureModel(fixture);
      const received = model.getWeights().map((weight) => [weight.shape, weight.dataSync()]);
      expect(received).toEqual(fixture.weights.map(({ shape, values }) => [shape, values]));
      model.dispose();
    }
  });

  test('says which activation is not known', () => {
    const fixture = kerasFixture('returns-last');
    const spoiled = { ...fixture, config: { kind: 'lstm', args: { units: 5, activation: 'sine' } } } as never;
    expect(() => fixtureModel(spoiled)).toThrow("got 'sine'");
  });

  test.each([undefined, null, 'lstm_1.json', {}, { config: {} }])('refuses %p for a loaded fixture', async (given) => {
    const rule = 'fixture must be what loadFixture returns';
    expect(() => fixtureModel(given as never)).toThrow(`fixtureModel: ${rule}`);
    const layer = fixtureModel(kerasFixture('returns-last'));
    await expect(checkFixture(layer, given as never)).rejects.toThrow(`checkFixture: ${rule}`);
    layer.dispose();
  });

  test('can be saved and loaded, with its mask and its states', async () => {
    const fixture = kerasFixture('mask-holes-sequences');
    const model = fixtureModel(fixture);
    let saved: tf.io.ModelArtifacts | undefined;
    await model.save(
      tf.io.withSaveHandler(async (artifacts) => {
        saved = artifacts;
        return { modelArtifactsInfo: tf.io.getModelArtifactsInfoForJSON(artifacts) };
      }),
    );
    const restored = await tf.loadLayersModel(tf.io.fromMemory(saved as tf.io.ModelArtifacts));
    expect(inputsOf(restored)).toEqual(inputsOf(model));
    const { message } = await checkFixture(restored, { ...fixture, gradients: null });
    expect(message).toMatch(/all 3 quantities agree/);
    restored.dispose();
    model.dispose();
  });

  test('leaves no tensor behind', () => {
    for (const name of ['mask-holes-last', 'bidirectional-states-last', 'stacked-cells-states', 'stateful-last']) {
      const fixture = loadFixture(`fixtures/keras/${name}.json`);
      const before = tf.memory().numTensors;
      fixtureModel(fixture).dispose();
      expect([name, tf.memory().numTensors]).toEqual([name, before]);
    }
  });
});
