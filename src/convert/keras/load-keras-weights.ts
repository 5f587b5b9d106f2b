import * as tf from '@tensorflow/tfjs';
import { invalidArgument } from '../../core/errors.js';
import { A_POSITIVE_INTEGER, checkOptions, oneOf } from '../../core/options.js';
import { FileError } from '../../formats/file-error.js';
import { type Hdf5Group, readHdf5 } from '../../formats/hdf5/read-hdf5.js';
import { readZip } from '../../formats/zip.js';
import { assignUnconstrained } from '../../host/constrained-weight.js';
import { MOST_BYTES, openSource, type Source } from '../source.js';
import { fromCuDNN } from './build-model.js';
import { type FileArray, namedArrays, weightsByClass, weightsByLayer } from './file-weights.js';
import { HARD_SIGMOID_SCALE, hardSigmoidsOf, type Scaling, scaleWeight } from './hard-sigmoid-scale.js';
import { requireBuilt, weightsOfModel } from './model-weights.js';
import type { WeightedModel } from './plan-model.js';
import type { WeightOwner } from './translate-layer.js';

type Layer = tf.layers.Layer;

/** The options of `loadKerasWeights`. */
export interface LoadKerasWeightsOptions {
  /**
   * Which function `hard_sigmoid` was where the weights were trained: a file of weights does not say. Where the model's
   * layers have the other one, their weights are scaled so that they compute what they computed there. Default: the model's
   * own, so that nothing is scaled.
   */
  hardSigmoid?: 'keras2' | 'keras3';
  /** What a file may be long at most, unpacked too, in bytes. Default: 2 GiB. */
  maxBytes?: number;
}

const OPTIONS = {
  hardSigmoid: oneOf('keras2', 'keras3'),
  maxBytes: A_POSITIVE_INTEGER,
} satisfies Record<keyof LoadKerasWeightsOptions, unknown>;

const WHERE = 'loadKerasWeights';

/**
 * Gives a model the weights that Keras saved of the same model: of a `.weights.h5`, of an `.h5` of weights or of a whole
 * model, or of a `.keras` archive. Its LSTMs may be explicit or built-in; a file of `CuDNNLSTM` will do.
 *
 * ```ts
 * await writeFile('trained.keras', await saveKeras(model));
 * await loadKerasWeights(model, 'trained.keras');
 * ```
 *
 * `.weights.h5` names layers by their class and number, `lstm_1`: the model's layers must come in the order of Keras's. The
 * older `.h5` names layers; where the model's have other names, they are taken in order too, as Keras does it.
 *
 * @param model Sequential or functional, and built.
 * @throws RangeError for arguments that break their rule, and where `hardSigmoid` asks for a function in a place that no
 *   scaling of weights can replace. FileError for what is no such file, and for weights that are not the model's: nothing is
 *   changed then.
 * @category Keras
 */
export async function loadKerasWeights(
  model: tf.LayersModel,
  source: Source,
  options: LoadKerasWeightsOptions = {},
): Promise<void> {
  checkOptions(WHERE, options, OPTIONS);
  const { hardSigmoid, maxBytes = MOST_BYTES } = options;
  requireBuilt(WHERE, model);
  const { model: described, layerOf } = weightsOfModel(model);
  const scalings = scalingsOf(layerOf, hardSigmoid);
  const opened = await openSource(WHERE, source, maxBytes);
  try {
    const found = findWeights(openWeights(opened.bytes, maxBytes), described);
    const pairs = [...layerOf].flatMap(([owner, layer]) => pairsOf(owner, layer, found.get(owner)?.[0] ?? []));
    // All is read before anything is changed.
    const values = pairs.map(({ array, layer, weight, cuDNN }) => {
      const stored = floats(array);
      const numbers = cuDNN === null ? stored : fromCuDNN(cuDNN.kind, cuDNN.role, stored, weight.shape as number[]);
      const scaling = scalings.get(layer);
      return scaling === undefined
        ? numbers
        : scaleWeight(numbers, weight.shape as number[], layer, scaling.of, scaling.factor);
    });
    for (const [index, { weight }] of pairs.entries()) {
      tf.tidy(() =>
        assignUnconstrained(weight, tf.tensor(values[index] as Float32Array, weight.shape as number[], 'float32')),
      );
    }
  } catch (error) {
    throw error instanceof FileError ? error.inFile(opened.name) : error;
  }
}

function openWeights(bytes: Uint8Array, maxBytes: number): Hdf5Group {
  const isArchive = bytes[0] === 0x50 && bytes[1] === 0x4b;
  if (!isArchive) return readHdf5(bytes, { maxBytes });
  const archive = readZip(bytes, { maxBytes });
  return readHdf5(archive.read('model.weights.h5'), { maxBytes });
}

const FIELDS_OF_LAYERS = ['layers', '_layer_checkpoint_dependencies'];

function findWeights(root: Hdf5Group, model: WeightedModel): ReadonlyMap<WeightOwner, FileArray[][]> {
  const group = root.get('model_weights') ?? root;
  const names = group.kind === 'group' ? layerNames(group) : [];
  if (group.kind === 'group' && names.length > 0) return weightsByLayer(root, inFilesNames(group, names, model));
  if (FIELDS_OF_LAYERS.some((name) => root.names.includes(name))) return weightsByClass(root, model);
  const advice = 'save it by model.save_weights in Keras';
  throw new FileError('the file', 'has no weights of layers, as Keras writes them', { advice });
}

