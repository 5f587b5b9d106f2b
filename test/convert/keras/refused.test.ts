import * as tf from '@tensorflow/tfjs';
import { FileError, loadKeras } from '../../../src/convert/index.js';
import { modelFile, refusedModels } from '../../support/model-fixtures.js';

test.each(refusedModels())('$file is refused, by the words $words', async ({ file, words }) => {
  const before = tf.memory().numTensors;
  const error = await loadKeras(modelFile('keras/refused', file), { onNote: () => {} }).catch((thrown) => thrown);
  expect(error).toBeInstanceOf(FileError);
  for (const word of words) expect(error.message).toContain(word);
  expect(tf.memory().numTensors).toBe(before);
});
