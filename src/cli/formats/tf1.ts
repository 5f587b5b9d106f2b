import { cellFromTF1 } from '../../convert/tf1/cell-from-tf1.js';
import { readTF1 } from '../../convert/tf1/read-tf1.js';
import type { StoredArray } from '../../formats/stored-array.js';
import { lstm } from '../../layers/factories.js';
import { inFile } from '../in-file.js';
import type { FileFormat, OpenedFile, StoredModule } from './file-format.js';

/** How the index of a checkpoint ends, which is a table of LevelDB. */
const FOOTER = [0x57, 0xfb, 0x80, 0x8b, 0x24, 0x75, 0x47, 0xdb];

/** A checkpoint of TensorFlow 1, by its `.index`. */
export const TF1: FileFormat = {
  title: 'checkpoints of TensorFlow 1 (.index)',
  endings: ['.index'],
  recognizes: ({ end }) => FOOTER.every((byte, n) => end[end.length - FOOTER.length + n] === byte),
  open,
};

async function open(path: string): Promise<OpenedFile> {
  const variables = await readTF1(path);
  const scopes = [...variables.keys()].flatMap((name) => scopeOf(name) ?? []);
  const { inScope, others } = sortedByScope(variables, scopes);
  return {
    kind: 'weights',
    format: 'checkpoint',
    writtenBy: 'TensorFlow',
    selector: 'scope',
    refusal: null,
    modules: scopes.map((scope) => describe(inScope.get(scope) ?? new Map(), scope, path)),
    others: {
      noun: 'variable',
      count: others.length,
      list: others.map(([name, { shape }]) => `${name} [${shape.join(', ')}]`),
    },
  };
}

/** The scope of a cell that has this variable for its kernel; null where it is that of anything else. */
function scopeOf(name: string): string | null {
  const [, scope] = /^(.+)\/(?:kernel|weights)$/is.exec(name) ?? [];
  // In two steps: in one, a long name could take the square of its length.
  return scope !== undefined && /lstm|cell/i.test(scope.slice(scope.lastIndexOf('/') + 1)) ? scope : null;
}

/** A part of a name between slashes, and what may follow. */
interface NameTree {
  scope: string | null;
  below: Map<string, NameTree>;
}

/** The variables of each scope, and those of none. Each name is gone through once, however many scopes there are. */
function sortedByScope(variables: ReadonlyMap<string, StoredArray>, scopes: readonly string[]) {
  const root: NameTree = { scope: null, below: new Map() };
  for (const scope of scopes) {
    let tree = root;
    for (const part of scope.split('/')) {
      const next: NameTree = tree.below.get(part) ?? { scope: null, below: new Map() };
      tree.below.set(part, next);
      tree = next;
    }
    tree.scope = scope;
  }
  const inScope = new Map(scopes.map((scope) => [scope, new Map<string, StoredArray>()]));
  const others: [string, StoredArray][] = [];
  for (const [name, array] of variables) {
    let isInScope = false;
    let tree: NameTree | undefined = root;
    for (const part of name.split('/').slice(0, -1)) {
      tree = tree.below.get(part);
      if (tree === undefined) break;
      if (tree.scope === null) continue;
      inScope.get(tree.scope)?.set(name, array);
      isInScope = true;
    }
    if (!isInScope) others.push([name, array]);
  }
  return { inScope, others };
}

function describe(variables: ReadonlyMap<string, StoredArray>, scope: string, file: string): StoredModule {
  const shapeOf = (...names: string[]) => names.map((name) => variables.get(`${scope}/${name}`)?.shape).find(Boolean);
  const kernel = shapeOf('kernel', 'weights');
  const bias = shapeOf('bias', 'biases');
  const projection = shapeOf('projection/kernel', 'projection/weights');
  const units = bias === undefined ? null : (bias[0] as number) / 4;
  const features = (kernel?.[0] ?? 0) - (projection?.[1] ?? units ?? 0);
  const isBackward = /(?:^|\/)bw\//.test(scope);
  return {
    name: scope,
    class: /basic_lstm_cell[^/]*$/.test(scope) ? 'BasicLSTMCell' : 'LSTMCell',
    features: features > 0 ? features : null,
    units,
    layers: 1,
    direction: isBackward ? 'backward' : 'forward',
    note: "a checkpoint does not say the forget bias, the clips and the activation: TensorFlow's defaults are assumed",
    toLayers: () =>
      inFile(file, () => [
        lstm({ cell: cellFromTF1(variables, scope), returnSequences: true, goBackwards: isBackward }),
      ]),
  };
}
