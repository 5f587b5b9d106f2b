import { FileError } from './file-error.js';
import { requireOrderedGraphs } from './model-graph.js';
import { parseJson } from './parse-json.js';
import { readWeightManifest, type WeightGroup } from './weight-manifest.js';

type Json = Record<string, unknown>;

/** What a `model.json` of TensorFlow.js holds. */
export interface TfjsModel {
  /** What wrote the model, and what converted it to this format; null where the document does not say. */
  generatedBy: string | null;
  convertedBy: string | null;
  modelTopology: object;
  /** How the model was compiled; null where it was not, or was saved without. */
  trainingConfig: object | null;
  /** Where the weights are, in which order. */
  weightGroups: WeightGroup[];
}

/** A model as files, by their names. */
export interface TfjsFileContents {
  /** The topology, and where the weights are. */
  'model.json': Uint8Array;
  'weights.bin': Uint8Array;
}

/** What a model is saved as; the names are those of tfjs. */
export interface TfjsModelToWrite {
  generatedBy?: string | undefined;
  modelTopology: object;
  trainingConfig?: object | undefined;
  userDefinedMetadata?: object | undefined;
  weightSpecs: readonly object[];
  /** The weights' bytes, in the order of `weightSpecs`. */
  weightData: Uint8Array;
}

/** Writes the files that `model.save('file://…')` of tfjs-node writes. */
export function writeTfjsModel({ weightSpecs, weightData, ...model }: TfjsModelToWrite): TfjsFileContents {
  const weightsManifest = [{ paths: ['weights.bin'], weights: weightSpecs }];
  const document = { format: 'layers-model', convertedBy: null, ...model, weightsManifest };
  return { 'model.json': new TextEncoder().encode(JSON.stringify(document)), 'weights.bin': weightData };
}

/**
 * Reads a `model.json` as `model.save` and the tensorflowjs converter write it.
 *
 * @throws FileError for anything else, for a graph of layers that cannot be put in order, and for weights that are not
 *   described as tfjs does.
 */
export function readTfjsModel(text: string | Uint8Array): TfjsModel {
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
  const { generatedBy, convertedBy } = document as Json;
  return {
    generatedBy: textOrNull(generatedBy),
    convertedBy: textOrNull(convertedBy),
    modelTopology,
    trainingConfig,
    weightGroups: readWeightManifest(weightsManifest),
  };
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
