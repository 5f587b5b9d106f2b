import { realpathSync, statSync } from 'node:fs';
import { dirname, join, resolve, sep } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { readTfjsModel } from '../../formats/tfjs-model.js';
import type { WeightGroup } from '../../formats/weight-manifest.js';
// Registers this package's classes.
import '../../index.js';
import { messageOf, UserError } from '../user-error.js';
import { readBytes, readText } from './read-file.js';

/** The formats of models, by how a file of each ends. */
const READERS: Record<string, (path: string) => Promise<tf.LayersModel>> = { '.json': loadTfjsModel };

/**
 * Reads a model of any known format; of a folder its `model.json`.
 *
 * @throws UserError
 */
export async function readModel(path: string): Promise<tf.LayersModel> {
  const isFolder = statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
  const file = isFolder ? join(path, 'model.json') : path;
  if (statSync(file, { throwIfNoEntry: false }) === undefined) {
    throw new UserError(`the model '${file}' cannot be read: there is no such file`);
  }
  const ending = Object.keys(READERS).find((candidate) => file.toLowerCase().endsWith(candidate));
  const read = ending === undefined ? undefined : READERS[ending];
  if (read === undefined) throw new UserError(`the model must be a model.json of TensorFlow.js, got '${path}'`);
  return read(file);
}

/**
 * Loads a model as `model.save('file://…')` and the tensorflowjs converter write it; without tfjs-node.
 *
 * @throws UserError for anything else, for weight files that are missing, of another size or outside the folder.
 */
async function loadTfjsModel(path: string): Promise<tf.LayersModel> {
  const { modelTopology, trainingConfig, weightGroups } = parsed(path);
  const weightData = concatenated(weightGroups.flatMap((group) => readGroup(dirname(path), group)));
  const weightSpecs = weightGroups.flatMap(({ weights }) => weights);
  const artifacts: tf.io.ModelArtifacts = { modelTopology, weightSpecs, weightData };
  if (trainingConfig !== null) artifacts.trainingConfig = trainingConfig as tf.io.TrainingConfig;
  try {
    return await tf.loadLayersModel({ load: async () => artifacts });
  } catch (cause) {
    throw new UserError(`the model '${path}' cannot be built: ${messageOf(cause)}`, { cause });
  }
}

function parsed(path: string) {
  const text = readText(path, 'the model');
  try {
    return readTfjsModel(text);
  } catch (cause) {
    throw new UserError(`the model '${path}': ${messageOf(cause)}`, { cause });
  }
}

/**
 * The path of a weight file, which must lie in the model's folder: a model from elsewhere must not make this program read
 * other files of its user's.
 */
function weightPath(folder: string, name: string): string {
  const path = resolve(folder, name);
  const isBelow = (parent: string, child: string) => child.startsWith(parent.endsWith(sep) ? parent : parent + sep);
  if (!isBelow(resolve(folder), path)) {
    throw new UserError(`the weight file '${name}' must be in the model's folder`);
  }
  let real: string;
  try {
    real = realpathSync(path);
  } catch (cause) {
    throw new UserError(`the weight file '${name}' is missing: it must be in the model's folder`, { cause });
  }
  if (!isBelow(realpathSync(folder), real)) {
    throw new UserError(`the weight file '${name}' must not be a link that leads out of the model's folder`);
  }
  return real;
}

/** The bytes of a group's files, which are read only where together they have the right size. */
function readGroup(folder: string, { paths, bytes }: WeightGroup): Uint8Array[] {
  const files = paths.map((name) => weightPath(folder, name));
  const found = files.reduce((sum, file) => sum + statSync(file).size, 0);
  const names = paths.map((name) => `'${name}'`).join(', ');
  if (found !== bytes) throw new UserError(`the weights in ${names} must take ${bytes} bytes, but take ${found}`);
  return files.map((file) => readBytes(file, 'the weight file'));
}

function concatenated(parts: readonly Uint8Array[]): ArrayBuffer {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all.buffer;
}
