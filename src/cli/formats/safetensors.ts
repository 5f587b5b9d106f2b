import { openSource } from '../../convert/source.js';
import { layersOfModule } from '../../convert/torch/read-torch.js';
import { type ListedModule, listModules, type RecurrentModule } from '../../convert/torch/recurrent-modules.js';
import { FileError } from '../../formats/file-error.js';
import { readSafetensors } from '../../formats/safetensors.js';
import { inFile } from '../in-file.js';
import type { FileFormat, FileHead, OpenedFile, StoredModule } from './file-format.js';

/** Who says so in `format`. */
const WRITERS: Readonly<Record<string, string>> = {
  pt: 'PyTorch',
  tf: 'TensorFlow',
  flax: 'Flax',
  mlx: 'MLX',
  np: 'NumPy',
};

/** The state dict of PyTorch, or what has its names. */
export const SAFETENSORS: FileFormat = {
  title: 'safetensors (.safetensors)',
  endings: ['.safetensors'],
  recognizes,
  open,
};

/** A header's length, and then the JSON of the header. */
function recognizes({ start, size }: FileHead): boolean {
  if (start[8] !== 0x7b) return false;
  const view = new DataView(start.buffer, start.byteOffset, start.byteLength);
  return view.getBigUint64(0, true) <= BigInt(size - 8);
}

async function open(path: string): Promise<OpenedFile> {
  const { name, bytes } = await openSource('explicit-lstm', path);
  const { tensors, metadata } = await inFile(name, () => readSafetensors(bytes));
  const modules = listModules(tensors);
  const named = new Set(modules.flatMap(({ names }) => names));
  const others = [...tensors].filter(([tensor]) => !named.has(tensor));
  const format = metadata.get('format') ?? '';
  return {
    kind: 'weights',
    format: 'safetensors file',
    writtenBy: Object.hasOwn(WRITERS, format) ? (WRITERS[format] as string) : null,
    selector: 'prefix',
    refusal: null,
    modules: modules.map((module) => describe(module, name)),
    others: {
      noun: 'tensor',
      count: others.length,
      list: others.map(([tensor, { shape }]) => `${tensor} [${shape.join(', ')}]`),
    },
  };
}

function describe(listed: ListedModule, file: string): StoredModule {
  const { prefix } = listed;
  // Of what has been read already: reading the file for each module takes the square of their number.
  const toLayers = () => inFile(file, () => layersOfModule(listed.read()));
  const module = readable(listed);
  if (module === null) {
    const unknown = { class: null, features: null, units: null, layers: null, direction: null };
    return { name: prefix, ...unknown, note: null, toLayers };
  }
  const [[weights]] = module.layers as [[RecurrentModule['layers'][number][number]]];
  return {
    name: prefix,
    class: `nn.${module.kind}${module.isCell ? 'Cell' : ''}`,
    features: weights.weight_ih.shape[1] ?? null,
    units: (weights.weight_hr ?? weights.weight_hh).shape[1] ?? null,
    layers: module.layers.length,
    direction: module.layers[0]?.length === 2 ? 'both ways' : 'forward',
    note: null,
    toLayers,
  };
}

/** Null for a module with weights missing. */
function readable(listed: ListedModule): RecurrentModule | null {
  try {
    return listed.read();
  } catch (error) {
    if (error instanceof FileError) return null;
    throw error;
  }
}
