import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';

/** Saves a model into a new folder, passes a model loaded from there to `use`, and removes both. */
export async function withSavedCopy<Result>(
  model: tf.LayersModel,
  use: (copy: tf.LayersModel, folder: string) => Promise<Result>,
): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), 'explicit-lstm-'));
  try {
    await model.save(saveHandler(folder));
    const copy = await tf.loadLayersModel(loadHandler(folder));
    try {
      return await use(copy, folder);
    } finally {
      copy.dispose();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** tfjs-node supports `file://`; without it, these write and read the same two files. */
function saveHandler(folder: string): string | tf.io.IOHandler {
  const url = `file://${folder}`;
  if (tf.io.getSaveHandlers(url).length > 0) return url;
  return tf.io.withSaveHandler(async (artifacts) => {
    const { modelTopology, weightSpecs, weightData } = artifacts;
    const weightsManifest = [{ paths: ['weights.bin'], weights: weightSpecs }];
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'weights.bin'), Buffer.from(tf.io.CompositeArrayBuffer.join(weightData)));
    await writeFile(join(folder, 'model.json'), JSON.stringify({ modelTopology, weightsManifest }));
    return { modelArtifactsInfo: tf.io.getModelArtifactsInfoForJSON(artifacts) };
  });
}

function loadHandler(folder: string): string | tf.io.IOHandler {
  const url = `file://${join(folder, 'model.json')}`;
  if (tf.io.getLoadHandlers(url).length > 0) return url;
  return {
    load: async () => {
      const json = JSON.parse(await readFile(join(folder, 'model.json'), 'utf8')) as tf.io.ModelJSON;
      return tf.io.getModelArtifactsForJSON(json, async (manifest) => {
        const files = await Promise.all(
          manifest.flatMap(({ paths }) => paths).map((path) => readFile(join(folder, path))),
        );
        return [manifest.flatMap(({ weights }) => weights), new Uint8Array(Buffer.concat(files)).buffer];
      });
    },
  };
}
