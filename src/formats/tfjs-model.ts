import { FileError } from './file-error.js';
import { requireOrderedGraphs } from './model-graph.js';
import { parseJson } from './parse-json.js';
import { readWeightManifest, type WeightGroup } from './weight-manifest.js';

/** What a `model.json` of TensorFlow.js holds. */
export interface TfjsModel {
  modelTopology: object;
  /** How the model was compiled; null where it was not, or was saved without. */
  trainingConfig: object | null;
  /** Where the weights are, in which order. */
  weightGroups: WeightGroup[];
}

/**
 * Reads a `model.json` as `model.save` and the tensorflowjs converter write it.
 *
 * @throws FileError for anything else, for a graph of layers that cannot be put in order, and for weights that are not
 *   described as tfjs does.
 */
export function readTfjsModel(text: string): TfjsModel {
  const document = parseJson(text);
  const isObject = typeof document === 'object' && document !== null && !Array.isArray(document);
  const { format, modelTopology, weightsManifest, trainingConfig = null } = (isObject ? document : {}) as Json;
  if (format === 'graph-model') {
    throw new FileError(
      'the model',
      'is a graph model, which no longer has layers; convert the original with --output_format=tfjs_layers_model',
    );
  }
  if (typeof modelTopology !== 'object' || modelTopology === null) {
    throw new FileError('the document', 'is not a model of TensorFlow.js: it has no modelTopology');
  }
  if (typeof trainingConfig !== 'object') throw new FileError('trainingConfig', 'must be an object');
  requireOrderedGraphs(modelTopology, 'modelTopology');
  return { modelTopology, trainingConfig, weightGroups: readWeightManifest(weightsManifest) };
}

type Json = Record<string, unknown>;
