import { realpathSync, statSync } from 'node:fs';
import { basename, dirname, resolve, sep } from 'node:path';
import * as tf from '@tensorflow/tfjs';
// Registers this package's classes.
import '../../index.js';
import { messageOf, UserError } from '../user-error.js';
import { readBytes, readJson } from './read-file.js';
import { readWeightManifest, type WeightGroup, type WeightSpec } from './weight-manifest.js';

interface ModelDocument {
  format?: unknown;
  modelTopology?: unknown;
  weightsManifest?: unknown;
  /** How the model was compiled. */
  trainingConfig?: tf.io.TrainingConfig | null;
}

/**
 * The path of a weight file, which must lie in the model's folder: a model from elsewhere must not make this program read
 * other files of its user's.
 */
function weightPath(folder: string, name: string): string {
  const path = resolve(folder, name);
  const isBelow = (parent: string, child: string) => child.startsWith(parent.endsWith(sep) ? parent : parent + sep);
  if (!isBelow(resolve(folder), path)) {
    throw new UserError(`the weight file '${name}' must lie in the folder of the model`);
  }
  let real: string;
  try {
    real = realpathSync(path);
  } catch (cause) {
    throw new UserError(`the weight file '${name}' is missing: it must lie in the folder of the model`, { cause });
  }
  if (!isBelow(realpathSync(folder), real)) {
    throw new UserError(`the weight file '${name}' must not link to a place outside the folder of the model`);
  }
  return real;
}

/** The bytes of a group's files, one after the other. */
function readGroup(folder: string, { paths, bytes }: WeightGroup): Uint8Array {
  const files = paths.map((name) => weightPath(folder, name));
  const found = files.reduce((sum, file) => sum + statSync(file).size, 0);
  const names = paths.map((name) => `'${name}'`).join(', ');
  if (found !== bytes) throw new UserError(`the weights in ${names} must take ${bytes} bytes, but take ${found}`);
  const data = new Uint8Array(bytes);
  let at = 0;
  for (const file of files) {
    const part = readBytes(file, 'the weight file');
    data.set(part, at);
    at += part.length;
  }
  return data;
}

function concatenated(parts: Uint8Array[]): ArrayBuffer {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all.buffer;
}

function readDocument(path: string): Required<Pick<ModelDocument, 'modelTopology'>> & ModelDocument {
  const document = readJson(path, 'the model') as ModelDocument | null;
  const { format, modelTopology } = typeof document === 'object' && document !== null ? document : {};
  if (format === 'graph-model') {
    throw new UserError(
      `'${path}' is a graph model, which has no layers any more; convert the original with --output_format=tfjs_layers_model`,
    );
  }
  if (typeof modelTopology !== 'object' || modelTopology === null) {
    throw new UserError(`'${path}' is not a model of TensorFlow.js: it has no modelTopology`);
  }
  return { ...document, modelTopology };
}

/**
 * Reads a model as `model.save('file://…')` and the tensorflowjs converter write it, from a `model.json` or the folder
 * that it is in; without tfjs-node.
 *
 * @throws UserError for anything else, for weight files that are missing, of another size or outside the folder.
 */
export async function readTfjsModel(path: string): Promise<tf.LayersModel> {
  const document = readDocument(path);
  const groups = readWeightManifest(document.weightsManifest, `the weightsManifest of '${basename(path)}'`);
  const weightData = concatenated(groups.map((group) => readGroup(dirname(path), group)));
  const weightSpecs: WeightSpec[] = groups.flatMap(({ weights }) => weights);
  const modelTopology = document.modelTopology as object;
  const { trainingConfig = null } = document;
  try {
    return await tf.loadLayersModel({
      load: async () => ({
        modelTopology,
        weightSpecs,
        weightData,
        ...(trainingConfig !== null && { trainingConfig }),
      }),
    });
  } catch (cause) {
    throw new UserError(`'${path}' cannot be built: ${messageOf(cause)}`, { cause });
  }
}
