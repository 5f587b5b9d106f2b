import * as tf from '@tensorflow/tfjs';
import { loadKeras } from '../../convert/keras/load-keras.js';
import { readTfjsFiles } from '../../convert/read-tfjs-files.js';
import { openSource } from '../../convert/source.js';
import { FileError } from '../../formats/file-error.js';
import { readTfjsModel, type TfjsModel } from '../../formats/tfjs-model.js';
// Registers this package's classes.
import '../../index.js';
import { inFile } from '../in-file.js';
import { messageOf } from '../user-error.js';
import type { FileFormat, OpenedFile } from './file-format.js';

const FIRST_BRACE = /^[\s\ufeff]*\{/;

/** `model.json` of `model.save`, or of the tensorflowjs converter. */
export const TFJS: FileFormat = {
  title: 'TensorFlow.js (model.json)',
  endings: ['.json'],
  recognizes: ({ start }) => FIRST_BRACE.test(new TextDecoder().decode(start.subarray(0, 16))),
  open,
};

async function open(path: string): Promise<OpenedFile> {
  const opened = await openSource('explicit-lstm', path);
  const { name, bytes } = opened;
  const model = await inFile(name, () => readTfjsModel(bytes));
  return {
    kind: 'model',
    format: 'TensorFlow.js model',
    writtenBy: writtenBy(model),
    // What a converter made of a model of Keras, tfjs itself reads wrongly, or not at all.
    load: async (onNote) => {
      if (isOfKeras(model)) return loadKeras(path, { onNote });
      const { modelTopology, trainingConfig, weightGroups, weightData } = await readTfjsFiles(opened);
      const weightSpecs = weightGroups.flatMap(({ weights }) => weights);
      const artifacts: tf.io.ModelArtifacts = { modelTopology, weightSpecs, weightData };
      if (trainingConfig !== null) artifacts.trainingConfig = trainingConfig as tf.io.TrainingConfig;
      try {
        return await tf.loadLayersModel({ load: async () => artifacts });
      } catch (cause) {
        throw new FileError('the model', `cannot be built: ${messageOf(cause)}`, { file: name, cause });
      }
    },
  };
}

function isOfKeras({ modelTopology }: TfjsModel): boolean {
  const { keras_version: version } = modelTopology as { keras_version?: unknown };
  return typeof version === 'string' && /^\d/.test(version);
}

/** `keras v3.15.1, converted by TensorFlow.js Converter v4.22.0` */
function writtenBy({ generatedBy, convertedBy }: TfjsModel): string | null {
  if (convertedBy === null) return generatedBy;
  return `${generatedBy ?? 'an unknown program'}, converted by ${convertedBy}`;
}
