import { statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { saveKeras } from '../../convert/keras/save-keras.js';
import { writeOnnx } from '../../convert/onnx/write-onnx.js';
import { toBuiltIn } from '../../convert/to-built-in.js';
import { writeTorch } from '../../convert/torch/write-torch.js';
import { writeTfjsModel } from '../../formats/tfjs-model.js';
import { findLSTMs } from '../../inspect/model/find-lstms.js';
import type { Selection } from '../formats/choose-module.js';
import { neededImports } from '../needed-imports.js';
import type { Progress } from '../progress.js';
import { layerAt } from '../readers/layer-at.js';
import { readModel } from '../readers/read-model.js';
import { UserError } from '../user-error.js';
import { requirePlaceFor, writeFiles } from '../write-files.js';

/** What can be written. */
export const TARGETS = ['tfjs', 'keras', 'onnx', 'safetensors'] as const;
export type Target = (typeof TARGETS)[number];

export interface ConvertOptions extends Selection {
  to: Target;
  /** Which layers are written, by their names or paths; only for what holds layers. */
  layer?: string[];
  /** Whether built-in LSTMs take the places of explicit ones. */
  builtIn?: boolean;
  /** Whether files that are there may be replaced. */
  force?: boolean;
}

/** What is to be written, by path, and a sentence about it. */
interface Written {
  files: Map<string, Uint8Array>;
  about: string;
}

/**
 * Converts a model, or the LSTMs of one, to another format.
 *
 * @param out A file; for tfjs a folder.
 * @returns What was written, in words.
 * @throws UserError for files that are none, or that are there already, and for options that do not fit. FileError for a
 *   damaged file. RangeError for layers that the format cannot hold.
 */
export async function convert(
  path: string,
  out: string,
  options: ConvertOptions,
  progress: Progress,
  onNote: (note: string) => void,
): Promise<string> {
  const { to, layer, builtIn = false, force = false } = options;
  const holdsLayers = to === 'onnx' || to === 'safetensors';
  if (layer !== undefined && !holdsLayers)
    throw new UserError(`--layer is for onnx and safetensors, but not for ${to}`);
  if (builtIn && to !== 'tfjs') throw new UserError(`--built-in is for tfjs, but not for ${to}`);
  const places = to === 'tfjs' ? tfjsPlaces(out) : [out];
  for (const place of places) requirePlaceFor('the file', place, force);
  progress.reading(path);
  const model = await readModel(path, { selection: options, onNote });
  try {
    progress.step(`converting ${model.name}`);
    const written = await CONVERTERS[to](model, out, { layers: layer ?? [], builtIn, onNote });
    progress.step(`writing ${out}`);
    writeFiles('the file', written.files);
    const bytes = [...written.files.values()].reduce((sum, { length }) => sum + length, 0);
    return `${out}: ${Math.ceil(bytes / 1000)} kB${written.about}`;
  } finally {
    model.dispose();
  }
}

interface Conversion {
  layers: readonly string[];
  builtIn: boolean;
  onNote: (note: string) => void;
}

const CONVERTERS: Record<Target, (model: tf.LayersModel, out: string, options: Conversion) => Promise<Written>> = {
  tfjs: toTfjs,
  keras: async (model, out, { onNote }) => {
    return { files: new Map([[out, await saveKeras(model, { onNote })]]), about: ', for Keras 3' };
  },
  onnx: toOnnx,
  safetensors: async (model, out, { layers }) => {
    const chosen = chooseLayers(model, layers);
    return { files: new Map([[out, writeTorch(chosen)]]), about: `, ${namesOf(chosen)}` };
  },
};

function tfjsFolder(out: string): string {
  if (basename(out) === 'model.json') return dirname(out);
  if (/\.\w*json$/i.test(out)) throw new UserError(`for tfjs name a folder, not '${out}'`);
  return out;
}

/** The files of a model in a folder that need not be there yet. */
function tfjsPlaces(out: string): string[] {
  const folder = tfjsFolder(out);
  const found = statSync(folder, { throwIfNoEntry: false });
  if (found?.isFile()) throw new UserError(`for tfjs name a folder, but '${folder}' is a file`);
  if (found !== undefined) {
    return ['model.json', 'weights.bin'].map((name) => join(folder, name));
  }
  return [folder];
}

async function toTfjs(model: tf.LayersModel, out: string, { builtIn, onNote }: Conversion): Promise<Written> {
  const converted = builtIn ? toBuiltIn(model, { onNote }) : model;
  try {
    const artifacts = await artifactsOf(converted);
    const { modelTopology, trainingConfig, weightSpecs = [], weightData, generatedBy, userDefinedMetadata } = artifacts;
    const files = writeTfjsModel({
      generatedBy,
      modelTopology: modelTopology as object,
      trainingConfig,
      userDefinedMetadata,
      weightSpecs,
      weightData: new Uint8Array(await new Blob([weightData ?? []].flat()).arrayBuffer()),
    });
    const folder = tfjsFolder(out);
    // The weights first: a model.json that is there is one that can be read.
    const names = ['weights.bin', 'model.json'] as const;
    const imports = neededImports(modelTopology as object);
    const instead = imports.join() === 'explicit-lstm' && !builtIn ? ', or convert it with --built-in' : '';
    const about = imports.length === 0 ? '' : `; import ${imports.join(' and ')} before loading it${instead}`;
    return { files: new Map(names.map((name) => [join(folder, name), files[name]])), about };
  } finally {
    if (converted !== model) converted.dispose();
  }
}

async function artifactsOf(model: tf.LayersModel): Promise<tf.io.ModelArtifacts> {
  let saved: tf.io.ModelArtifacts = {};
  const handler = tf.io.withSaveHandler(async (artifacts) => {
    saved = artifacts;
    return { modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: 'JSON' } };
  });
  await model.save(handler, { includeOptimizer: true });
  return saved;
}

