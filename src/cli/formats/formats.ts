import { statSync } from 'node:fs';
import { join } from 'node:path';
import { readFrom } from '../readers/read-file.js';
import { UserError } from '../user-error.js';
import type { FileFormat, FileHead, OpenedFile } from './file-format.js';
import { TFJS } from './tfjs.js';

/** What the command reads; the first that recognizes a file's bytes opens it, and else the first whose ending it has. */
const FORMATS: readonly FileFormat[] = [TFJS];

/** As much of a file as tells its format, in bytes. */
const HEAD = 64;

/**
 * Opens a model, or weights, of any known format; of a folder its `model.json`.
 *
 * @throws UserError for what cannot be read, and for a file of no known format. FileError for one that is damaged.
 */
export async function openFile(path: string): Promise<OpenedFile> {
  const file = isFolder(path) ? join(path, 'model.json') : path;
  const head = readFrom(file, 'the model', (source): FileHead => {
    const { size } = source;
    // What has been read stays as it is until the next call only.
    const start = source.read(0, HEAD).slice();
    return { start, end: source.read(Math.max(0, size - HEAD), HEAD).slice(), size };
  });
  const name = file.toLowerCase();
  const format =
    FORMATS.find((candidate) => candidate.recognizes(head)) ??
    FORMATS.find(({ endings }) => endings.some((ending) => name.endsWith(ending)));
  if (format !== undefined) return format.open(file);
  const titles = FORMATS.map(({ title }) => title).join(', ');
  throw new UserError(`'${path}' is none of the formats that can be read: ${titles}`);
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
