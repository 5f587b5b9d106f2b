import * as tf from '@tensorflow/tfjs';
import { loadKeras } from '../../../src/convert/index.js';
import { modelFile, tensorOf, trainedModelFixtures } from '../../support/model-fixtures.js';

/** Of a loss after steps of float32, in two orders of computing them. */
const TOLERANCE = 2e-5;

const FIXTURES = trainedModelFixtures();
/** tfjs has no AdamW, another Adadelta, and a centered RMSprop that divides by NaN. */
const LACKING = ['adamw', 'adadelta', 'rmsprop-centered'];
const isLacking = ({ name }: { name: string }) => LACKING.includes(name);

describe.each(FIXTURES.filter((fixture) => !isLacking(fixture)))(
  'a model trained in Keras: $folder, $name',
  (fixture) => {
    it.each(fixture.files)('goes on with the losses that it would have had there: %s', async (file) => {
      const notes: string[] = [];
      const before = tf.memory().numTensors;
      const model = await loadKeras(modelFile(fixture.folder, file), { onNote: (note) => notes.push(note) });
      const isAfresh = notes.some((note) => note.includes('starts afresh'));
      const [x, y] = [fixture.inputs, fixture.labels].map((tensors) => tensorOf(tensors[0]!)) as [tf.Tensor, tf.Tensor];
      const losses: number[] = [];
      for (const _ of fixture.losses) losses.push(([await model.trainOnBatch(x, y)].flat() as number[])[0] as number);
      expect(model.metricsNames.slice(1)).toHaveLength(2);
      // Without its memory an optimizer goes on from the same loss, by another step.
      const compared = isAfresh ? 1 : losses.length;
      for (const [n, loss] of fixture.losses.slice(0, compared).entries()) {
        expect(Math.abs((losses[n] as number) - loss)).toBeLessThan(TOLERANCE * (1 + Math.abs(loss)));
      }
      // Only Keras 3 keeps the memory in an order that is known.
      expect(isAfresh).toBe(fixture.folder.includes('training-2'));
      x.dispose();
      y.dispose();
      model.dispose();
      // tfjs's own optimizer with momentum leaves its learning rate behind.
      const left = /momentum|nesterov/.test(fixture.name) ? 1 : 0;
      expect(tf.memory().numTensors).toBe(before + left);
    });
  },
);

it.each(FIXTURES.filter(isLacking))('says that a model is not compiled where tfjs lacks $name', async (fixture) => {
  const notes: string[] = [];
  const file = modelFile(fixture.folder, fixture.files[0] as string);
  const model = await loadKeras(file, { onNote: (note) => notes.push(note) });
  expect(notes).toEqual([
    expect.stringMatching(/not compiled, as tfjs lacks its optimizer '(adam_w|adadelta|rm_sprop)'/),
  ]);
  expect(model.optimizer).toBeUndefined();
  model.dispose();
});
