import { FileError } from '../../formats/file-error.js';
import type { Hdf5Dataset, Hdf5Group } from '../../formats/hdf5/read-hdf5.js';
import type { StoredArray } from '../../formats/stored-array.js';
import { snakeCase } from './json.js';
import type { WeightedModel } from './plan-model.js';
import type { WeightOwner } from './translate-layer.js';

/** An array of a file, not read yet. */
export interface FileArray {
  /** How an error names it. */
  place: string;
  shape: number[];
  read(): StoredArray;
}

/** The arrays of each layer of a model, by what is said of its weights. */
export type ModelWeights = ReadonlyMap<WeightOwner, FileArray[][]>;

/** A name of a weight that training does not change is in brackets. */
const trains = (name: string) => !name.startsWith('(');

/** Adds what a layer is given. Both directions of a Bidirectional are described as one. */
function give(found: Map<WeightOwner, FileArray[][]>, owner: WeightOwner, arrays: FileArray[]): void {
  const given = found.get(owner);
  if (given === undefined) found.set(owner, [arrays]);
  else given.push(arrays);
}

/** `lstm`, `lstm_1`, …: names of one kind are counted. */
export class Counter {
  private readonly counts = new Map<string, number>();

  next(name: string): string {
    const count = this.counts.get(name) ?? 0;
    this.counts.set(name, count + 1);
    return count === 0 ? name : `${name}_${count}`;
  }
}

/** Since Keras 3, and before. */
const FIELDS_OF_LAYERS = ['layers', '_layer_checkpoint_dependencies'] as const;

/**
 * Finds the weights of a model in what Keras 2.13 and later write as `.weights.h5`: groups named by class.
 *
 * @throws FileError for weights that are missing, and for ones that are too many.
 */
export function weightsByClass(root: Hdf5Group, model: WeightedModel): ModelWeights {
  const read = (isEachTwice: boolean) => {
    const found = new Map<WeightOwner, FileArray[][]>();
    visitModel(root, model, found, isEachTwice);
    return found;
  };
  if (root.names.includes(FIELDS_OF_LAYERS[0])) return read(false);
  try {
    return read(false);
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    try {
      return read(true);
    } catch {
      throw error;
    }
  }
}

/** @param isEachTwice Keras 2.13 counts a layer twice if it has weights. */
function visitModel(
  group: Hdf5Group,
  { layers }: WeightedModel,
  found: Map<WeightOwner, FileArray[][]>,
  isEachTwice: boolean,
): void {
  const field = FIELDS_OF_LAYERS.find((name) => group.names.includes(name));
  const container = field === undefined ? undefined : group.get(field);
  const counter = new Counter();
  for (const { className, place, content } of layers) {
    const kind = snakeCase(className === 'Model' ? 'Functional' : className);
    const name = counter.next(kind);
    if (isEachTwice && inOldOrder(content).length > 0) counter.next(kind);
    const inside = groupIn(container?.kind === 'group' ? container : undefined, name);
    if ('layers' in content) {
      visitModel(required(inside, inOldOrder(content).length > 0, place, name), content, found, isEachTwice);
    } else visitOwner(inside, content, name, found);
  }
}

/** Where there is nothing to be read, a group may be missing. */
function required(group: Hdf5Group | undefined, isNeeded: boolean, place: string, name: string): Hdf5Group {
  if (group !== undefined) return group;
  if (isNeeded) throw new FileError(place, `has no group '${name}' of weights in the file`);
  return EMPTY;
}

const EMPTY: Hdf5Group = {
  kind: 'group',
  path: '/',
  names: [],
  attributeNames: [],
  attribute: () => undefined,
  get: () => undefined,
};

function visitOwner(
  group: Hdf5Group | undefined,
  owner: WeightOwner,
  name: string,
  found: Map<WeightOwner, FileArray[][]>,
): void {
  const arrays: FileArray[] = [];
  if (owner.names.length > 0) {
    const variables = required(group, true, owner.place, name).get('vars');
    if (variables?.kind !== 'group')
      throw new FileError(owner.place, `has no weights in the file, at ${group?.path}/vars`);
    for (let index = 0; index < owner.names.length; index++) {
      const item = variables.get(String(index));
      if (item?.kind !== 'dataset')
        throw new FileError(owner.place, `has no weight ${index} in the file, at ${variables.path}`);
      arrays.push(fileArray(item));
    }
    if (variables.names.length > owner.names.length)
      throw tooMany(owner.place, owner.names.length, variables.names.length);
  }
  give(found, owner, arrays);
  const counter = new Counter();
  for (const { inKeras, index, owner: inner } of owner.parts) {
    const field = group?.get(inKeras);
    const at = field?.kind === 'group' ? field : undefined;
    const part = index === undefined ? at : groupIn(at, counter.next(snakeCase(inner.className)));
    visitOwner(part, inner, inKeras, found);
  }
}

function groupIn(group: Hdf5Group | undefined, name: string): Hdf5Group | undefined {
  const found = group?.get(name);
  return found?.kind === 'group' ? found : undefined;
}

function tooMany(place: string, expected: number, found: number): FileError {
  return new FileError(place, `must have ${expected} weights in the file, but has ${found}`);
}

