import { loadKeras } from '../../convert/keras/load-keras.js';
import { openSource } from '../../convert/source.js';
import { FileError } from '../../formats/file-error.js';
import { type Hdf5Dataset, type Hdf5Group, readHdf5 } from '../../formats/hdf5/read-hdf5.js';
import { inFile } from '../in-file.js';
import type { FileFormat, OpenedFile, StoredModule } from './file-format.js';

/** A whole model of Keras, `.h5`, or weights of one. */
export const HDF5: FileFormat = {
  title: 'HDF5 of Keras (.h5, .weights.h5)',
  endings: ['.h5', '.hdf5'],
  recognizes: ({ start }) => [0x89, 0x48, 0x44, 0x46].every((byte, n) => start[n] === byte),
  open,
};

const REFUSAL =
  'holds weights only, and does not say what is computed with them; make the model, and give it these by loadKerasWeights';

async function open(path: string): Promise<OpenedFile> {
  const { name, bytes } = await openSource('explicit-lstm', path);
  return inFile(name, (): OpenedFile => {
    const root = readHdf5(bytes);
    const writtenBy = writer(root);
    if (root.attribute('model_config') !== undefined) {
      return { kind: 'model', format: 'HDF5 file', writtenBy, load: (onNote) => loadKeras(path, { onNote }) };
    }
    const found: Found = { modules: [], others: [] };
    visit(root, found);
    const { modules, others } = found;
    const list = others.map((dataset) => `${dataset.path.slice(1)} [${dataset.shape.join(', ')}]`);
    return {
      kind: 'weights',
      format: 'HDF5 file of weights',
      writtenBy,
      selector: null,
      refusal: REFUSAL,
      modules,
      others: { noun: 'array', count: others.length, list },
    };
  });
}

function writer(root: Hdf5Group): string | null {
  const version = root.attribute('keras_version');
  return typeof version === 'string' ? `Keras ${version}` : null;
}

interface Found {
  modules: StoredModule[];
  others: Hdf5Dataset[];
}

/** What an optimizer remembers has the shapes of the weights. */
const NOT_WEIGHTS = ['optimizer', 'optimizer_weights'];

function visit(group: Hdf5Group, found: Found): void {
  const datasets: Hdf5Dataset[] = [];
  for (const name of group.names) {
    const child = group.get(name);
    if (child?.kind === 'dataset') datasets.push(child);
    else if (child !== undefined && !NOT_WEIGHTS.includes(name)) visit(child, found);
  }
  const sizes = lstmSizes(datasets);
  if (sizes === null) found.others.push(...datasets);
  else found.modules.push(describe(group, sizes));
}

interface Sizes {
  features: number;
  units: number;
}

/** Of a kernel [D, 4U], a recurrent kernel [U, 4U] and a bias, where there is one; null for any other arrays. */
function lstmSizes(datasets: readonly Hdf5Dataset[]): Sizes | null {
  // By their numbers in new files; by their names in old ones, where the bias comes first.
  const matrices = datasets.filter(({ shape }) => shape.length === 2);
  const [kernel, recurrentKernel] = matrices as [Hdf5Dataset, Hdf5Dataset];
  if (matrices.length !== 2 || datasets.length > 3) return null;
  const [features = 0, columns = 0] = kernel.shape;
  const [units = 0, recurrentColumns = 0] = recurrentKernel.shape;
  const isLSTM = units > 0 && columns === 4 * units && recurrentColumns === 4 * units;
  return isLSTM ? { features, units } : null;
}

function describe({ path }: Hdf5Group, { features, units }: Sizes): StoredModule {
  return {
    name: path.slice(1),
    class: 'LSTM',
    features,
    units,
    layers: 1,
    direction: /backward/.test(path) ? 'backward' : 'forward',
    note: null,
    toLayers: async () => {
      throw new FileError('the file', REFUSAL);
    },
  };
}
