import type * as tf from '@tensorflow/tfjs';
import { A_FUNCTION, checkOptions } from '../../core/options.js';
import { type Hdf5Tree, writeHdf5 } from '../../formats/hdf5/write-hdf5.js';
import type { StoredArray } from '../../formats/stored-array.js';
import { writeZip } from '../../formats/zip.js';
import type { Describing } from './describe-layer.js';
import { describeModel } from './describe-model.js';
import { Counter } from './file-weights.js';
import { HARD_SIGMOID_SCALE, type Scaling, scaleWeight } from './hard-sigmoid-scale.js';
import { snakeCase } from './json.js';
import { requireBuilt, weightsOfModel } from './model-weights.js';
import type { WeightedModel } from './plan-model.js';
import type { WeightOwner } from './translate-layer.js';

type Layer = tf.layers.Layer;

/** The options of `saveKeras`. */
export interface SaveKerasOptions {
  /** Called with a sentence for each thing that is not as it was. Default: `console.warn`. */
  onNote?: (note: string) => void;
}

const OPTIONS = { onNote: A_FUNCTION } satisfies Record<keyof SaveKerasOptions, unknown>;

const WHERE = 'saveKeras';
/** The newest whose reader was tried. */
const KERAS_VERSION = '3.15.1';

/**
 * Writes a model as Keras 3 does, as a `.keras` archive that Keras opens and that predicts the same there.
 *
 * ```ts
 * await writeFile('mine.keras', await saveKeras(model));
 * ```
 *
 * An LSTM, explicit or built-in, is Keras's LSTM; a model of any layers that Keras has, nested ones and shared ones too, is
 * the same model. tfjs's `hardSigmoid`, the default of an LSTM, is not among Keras 3's activations: there it becomes
 * `hard_sigmoid` with weights 1.2 times as large, which computes the same, and of which a note is given. Training it further
 * then takes other steps.
 *
 * @param model Sequential or functional.
 * @returns The bytes of the archive.
 * @throws RangeError for a model that has not been built, or that has what Keras cannot represent: layers of other classes,
 *   `returnGates`, zoneout, cells of the variants. The message names the layer.
 * @category Keras
 */
export async function saveKeras(model: tf.LayersModel, options: SaveKerasOptions = {}): Promise<Uint8Array> {
  checkOptions(WHERE, options, OPTIONS);
  const { onNote = (note) => console.warn(note) } = options;
  requireBuilt(WHERE, model);
  const notes: string[] = [];
  const describing: Describing = {
    where: WHERE,
    scaled: new Map(),
    unrolled: new Set(),
    note: (text) => notes.push(text),
  };
  const { document, layersOf } = describeModel(model, describing);
  const { tree, all } = gatherWeights(model, layersOf);
  if (describing.scaled.size > 0) notes.push(noteOfScaling(describing.scaled));
  await readWeights(all, describing.scaled);
  for (const note of notes) onNote(`${WHERE}: ${note}`);
  const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
  return writeZip([
    ['metadata.json', json({ keras_version: KERAS_VERSION })],
    ['config.json', json(document)],
    ['model.weights.h5', writeHdf5(tree)],
  ]);
}

/** A weight on its way into the file. */
interface Gathered {
  into: Map<string, StoredArray>;
  name: string;
  weight: tf.Tensor;
  layer: Layer;
}

/** Puts the weights where Keras will look for them. */
function gatherWeights(
  model: tf.LayersModel,
  layersOf: ReadonlyMap<tf.LayersModel, Layer[]>,
): { tree: Hdf5Tree; all: Gathered[] } {
  const { model: described, layerOf } = weightsOfModel(model, (of) => layersOf.get(of) as Layer[]);
  const all: Gathered[] = [];
  const ofModel = ({ layers }: WeightedModel): Hdf5Tree => {
    const counter = new Counter();
    const groups = new Map<string, Hdf5Tree>();
    for (const { className, content } of layers) {
      groups.set(counter.next(snakeCase(className)), 'layers' in content ? ofModel(content) : ofOwner(content));
    }
    return { groups: new Map([['layers', { groups }], EMPTY]) };
  };
  const ofOwner = (owner: WeightOwner): Hdf5Tree => {
    const layer = layerOf.get(owner) as Layer;
    const vars = new Map<string, StoredArray>();
    for (const index of owner.names.keys()) {
      const weight = (layer.weights[index] as tf.LayerVariable).read();
      all.push({ into: vars, name: String(index), weight, layer });
    }
    const groups = new Map<string, Hdf5Tree>([['vars', { datasets: vars }]]);
    const counter = new Counter();
    for (const { inKeras, index, owner: inner } of owner.parts) {
      if (index === undefined) groups.set(inKeras, ofOwner(inner));
      else listed(groups, inKeras).set(counter.next(snakeCase(inner.className)), ofOwner(inner));
    }
    return { groups };
  };
  return { tree: ofModel(described), all };
}

/** Every group of Keras's has one for its own weights, be there none. */
const EMPTY: [string, Hdf5Tree] = ['vars', {}];

/** The groups of a field that is a list. */
function listed(groups: Map<string, Hdf5Tree>, field: string): Map<string, Hdf5Tree> {
  const known = groups.get(field)?.groups as Map<string, Hdf5Tree> | undefined;
  if (known !== undefined) return known;
  const list = new Map<string, Hdf5Tree>();
  groups.set(field, { groups: list });
  return list;
}

async function readWeights(all: readonly Gathered[], scaled: ReadonlyMap<Layer, Scaling>): Promise<void> {
  for (const { into, name, weight, layer } of all) {
    const numbers = Float32Array.from(await weight.data());
    const scaling = scaled.get(layer);
    const data =
      scaling === undefined ? numbers : scaleWeight(numbers, weight.shape, layer, scaling, HARD_SIGMOID_SCALE);
    into.set(name, { dtype: 'float32', shape: weight.shape, data });
  }
}

function noteOfScaling(scaled: ReadonlyMap<Layer, Scaling>): string {
  const names = [...new Set([...scaled.keys()].map(({ name }) => `'${name}'`))].join(', ');
  return (
    `the hard sigmoid of ${names} is tfjs's 0.2x + 0.5, which Keras 3 lacks: its weights are ${HARD_SIGMOID_SCALE} times as large in ` +
    "the file and its activation is Keras's 'hard_sigmoid', which computes the same. Training goes on by other steps."
  );
}
