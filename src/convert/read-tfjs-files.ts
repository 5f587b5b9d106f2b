import { FileError } from '../formats/file-error.js';
import { readTfjsModel, type TfjsModel } from '../formats/tfjs-model.js';
import type { WeightGroup } from '../formats/weight-manifest.js';
import { MOST_BYTES, type OpenedSource } from './source.js';

/** A `model.json` and the weights that it names. */
export interface TfjsFiles extends TfjsModel {
  /** Of all groups, one after the other. */
  weightData: ArrayBuffer;
}

/**
 * Reads a `model.json` as `model.save` and the tensorflowjs converter write it, and the files of weights beside it.
 *
 * @param maxBytes What all weights together may take at most.
 * @throws FileError for what `readTfjsModel` refuses, and for files of weights that are missing, elsewhere, or not as long as
 *   the weights in them.
 */
export async function readTfjsFiles({ name, bytes, sibling }: OpenedSource, maxBytes = MOST_BYTES): Promise<TfjsFiles> {
  try {
    const model = readTfjsModel(bytes);
    const length = model.weightGroups.reduce((sum, group) => sum + group.bytes, 0);
    if (length > maxBytes) {
      const advice = 'give a larger maxBytes if you trust it';
      throw new FileError('weightsManifest', `must be of ${maxBytes} bytes at most, but is of ${length}`, { advice });
    }
    const files: Uint8Array[] = [];
    for (const group of model.weightGroups) files.push(...(await readGroup(group, sibling)));
    return { ...model, weightData: joined(files, length) };
  } catch (error) {
    throw error instanceof FileError ? error.inFile(name) : error;
  }
}

async function readGroup({ paths, bytes }: WeightGroup, sibling: OpenedSource['sibling']): Promise<Uint8Array[]> {
  const files: Uint8Array[] = [];
  let found = 0;
  for (const path of paths) {
    const file = await sibling(path);
    files.push(file);
    found += file.length;
    // A file may be named a million times.
    if (found > bytes) break;
  }
  if (found === bytes) return files;
  const names = paths.length === 1 ? `'${paths[0]}'` : `'${paths[0]}' and ${paths.length - 1} more`;
  throw new FileError(
    `the weights in ${names}`,
    `must take ${bytes} bytes, but take ${found > bytes ? 'more' : found}`,
  );
}

function joined(parts: readonly Uint8Array[], length: number): ArrayBuffer {
  const all = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all.buffer;
}
