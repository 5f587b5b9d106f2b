import { basename } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { chooseModule, requireFitting, type Selection } from '../formats/choose-module.js';
import type { StoredModule } from '../formats/file-format.js';
import { openFile } from '../formats/formats.js';

/** How a file becomes a model. */
export interface ReadModelOptions {
  /** Which LSTM of a file of weights. */
  selection?: Selection;
  /** Is told what is not as it was where the model was made. */
  onNote: (note: string) => void;
}

/**
 * Reads a model of any known format; of a folder its `model.json`; of a file of weights, the model of one LSTM in it.
 *
 * @returns The model; the caller disposes it.
 * @throws UserError for a file that is no model, or where it is not clear which LSTM is meant. FileError for a file that is
 *   damaged, and for a model that cannot be built.
 */
export async function readModel(path: string, { selection = {}, onNote }: ReadModelOptions): Promise<tf.LayersModel> {
  const file = await openFile(path);
  requireFitting(path, file, selection);
  if (file.kind === 'model') return file.load(onNote);
  const module = chooseModule(path, file, selection);
  const model = await modelOf(module, path);
  if (module.note !== null) onNote(module.note);
  return model;
}

/** A model of nothing but these layers. */
async function modelOf(module: StoredModule, path: string): Promise<tf.Sequential> {
  const layers = await module.toLayers();
  try {
    const input = tf.layers.inputLayer({ inputShape: [null, module.features as number], name: 'x' });
    return tf.sequential({
      name: nameOf(module.name) ?? nameOf(basename(path)) ?? 'model',
      layers: [input, ...layers],
    });
  } catch (error) {
    tf.dispose(layers.flatMap((layer) => layer.getWeights()));
    throw error;
  }
}

/** A name that tfjs takes; null where nothing is left of it. */
function nameOf(text: string): string | null {
  const name = text.replaceAll(/[^-\w./]+/g, '_').replace(/^[^A-Za-z0-9]+|[^A-Za-z0-9]+$/g, '');
  return name === '' ? null : name;
}