/** A list that is too long for one attribute is in several. */
function layerNames(group: Hdf5Group): string[] {
  const whole = group.attribute('layer_names');
  if (whole !== undefined) return [whole].flat().map(String);
  const names: string[] = [];
  for (let n = 0; ; n++) {
    const part = group.attribute(`layer_names${n}`);
    if (part === undefined) return names;
    names.push(...[part].flat().map(String));
  }
}

/** The model with the file's names for its layers: the same ones, or those of the layers with weights in turn. */
function inFilesNames(group: Hdf5Group, names: readonly string[], model: WeightedModel): WeightedModel {
  const withWeights = model.layers.filter(({ content }) => countOf(content) > 0);
  if (withWeights.every(({ name }) => names.includes(name))) return model;
  const inFile = names.filter((name) => {
    const found = group.get(name);
    return found?.kind === 'group' && namedArrays(found).length > 0;
  });
  if (inFile.length !== withWeights.length) {
    const rule = `has weights of ${inFile.length} layers, but the model has ${withWeights.length} with weights`;
    throw new FileError('the file', rule, { advice: 'build the model as it was in Keras' });
  }
  const layers = model.layers.map((layer) => {
    const index = withWeights.indexOf(layer);
    return index === -1 ? layer : { ...layer, name: inFile[index] as string };
  });
  return { ...model, layers };
}

function countOf(content: WeightOwner | WeightedModel): number {
  if ('layers' in content) return content.layers.reduce((sum, layer) => sum + countOf(layer.content), 0);
  return content.names.length + content.parts.reduce((sum, { owner }) => sum + countOf(owner), 0);
}

interface Pair {
  layer: Layer;
  weight: tf.LayerVariable;
  array: FileArray;
  cuDNN: { kind: 'LSTM' | 'GRU'; role: string } | null;
}

function pairsOf(owner: WeightOwner, layer: Layer, arrays: readonly FileArray[]): Pair[] {
  const cuDNN = kindOfCuDNN(arrays);
  return owner.names.map((name, index) => {
    const [weight, array] = [layer.weights[index], arrays[index]];
    if (weight === undefined || array === undefined)
      throw new FileError(owner.place, `must have the weight ${name} in the file`);
    const shape = weight.shape as number[];
    const isBiasOfCuDNN = cuDNN !== null && index === 2;
    const expected = isBiasOfCuDNN
      ? [cuDNN === 'LSTM' ? 2 * (shape[0] as number) : shape.reduce((a, b) => a * b)]
      : shape;
    if (expected.join() !== array.shape.join()) {
      const rule = `must be of the shape [${expected.join(', ')}] in the file, as the model has it, but is [${array.shape.join(', ')}]`;
      throw new FileError(`${owner.place}: ${name}`, rule, { advice: 'build the model as it was in Keras' });
    }
    return {
      layer,
      weight,
      array,
      cuDNN: cuDNN === null ? null : { kind: cuDNN, role: index === 2 ? 'bias' : 'kernel' },
    };
  });
}

/** Only a bias of twice the length gives away that the weights are those of Keras 2's layers of CuDNN. */
function kindOfCuDNN(arrays: readonly FileArray[]): 'LSTM' | 'GRU' | null {
  const [, recurrentKernel, bias] = arrays;
  if (arrays.length !== 3 || recurrentKernel?.shape.length !== 2 || bias?.shape.length !== 1) return null;
  const [units, columns] = recurrentKernel.shape as [number, number];
  if (bias.shape[0] !== 2 * columns) return null;
  if (columns === 4 * units) return 'LSTM';
  return columns === 3 * units ? 'GRU' : null;
}

function floats(array: FileArray): Float32Array {
  const { data } = array.read();
  return data instanceof Float32Array ? data : Float32Array.from(data as ArrayLike<number>, Number);
}

interface Scaled {
  of: Scaling;
  factor: number;
}

/** Which layers have another hard sigmoid than the weights were trained with. */
function scalingsOf(
  layerOf: ReadonlyMap<WeightOwner, Layer>,
  trainedWith: 'keras2' | 'keras3' | undefined,
): Map<Layer, Scaled> {
  const scalings = new Map<Layer, Scaled>();
  if (trainedWith === undefined) return scalings;
  for (const [{ parts }, layer] of layerOf) {
    if (parts.length > 0) continue;
    for (const { argument, isKeras3, scaling } of hardSigmoidsOf(layer)) {
      if (isKeras3 === (trainedWith === 'keras3')) continue;
      if (scaling === null) {
        const name = trainedWith === 'keras3' ? 'hardSigmoidKeras3' : 'hardSigmoid';
        const rule = `${argument} must be '${name}' itself, as no scaling of weights replaces it there`;
        throw invalidArgument(WHERE, rule, layer.getConfig()[argument], { layer: layer.name });
      }
      scalings.set(layer, { of: scaling, factor: isKeras3 ? HARD_SIGMOID_SCALE : 1 / HARD_SIGMOID_SCALE });
    }
  }
  return scalings;
}
