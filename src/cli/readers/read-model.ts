import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type * as tf from '@tensorflow/tfjs';
import { UserError } from '../user-error.js';
import { readTfjsModel } from './tfjs-model.js';

/** The formats of models, by how a file of each ends. */
const READERS: Record<string, (path: string) => Promise<tf.LayersModel>> = { '.json': readTfjsModel };

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

/**
 * Reads a model of any known format; of a folder its `model.json`.
 *
 * @throws UserError
 */
export function readModel(path: string): Promise<tf.LayersModel> {
  const file = isFolder(path) ? join(path, 'model.json') : path;
  const ending = Object.keys(READERS).find((candidate) => file.toLowerCase().endsWith(candidate));
  const read = ending === undefined ? undefined : READERS[ending];
  if (!existsSync(file)) throw new UserError(`the model '${file}' cannot be read: there is no such file`);
  if (read === undefined) throw new UserError(`the model must be a model.json of TensorFlow.js, got '${path}'`);
  return read(file);
}
