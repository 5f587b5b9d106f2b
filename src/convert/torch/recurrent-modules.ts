import { FileError } from '../../formats/file-error.js';
import type { StoredArray } from '../../formats/stored-array.js';

/** The weights of one direction of one layer, by PyTorch's words for them. */
export interface ModuleWeights {
  weight_ih: NamedArray;
  weight_hh: NamedArray;
  bias_ih: NamedArray | null;
  bias_hh: NamedArray | null;
  /** Of a projection. */
  weight_hr: NamedArray | null;
}

export interface NamedArray extends StoredArray {
  name: string;
}

/** A recurrent module: its weights by layer and direction. */
export interface RecurrentModule {
  kind: 'LSTM' | 'GRU' | 'RNN';
  /** Whether it is nn.LSTMCell or its like, of a single step. */
  isCell: boolean;
  prefix: string;
  /** One or two directions a layer. */
  layers: ModuleWeights[][];
}

const NAME = /^(.*?)(weight_ih|weight_hh|bias_ih|bias_hh|weight_hr)(?:_l(\d{1,4})(_reverse)?)?$/s;
const KINDS = { 1: 'RNN', 3: 'GRU', 4: 'LSTM' } as const;

/** The tensors of one module, by word, layer and direction. */
interface Found {
  prefix: string;
  isCell: boolean;
  /** `weight_ih_l0_reverse`, or `weight_ih` of a cell. */
  tensors: Map<string, NamedArray>;
  words: Set<string>;
  layers: number;
  isBidirectional: boolean;
}

/**
 * Finds the module whose weights have this prefix; without one, the only module that there is.
 *
 * @param prefix `encoder.rnn.`, with or without its last dot, or the beginning of one module's only.
 * @throws FileError where there is none or more than one, and for a module with weights missing.
 */
export function findModule(tensors: ReadonlyMap<string, StoredArray>, prefix: string | undefined): RecurrentModule {
  const all = [...collect(tensors).values()];
  const found = prefix === undefined ? all : withPrefix(all, prefix);
  const [only] = found;
  if (only === undefined || found.length > 1) throw wrongNumber(found.length > 1 ? found : all, prefix, found.length);
  return toModule(only);
}

/** A recurrent module that a file has weights of, not all of them perhaps. */
export interface ListedModule {
  prefix: string;
  /** The names of its tensors. */
  names: string[];
  /** @throws FileError where weights are missing. */
  read(): RecurrentModule;
}

/** Every recurrent module of a file. */
export function listModules(tensors: ReadonlyMap<string, StoredArray>): ListedModule[] {
  return [...collect(tensors).values()].map((found) => ({
    prefix: found.prefix,
    names: [...found.tensors.values()].map(({ name }) => name),
    read: () => toModule(found),
  }));
}

function toModule(found: Found): RecurrentModule {
  const { prefix, isCell } = found;
  const suffixes = isCell ? [['']] : layerSuffixes(found);
  const layers = suffixes.map((directions) => directions.map((suffix) => weightsOf(found, suffix)));
  return { kind: kindOf(layers[0]?.[0] as ModuleWeights), isCell, prefix, layers };
}

function collect(tensors: ReadonlyMap<string, StoredArray>): Map<string, Found> {
  const modules = new Map<string, Found>();
  for (const [name, array] of tensors) {
    const match = NAME.exec(name);
    if (match === null) continue;
    const [, prefix = '', word = '', layer, reverse] = match;
    const isCell = layer === undefined;
    // A module may have cells among its own attributes, and the weights of both then have one prefix.
    const key = `${isCell ? 'cell' : 'stack'} ${prefix}`;
    let module = modules.get(key);
    if (module === undefined) {
      module = { prefix, isCell, tensors: new Map(), words: new Set(), layers: 0, isBidirectional: false };
      modules.set(key, module);
    }
    module.tensors.set(name.slice(prefix.length), { ...array, name });
    module.words.add(word);
    module.layers = Math.max(module.layers, Number(layer ?? 0) + 1);
    module.isBidirectional ||= reverse !== undefined;
  }
  return modules;
}

