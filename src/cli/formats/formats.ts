import { statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { FileError } from '../../formats/file-error.js';
import { readFrom, STANDARD_INPUT } from '../readers/read-file.js';
import { UserError } from '../user-error.js';
import type { FileFormat, FileHead, OpenedFile } from './file-format.js';
import { HDF5 } from './hdf5.js';
import { KERAS_ARCHIVE } from './keras-archive.js';
import { ONNX } from './onnx.js';
import { SAFETENSORS } from './safetensors.js';
import { TF1 } from './tf1.js';
import { TFJS } from './tfjs.js';

/** What the command reads; the first that recognizes a file's bytes opens it, and else the first whose ending it has. */
const FORMATS: readonly FileFormat[] = [KERAS_ARCHIVE, HDF5, SAFETENSORS, TFJS, ONNX, TF1];

/** What people have beside these, and what to do with it. */
const FOREIGN: readonly { recognizes(head: FileHead, name: string): boolean; rule: string; advice: string }[] = [
  {
    recognizes: ({ start }) => start[0] === 0x80 && (start[1] as number) >= 2 && (start[1] as number) <= 5,
    rule: 'is a pickle of Python, which only Python can read',
    advice: "save it by safetensors.torch.save_file(model.state_dict(), 'model.safetensors')",
  },
  {
    recognizes: ({ start }) => new TextDecoder().decode(start.subarray(4, 8)) === 'TFL3',
    rule: 'is a model of TensorFlow Lite, which has no layers',
    advice: 'take the model that it was converted from',
  },
  {
    recognizes: (_, name) => name === SAVED_MODEL,
    rule: 'is a SavedModel of TensorFlow, a graph that no longer has layers',
    advice: "save the model by Keras, model.save('model.keras')",
  },
];

/** What TensorFlow calls the graph in the folder of a SavedModel. */
const SAVED_MODEL = 'saved_model.pb';

/** As much of a file as tells its format, in bytes. */
const HEAD = 64;

/**
 * Opens a model, or weights, of any known format; of a folder its `model.json`; of a checkpoint its prefix
 * or any of its files.
 *
 * @throws UserError for what cannot be read, and for a file of no known format. FileError for one that is damaged.
 */
export async function openFile(path: string): Promise<OpenedFile> {
  if (path === STANDARD_INPUT) throw new UserError('a model is read from a file, and not from the standard input');
  const file = fileMeant(path);
  const head = readFrom(file, 'the model', (source): FileHead => {
    const { size } = source;
    // What has been read stays as it is until the next call only.
    const start = source.read(0, HEAD).slice();
    return { start, end: source.read(Math.max(0, size - HEAD), HEAD).slice(), size };
  });
  for (const { recognizes, rule, advice } of FOREIGN) {
    if (recognizes(head, basename(file))) throw new FileError('the file', rule, { file, advice });
  }
  const name = file.toLowerCase();
  const format =
    FORMATS.find((candidate) => candidate.recognizes(head)) ??
    FORMATS.find(({ endings }) => endings.some((ending) => name.endsWith(ending)));
  if (format !== undefined) return format.open(file);
  const titles = FORMATS.map(({ title }) => title).join(', ');
  throw new UserError(`'${path}' is none of the formats that can be read: ${titles}`);
}

/** The file that says what there is: a folder's `model.json`, or else its SavedModel; the index of a checkpoint. */
function fileMeant(path: string): string {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found?.isDirectory()) {
    const isThere = (name: string) => statSync(join(path, name), { throwIfNoEntry: false }) !== undefined;
    return join(path, !isThere('model.json') && isThere(SAVED_MODEL) ? SAVED_MODEL : 'model.json');
  }
  const index = `${path.replace(/\.(?:meta|data-\d+-of-\d+)$/, '')}.index`;
  if (found !== undefined && !path.startsWith(index.replace(/index$/, ''))) return path;
  return statSync(index, { throwIfNoEntry: false }) === undefined ? path : index;
}
