import * as tf from '@tensorflow/tfjs';
import { A_FUNCTION, A_POSITIVE_INTEGER, checkOptions, oneOf } from '../../core/options.js';
import { FileError } from '../../formats/file-error.js';
import { type Hdf5Group, readHdf5 } from '../../formats/hdf5/read-hdf5.js';
import { parseJson } from '../../formats/parse-json.js';
import type { StoredArray } from '../../formats/stored-array.js';
import { bytesOfWeight, type WeightSpec } from '../../formats/weight-manifest.js';
import { readZip } from '../../formats/zip.js';
import { withoutRemains } from '../../host/new-variables.js';
// Registers the classes that a model may be made of.
import '../../layers/hard-sigmoid-keras3.js';
import '../../layers/lstm.js';
import '../../variants/gru-cell.js';
import './layers/activations.js';
import './layers/axis-softmax.js';
import './layers/causal-conv-1d.js';
import './layers/elementwise.js';
import './layers/fixed-normalization.js';
import './layers/mask-from.js';
import './layers/masked-average-1d.js';
import './layers/rectifier.js';
import './layers/reduction.js';
import './layers/scaled-elu.js';
import './layers/stretch-1d.js';
import './layers/tensor-slice.js';
import './layers/unit-normalization.js';
import { readTfjsFiles, type TfjsFiles } from '../read-tfjs-files.js';
import { MOST_BYTES, type OpenedSource, openSource, type Source } from '../source.js';
import { toExplicit } from '../to-explicit.js';
import { buildModel } from './build-model.js';
import { compileAsInKeras, type KerasTraining } from './compile-model.js';
import { type ModelWeights, type NamedArray, weightsByClass, weightsByLayer, weightsInTurn } from './file-weights.js';
import type { Dialect } from './identifiers.js';
import { isObject, type Json, own } from './json.js';
import { planModel, type WeightedModel } from './plan-model.js';
import { ModelReader } from './read-model.js';

/** The options of `loadKeras`. */
export interface LoadKerasOptions {
  /** Called with a sentence for each thing that is not as it was. Default: `console.warn`. */
  onNote?: (note: string) => void;
  /** What a file may be long at most, unpacked too, in bytes. Default: 2 GiB. */
  maxBytes?: number;
  /** Which function `hard_sigmoid` is. Default: that of the Keras which wrote the file. */
  hardSigmoid?: 'keras2' | 'keras3';
}

const OPTIONS = {
  onNote: A_FUNCTION,
  maxBytes: A_POSITIVE_INTEGER,
  hardSigmoid: oneOf('keras2', 'keras3'),
} satisfies Record<keyof LoadKerasOptions, unknown>;

const WHERE = 'loadKeras';

/** What a file says of its model, before any of it is understood. */
interface Document {
  config: unknown;
  version: string;
  /** Finds the weights, once it is known which there must be. */
  weights(model: WeightedModel): ModelWeights;
  training: Pick<KerasTraining, 'config' | 'memory'>;
}

/**
 * Opens a model that Keras saved, with explicit LSTMs: `.keras` archives of Keras 2.13 and later, `.h5` files of whole models
 * since Keras 2.0, and what the tensorflowjs converter makes of either, a `model.json`; also one that tfjs itself saved.
 *
 * ```ts
 * const model = await loadKeras('model.keras', { onNote: (note) => console.log(note) });
 * model.summary();
 * ```
 *
 * The model computes what it computed in Keras, masks as Keras treats them included, or it is refused as a whole, by the
 * name of the layer, before anything is built. It is a `tf.Sequential` or a `tf.LayersModel` of tfjs's layers and this
 * package's, with the names that the layers have in Keras where tfjs allows them, and can be trained, saved and loaded as
 * any other. No initializer runs, and nothing takes more memory than the file has weights.
 *
 * A model that was compiled is compiled here too, and what its optimizer remembered comes along from `.keras` files of
 * Keras 3, so that training goes on.
 *
 * `onNote` is told of what is not as it was: a layer that needed another name, a dtype that is float32 here, a metric that
 * tfjs lacks.
 *
 * @param source A path (in Node), an address, or the bytes.
 * @returns The model; the caller disposes it.
 * @throws RangeError for a source or an option that breaks its rule. FileError for all that is wrong with the file: what is
 *   damaged, too long, or contradicts itself, and layers that cannot be computed here. Nothing is left behind then.
 * @category Keras
 */
export async function loadKeras(source: Source, options: LoadKerasOptions = {}): Promise<tf.LayersModel> {
  checkOptions(WHERE, options, OPTIONS);
  const { onNote = (note) => console.warn(note), maxBytes = MOST_BYTES } = options;
  const opened = await openSource(WHERE, source, maxBytes);
  try {
    const notes: string[] = [];
    const model = await load(opened, options, maxBytes, (note) => notes.push(note));
    for (const note of notes) onNote(`${WHERE}: ${note}`);
    return model;
  } catch (error) {
    throw error instanceof FileError ? error.inFile(opened.name) : error;
  }
}

async function load(
  opened: OpenedSource,
  options: LoadKerasOptions,
  maxBytes: number,
  note: (text: string) => void,
): Promise<tf.LayersModel> {
  const document = FIRST_BRACE.test(latin1(opened.bytes.subarray(0, 16)))
    ? await readModelJson(opened, maxBytes)
    : readDocument(opened.bytes, maxBytes);
  if (document instanceof OrdinaryModel) return document.load();
  const version = document.version.startsWith('3') ? 3 : 2;
  const dialect: Dialect = { version, hardSigmoid: options.hardSigmoid ?? `keras${version}`, note };
  const plan = planModel(new ModelReader(version).read(document.config), dialect);
  return withoutRemains(
    () => {
      const model = buildModel(plan.model, document.weights(plan.weights));
      compileAsInKeras(model, { ...document.training, layerNames: plan.weights.layers.map(({ name }) => name) }, note);
      return model;
    },
    () => {},
  );
}

