import { loadKeras } from '../../convert/keras/load-keras.js';
import { openSource } from '../../convert/source.js';
import { FileError } from '../../formats/file-error.js';
import { parseJson } from '../../formats/parse-json.js';
import { readZip, type ZipArchive } from '../../formats/zip.js';
import { inFile } from '../in-file.js';
import type { FileFormat, OpenedFile } from './file-format.js';

/** `.keras` of Keras 3, and of Keras 2.13 and later. */
export const KERAS_ARCHIVE: FileFormat = {
  title: 'Keras (.keras)',
  endings: ['.keras'],
  recognizes: ({ start }) => [0x50, 0x4b, 3, 4].every((byte, n) => start[n] === byte),
  open,
};

async function open(path: string): Promise<OpenedFile> {
  const { name, bytes } = await openSource('explicit-lstm', path);
  const version = await inFile(name, () => kerasVersion(readZip(bytes)));
  return {
    kind: 'model',
    format: 'Keras archive',
    writtenBy: version === null ? null : `Keras ${version}`,
    load: (onNote) => loadKeras(path, { onNote }),
  };
}

/** @throws FileError for other archives, of which there are many. */
function kerasVersion(archive: ZipArchive): string | null {
  if (!archive.has('config.json')) {
    const isPickle = archive.names.some((name) => name.endsWith('data.pkl'));
    if (!isPickle) throw new FileError('the archive', 'must have an entry config.json, as those of Keras do');
    const advice = "save it by safetensors.torch.save_file(model.state_dict(), 'model.safetensors')";
    throw new FileError('the archive', 'is what torch.save writes, which only Python can read', { advice });
  }
  if (!archive.has('metadata.json')) return null;
  const { keras_version: version } = (parseJson(archive.read('metadata.json')) ?? {}) as Record<string, unknown>;
  return typeof version === 'string' ? version : null;
}
