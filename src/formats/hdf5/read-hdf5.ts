import { FileError } from '../file-error.js';
import type { StoredArray, StoredDtype } from '../stored-array.js';
import { findAttributes, type Hdf5Attribute } from './attribute.js';
import { Cursor, type Hdf5Bytes } from './cursor.js';
import { describeDataset } from './dataset.js';
import { GlobalHeap } from './global-heap.js';
import { type Link, readLinks } from './links.js';
import { readObjectHeader } from './object-header.js';

export type { Hdf5Attribute } from './attribute.js';

interface Hdf5Object {
  /** From the file's root: `/layers/lstm`. */
  path: string;
  attributeNames: string[];
  /**
   * What an attribute says: text or numbers, a list of them for one that has axes; undefined where there is none.
   *
   * @throws FileError
   */
  attribute(name: string): Hdf5Attribute | undefined;
}

export interface Hdf5Group extends Hdf5Object {
  kind: 'group';
  /** Of what is in it, as the file has them: sorted. */
  names: string[];
  /**
   * What has this name; undefined where nothing has.
   *
   * @throws FileError for what this reader cannot read.
   */
  get(name: string): Hdf5Group | Hdf5Dataset | undefined;
}

export interface Hdf5Dataset extends Hdf5Object {
  kind: 'dataset';
  shape: number[];
  dtype: StoredDtype;
  /** What its numbers take in memory as they are stored, uncompressed. */
  bytes: number;
  /**
   * Its numbers: a view of the file's bytes where they lie there as the machine holds them.
   *
   * @throws FileError
   */
  read(): StoredArray;
}

const SIGNATURE = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a];
const FILE = 'the file';

/**
 * Opens an HDF5 file: whatever h5py and Keras write in the default format, and small files in newer ones. Nothing is read
 * before it is asked for.
 *
 * @param maxBytes What one dataset may take at most, uncompressed.
 * @throws FileError for what is no HDF5 file, is cut off, or cannot be read by this reader.
 */
export function readHdf5(bytes: Uint8Array, { maxBytes = 2 ** 31 }: { maxBytes?: number } = {}): Hdf5Group {
  if (SIGNATURE.some((byte, n) => bytes[n] !== byte)) throw new FileError(FILE, 'is not an HDF5 file');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const file: Hdf5Bytes = { bytes, view, addressSize: 8, lengthSize: 8 };
  const root = readSuperblock(file);
  return new Reader(file, maxBytes).openRoot(root);
}

/** Reads the file's head, and returns where the header of its root group is. */
function readSuperblock(file: Hdf5Bytes): number {
  const cursor = new Cursor(file, SIGNATURE.length, file.bytes.length, FILE);
  const version = cursor.version(0, 1, 2, 3);
  if (version < 2) cursor.skip(4);
  file.addressSize = cursor.u8();
  file.lengthSize = cursor.u8();
  if (![2, 4, 8].includes(file.addressSize) || ![2, 4, 8].includes(file.lengthSize)) {
    throw new FileError(FILE, 'must have addresses and lengths of 2, 4 or 8 bytes');
  }
  if (version >= 2) cursor.skip(1);
  else cursor.skip(version === 0 ? 9 : 13);
  const base = cursor.address();
  cursor.address();
  const end = cursor.address();
  if (base !== 0) throw new FileError(FILE, 'must begin where its addresses begin');
  if (end > file.bytes.length) {
    throw new FileError(FILE, `is cut off: it should have ${end} bytes, but has ${file.bytes.length}`);
  }
  if (version < 2) {
    cursor.address();
    cursor.address();
  }
  return cursor.address();
}

class Reader {
  private readonly heap: GlobalHeap;
  /** Where each group was met first. A group in two places may contain itself. */
  private readonly places = new Map<number, string>();

  constructor(
    private readonly file: Hdf5Bytes,
    private readonly maxBytes: number,
  ) {
    this.heap = new GlobalHeap(file);
  }

  openRoot(address: number): Hdf5Group {
    const root = this.open(address, '');
    if (root.kind === 'group') return root;
    throw new FileError(FILE, 'must have a group for its root');
  }

  private open(address: number, path: string): Hdf5Group | Hdf5Dataset {
    const place = path === '' ? '/' : path;
    const messages = readObjectHeader(this.file, address, place);
    const attributes = findAttributes(this.file, messages, this.heap, place);
    const object = {
      path: place,
      attributeNames: [...attributes.keys()],
      attribute: (name: string) => attributes.get(name)?.(),
    };
    const links = readLinks(this.file, messages, place);
    if (links === null) {
      const described = describeDataset(this.file, messages, place, () => object.attribute('dtype'), this.maxBytes);
      return { kind: 'dataset', ...object, ...described };
    }
    const known = this.places.get(address) ?? place;
    if (known !== place) throw new FileError(place, `must not be the same group as ${known}`);
    this.places.set(address, place);
    return {
      kind: 'group',
      ...object,
      names: [...links.keys()],
      get: (name) => this.follow(links.get(name), `${path}/${name}`),
    };
  }

  private follow(link: Link | undefined, path: string): Hdf5Group | Hdf5Dataset | undefined {
    if (link === undefined) return undefined;
    if ('refused' in link) throw new FileError(path, link.refused);
    return this.open(link.address, path);
  }
}