function fileArray(dataset: Hdf5Dataset): FileArray {
  return { place: dataset.path, shape: dataset.shape, read: () => dataset.read() };
}

/**
 * Finds the weights of a model in what every Keras writes as `.h5`: a group for each layer, with a list of names.
 *
 * @throws FileError for weights that are missing, and for ones that are too many.
 */
export function weightsByLayer(root: Hdf5Group, model: WeightedModel): ModelWeights {
  const weights = root.get('model_weights') ?? root;
  if (weights.kind !== 'group') throw new FileError(weights.path, 'must be a group');
  const found = new Map<WeightOwner, FileArray[][]>();
  for (const { name, place, content } of model.layers) {
    const slots = inOldOrder(content);
    const group = weights.get(name);
    const arrays = group?.kind === 'group' ? namedArrays(group) : [];
    if (arrays.length !== slots.length) throw tooMany(place, slots.length, arrays.length);
    distribute(content, slots, arrays, found);
  }
  return found;
}

export function namedArrays(group: Hdf5Group): FileArray[] {
  const names = group.attribute('weight_names') ?? partsOf(group);
  const list = Array.isArray(names) ? names : [names];
  return list.map((name) => {
    const path = String(name);
    const dataset = find(group, path);
    if (dataset?.kind !== 'dataset')
      throw new FileError(`${group.path}/${path.slice(0, 200)}`, 'must be an array, but there is none');
    return fileArray(dataset);
  });
}

/** A list that is too long for one attribute is in several. */
function partsOf(group: Hdf5Group): (string | number)[] {
  const parts: (string | number)[] = [];
  for (let n = 0; ; n++) {
    const part = group.attribute(`weight_names${n}`);
    if (part === undefined) return parts;
    parts.push(...[part].flat());
  }
}

function find(group: Hdf5Group, path: string): Hdf5Group | Hdf5Dataset | undefined {
  let at: Hdf5Group | Hdf5Dataset | undefined = group;
  for (const name of path.split('/')) at = at?.kind === 'group' ? at.get(name) : undefined;
  return at;
}

/** One weight of a layer: which, and whether it trains. */
interface Slot {
  /** Which of the owners of the layer it belongs to, in order; both directions of a Bidirectional count. */
  owner: number;
  trains: boolean;
}

/** The owners in a layer or model, from the outside in, and as often as they are there. */
function ownersIn(content: WeightOwner | WeightedModel): { owner: WeightOwner; isFrozen: boolean }[] {
  if ('layers' in content) {
    return content.layers.flatMap(({ content: inner }) =>
      ownersIn(inner).map((found) => ({ ...found, isFrozen: found.isFrozen || !content.trainable })),
    );
  }
  const inner = content.parts.flatMap(({ owner }) => ownersIn(owner));
  return [{ owner: content, isFrozen: false }, ...inner].map((found) => ({
    ...found,
    isFrozen: found.isFrozen || !content.trainable,
  }));
}

/** The weights of a layer as Keras lists them in a layer's group: those that train first. */
function inOldOrder(content: WeightOwner | WeightedModel): Slot[] {
  const slots = ownersIn(content).flatMap(({ owner, isFrozen }, index) =>
    owner.names.map((name): Slot => ({ owner: index, trains: trains(name) && !isFrozen })),
  );
  return [...slots.filter((slot) => slot.trains), ...slots.filter((slot) => !slot.trains)];
}

function distribute(
  content: WeightOwner | WeightedModel,
  slots: readonly Slot[],
  arrays: readonly FileArray[],
  found: Map<WeightOwner, FileArray[][]>,
): void {
  const owners = ownersIn(content);
  const given = owners.map((): FileArray[] => []);
  for (const [index, slot] of slots.entries()) given[slot.owner]?.push(arrays[index] as FileArray);
  for (const [index, { owner }] of owners.entries()) give(found, owner, given[index] as FileArray[]);
}

/** An array of which nothing but its name tells whose it is. */
export interface NamedArray extends FileArray {
  name: string;
}

/**
 * Gives the weights of a list to a model's layers, as the tensorflowjs converter writes them: layer by layer, in the order of
 * the layers' names, as HDF5 has its groups.
 *
 * @throws FileError for too few or too many of them, and for one whose name is another layer's.
 */
export function weightsInTurn(arrays: readonly NamedArray[], model: WeightedModel): ModelWeights {
  const found = new Map<WeightOwner, FileArray[][]>();
  const inOrder = [...model.layers].sort((a, b) => (a.name < b.name ? -1 : 1));
  let at = 0;
  for (const { name, place, content } of inOrder) {
    const slots = inOldOrder(content);
    const own = arrays.slice(at, at + slots.length);
    at += slots.length;
    if (at > arrays.length) continue;
    // Weights of layers within have the names of those.
    const isNamed = !('layers' in content) && content.parts.length === 0;
    const other = isNamed ? own.find((array) => !array.name.split('/').includes(name)) : undefined;
    if (other !== undefined)
      throw new FileError(place, `must come with its weights, but has '${other.name.slice(0, 200)}'`);
    distribute(content, slots, own, found);
  }
  if (at !== arrays.length) {
    throw new FileError('the weights', `must be ${at} arrays, as the model has it, but are ${arrays.length}`);
  }
  return found;
}