async function toOnnx(model: tf.LayersModel, out: string, { layers, onNote }: Conversion): Promise<Written> {
  const whole = layers.length === 0 ? chainOf(model) : null;
  if (whole !== null && whole.length > 0) {
    try {
      return { files: new Map([[out, writeOnnx(whole)]]), about: `, ${namesOf(whole)}` };
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      onNote(`the file has the LSTMs only: ${error.message}`);
    }
  }
  const chosen = chooseLayers(model, layers);
  if (layers.length === 0 && whole === null) {
    onNote('the file has the LSTMs only: the model is no chain of layers from one input to one output');
  }
  return { files: new Map([[out, writeOnnx(chosen)]]), about: `, ${namesOf(chosen)}` };
}

function namesOf(layers: readonly tf.layers.Layer[]): string {
  return `${layers.length === 1 ? 'layer' : 'layers'} ${layers.map(({ name }) => name).join(', ')}`;
}

/** The layers of a model in which each reads what the one before it puts out, and nothing else; null for any other model. */
function chainOf(model: tf.LayersModel): tf.layers.Layer[] | null {
  if (model.inputs.length > 1 || model.outputs.length > 1) return null;
  const layers = model.layers.filter((layer) => layer.getClassName() !== 'InputLayer');
  return layers.every((layer, n) => n === 0 || readsFrom(layer, layers[n - 1] as tf.layers.Layer)) ? layers : null;
}

/** The layers of these names; without names, the LSTMs of a model, which must be one or a stack. */
function chooseLayers(model: tf.LayersModel, names: readonly string[]): tf.layers.Layer[] {
  if (names.length > 0) return names.map((name) => layerAt(model, name));
  const found = [...new Set(findLSTMs(model).map(({ layerName }) => layerName))];
  if (found.length === 0) throw new UserError(`the model '${model.name}' has no LSTM`);
  const layers = found.map((name) => layerAt(model, name));
  if (layers.every((layer, n) => n === 0 || readsFrom(layer, layers[n - 1] as tf.layers.Layer))) return layers;
  const listed = found.map((name) => `'${name}'`).join(', ');
  throw new UserError(
    `the model '${model.name}' has ${found.length} LSTMs that are no stack; choose by --layer: ${listed}`,
  );
}

/** Without effect when a model is used. */
const INERT = ['Dropout', 'SpatialDropout1D', 'GaussianDropout', 'GaussianNoise', 'AlphaDropout'];

/** Whether a layer is called once, on the output of another. */
function readsFrom(layer: tf.layers.Layer, other: tf.layers.Layer): boolean {
  const [node, second] = layer.inboundNodes;
  const [source, more] = node?.inboundLayers ?? [];
  if (source === undefined || more !== undefined || second !== undefined) return false;
  return source === other || (INERT.includes(source.getClassName()) && readsFrom(source, other));
}
