import type * as tf from '@tensorflow/tfjs';
import { openFile } from '../formats/formats.js';
import { UserError } from '../user-error.js';

/**
 * Reads a model of any known format; of a folder its `model.json`.
 *
 * @param onNote Is told what is not as it was where the model was made.
 * @throws UserError for a file that is no model. FileError for one that is damaged, or cannot be built.
 */
export async function readModel(path: string, onNote: (note: string) => void = () => {}): Promise<tf.LayersModel> {
  const file = await openFile(path);
  if (file.kind === 'model') return file.load(onNote);
  throw new UserError(`'${path}' holds weights, and no whole model`);
}