function withPrefix(all: readonly Found[], prefix: string): Found[] {
  const exact = all.filter((module) => module.prefix === prefix);
  const dotted = all.filter((module) => module.prefix === `${prefix}.`);
  const below = all.filter((module) => module.prefix.startsWith(prefix));
  return [exact, dotted, below].find((some) => some.length > 0) ?? [];
}

function wrongNumber(listed: readonly Found[], prefix: string | undefined, found: number): FileError {
  const place = prefix === undefined ? 'the file' : `the prefix '${prefix}'`;
  if (listed.length === 0) {
    const rule =
      'must hold an LSTM or a GRU: weights named weight_ih_l0, weight_hh_l0 and so on, or weight_ih and weight_hh';
    return new FileError('the file', rule);
  }
  const prefixes = [...new Set(listed.map((module) => `'${module.prefix}'`))].join(', ');
  if (found === 0) return new FileError(place, `must be that of a recurrent module: the file has ${prefixes}`);
  return new FileError(place, `must name one recurrent module, not ${found}`, {
    advice: `choose by the option prefix: ${prefixes}`,
  });
}

function layerSuffixes({ layers, isBidirectional, prefix, tensors }: Found): string[][] {
  // Each layer has a weight, so that a number from a hostile name makes no list of its length.
  if (layers > tensors.size) throw new FileError(`the module '${prefix}'`, `must have weights of each layer from 0 on`);
  return Array.from({ length: layers }, (_, k) => (isBidirectional ? [`_l${k}`, `_l${k}_reverse`] : [`_l${k}`]));
}

function weightsOf({ tensors, words, prefix, isCell }: Found, suffix: string): ModuleWeights {
  const optional = (word: string) => {
    const array = tensors.get(word + suffix) ?? null;
    if (array === null && words.has(word)) throw missing(prefix + word + suffix, isCell);
    return array;
  };
  const required = (word: string) => {
    const array = tensors.get(word + suffix);
    if (array === undefined) throw missing(prefix + word + suffix, isCell);
    return array;
  };
  const weights = { weight_ih: required('weight_ih'), weight_hh: required('weight_hh') };
  const biases = { bias_ih: optional('bias_ih'), bias_hh: optional('bias_hh') };
  if ((biases.bias_ih === null) !== (biases.bias_hh === null)) {
    throw missing(`${prefix}${biases.bias_ih === null ? 'bias_ih' : 'bias_hh'}${suffix}`, isCell);
  }
  return { ...weights, ...biases, weight_hr: optional('weight_hr') };
}

function missing(name: string, isCell: boolean): FileError {
  const module = isCell ? 'cell' : 'module';
  return new FileError(`tensor '${name}'`, `is missing, while the ${module} has others`, {
    advice: 'save the whole state dict, after removing weight_norm and other parametrizations',
  });
}

/** How many gates there are is what the shapes say: weight_hh is [4U, U], or [4U, P] beside the projection's [P, U]. */
function kindOf({ weight_hh, weight_hr }: ModuleWeights): RecurrentModule['kind'] {
  const [rows = 0, columns = 0] = weight_hh.shape;
  const units = weight_hr === null ? columns : (weight_hr.shape[1] ?? 0);
  const gates = rows / units;
  const kind = Object.hasOwn(KINDS, gates) ? KINDS[gates as keyof typeof KINDS] : undefined;
  if (kind !== undefined && (kind === 'LSTM' || weight_hr === null)) return kind;
  const rule = `must have 4U rows for U = ${units} units, as an LSTM's, but has the shape [${weight_hh.shape.join(', ')}]`;
  throw new FileError(`tensor '${weight_hh.name}'`, rule);
}