const FIRST_BRACE = /^(?:\u00ef\u00bb\u00bf)?\s*\{/;
const latin1 = (bytes: Uint8Array) => String.fromCharCode(...bytes);

/** A model that tfjs saved itself, and loads. */
class OrdinaryModel {
  constructor(private readonly files: TfjsFiles) {}

  async load(): Promise<tf.LayersModel> {
    const { modelTopology, trainingConfig, weightGroups, weightData } = this.files;
    const weightSpecs = weightGroups.flatMap(({ weights }) => weights);
    const artifacts: tf.io.ModelArtifacts = { modelTopology, weightSpecs, weightData };
    if (trainingConfig !== null) artifacts.trainingConfig = trainingConfig as tf.io.TrainingConfig;
    const model = await builtByTfjs(artifacts);
    try {
      return toExplicit(model, { onNote: () => {} });
    } finally {
      model.dispose();
    }
  }
}

async function builtByTfjs(artifacts: tf.io.ModelArtifacts): Promise<tf.LayersModel> {
  try {
    return await tf.loadLayersModel({ load: async () => artifacts });
  } catch (cause) {
    const reason = String((cause as Error).message)
      .split('\n')[0]
      ?.slice(0, 300);
    throw new FileError('the model', `cannot be built by tfjs: ${reason}`, { cause });
  }
}

/** A `model.json`: of tfjs's own, or with what a converter found in Keras's file. */
async function readModelJson(opened: OpenedSource, maxBytes: number): Promise<Document | OrdinaryModel> {
  const files = await readTfjsFiles(opened, maxBytes);
  const topology = files.modelTopology as Json;
  const version = own(topology, 'keras_version');
  if (typeof version !== 'string' || !/^\d/.test(version)) return new OrdinaryModel(files);
  const config = own(topology, 'model_config') ?? topology;
  const training = { config: own(topology, 'training_config') ?? null, memory: null };
  return { config, version, weights: (model) => weightsInTurn(arraysOf(files), model), training };
}

/** The weights of a `model.json` in turn. */
function arraysOf({ weightGroups, weightData }: TfjsFiles): NamedArray[] {
  let at = 0;
  return weightGroups.flatMap(({ weights }) =>
    weights.map((spec) => {
      const start = at;
      at += bytesOfWeight(spec);
      const bytes = weightData.slice(start, at);
      return {
        name: spec.name,
        place: `the weight '${spec.name}'`,
        shape: spec.shape,
        read: () => decoded(spec, bytes),
      };
    }),
  );
}

/** A weight as tfjs decodes it, quantized ones too. */
function decoded(spec: WeightSpec, bytes: ArrayBuffer): StoredArray {
  const { [spec.name]: tensor } = tf.io.decodeWeights(bytes, [spec as tf.io.WeightsManifestEntry]);
  const data = Float32Array.from((tensor as tf.Tensor).dataSync());
  tf.dispose(tensor);
  return { dtype: 'float32', shape: spec.shape, data };
}

function readDocument(bytes: Uint8Array, maxBytes: number): Document {
  if (bytes[0] === 0x50 && bytes[1] === 0x4b) return readArchive(bytes, maxBytes);
  if (bytes[0] === 0x89 && bytes[1] === 0x48) return readWholeHdf5(readHdf5(bytes, { maxBytes }));
  throw new FileError('the file', 'is none of the formats of Keras: a .keras archive, an .h5 file or a model.json');
}

const UTF8 = new TextDecoder('utf-8', { fatal: true });

function readText(bytes: Uint8Array, place: string): string {
  try {
    return UTF8.decode(bytes);
  } catch (cause) {
    throw new FileError(place, 'must be text in UTF-8', { cause });
  }
}

/** A `.keras` archive: two JSON documents, and the weights as HDF5. */
function readArchive(bytes: Uint8Array, maxBytes: number): Document {
  const archive = readZip(bytes, { maxBytes });
  const entry = (name: string) => {
    if (archive.has(name)) return archive.read(name);
    throw new FileError('the archive', `must have an entry '${name}', as Keras writes it`);
  };
  const config = parseJson(readText(entry('config.json'), 'config.json'));
  const metadata = parseJson(readText(entry('metadata.json'), 'metadata.json'));
  const version = isObject(metadata) ? own(metadata, 'keras_version') : undefined;
  if (typeof version !== 'string') throw new FileError('metadata.json: keras_version', 'must be a version');
  const root = readHdf5(entry('model.weights.h5'), { maxBytes });
  const optimizer = root.names.includes('optimizer') ? root.get('optimizer') : undefined;
  const memory = optimizer?.kind === 'group' && version.startsWith('3') ? optimizer : null;
  const training = { config: isObject(config) ? own(config, 'compile_config') : null, memory };
  return { config, version, weights: (model) => weightsByClass(root, model), training };
}

/** A whole model as HDF5: its config in an attribute. */
function readWholeHdf5(root: Hdf5Group): Document {
  const text = root.attribute('model_config');
  if (typeof text !== 'string') {
    const advice = 'it may hold weights only: loadKerasWeights reads them into a model that you have';
    throw new FileError('the file', 'has no attribute model_config, and so no model', { advice });
  }
  const version = root.attribute('keras_version') ?? '2';
  const compiled = root.attribute('training_config');
  return {
    config: parseJson(text),
    version: String(version),
    weights: (model) => weightsByLayer(root, model),
    training: { config: typeof compiled === 'string' ? parseJson(compiled) : null, memory: null },
  };
}
