import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Hdf5Dataset, type Hdf5Group, readHdf5 } from '../../../src/formats/hdf5/read-hdf5.js';
import { writeHdf5 } from '../../../src/formats/hdf5/write-hdf5.js';
import { damaged, randomNumbers, readOrRefused } from '../support/mutate.js';

const FOLDER = join(__dirname, '../../../fixtures/models/hdf5');
const fixture = (name: string) => new Uint8Array(readFileSync(join(FOLDER, `${name}.h5`)));

interface Expected {
  [path: string]: { shape: number[]; values: (number | string)[] };
}
const EXPECTED: Record<string, Expected> = JSON.parse(readFileSync(join(FOLDER, 'expected.json'), 'utf8')).files;

function find(root: Hdf5Group, path: string): Hdf5Dataset {
  let found: Hdf5Group | Hdf5Dataset | undefined = root;
  for (const name of path.split('/')) found = (found as Hdf5Group).get(name);
  return found as Hdf5Dataset;
}

/** What all of a file's datasets are, and all its attributes. */
function readAll(group: Hdf5Group, all: string[] = []): string[] {
  for (const name of group.attributeNames) all.push(`${group.path} ${name} ${group.attribute(name)}`);
  for (const name of group.names) {
    const found = group.get(name) as Hdf5Group | Hdf5Dataset;
    if (found.kind === 'group') readAll(found, all);
    else all.push(`${found.path} ${found.shape} ${found.read().data.length}`);
  }
  return all;
}

function patched(bytes: Uint8Array, at: number, size: 1 | 4 | 8, value: number): Uint8Array {
  const copy = bytes.slice();
  const view = new DataView(copy.buffer);
  if (size === 1) copy[at] = value;
  else if (size === 4) view.setUint32(at, value, true);
  else view.setBigUint64(at, BigInt(value), true);
  return copy;
}

/** Where bytes occur, first or from a place on. */
function indexOf(bytes: Uint8Array, wanted: Uint8Array | string, from = 0): number {
  const at = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).indexOf(wanted, from);
  if (at === -1) throw new Error('not found');
  return at;
}

const longs = (...values: number[]) => new Uint8Array(BigUint64Array.from(values, BigInt).buffer);

describe('readHdf5', () => {
  describe.each(Object.entries(EXPECTED))('reads what h5py wrote, of %s', (file, datasets) => {
    const root = readHdf5(fixture(file));

    test.each(Object.entries(datasets))('the dataset %s', (path, { shape, values }) => {
      const dataset = find(root, path);
      const { data } = dataset.read();
      expect(dataset).toMatchObject({ kind: 'dataset', path: `/${path}`, shape });
      const isWhole = /int/.test(dataset.dtype);
      expect(Array.from(data as ArrayLike<number | bigint>, (value) => (isWhole ? String(value) : value))).toEqual(
        values,
      );
    });
  });

  test.each([
    ['bool', 'bool', 1],
    ['i1', 'int8', 1],
    ['u2', 'uint16', 2],
    ['big_i4', 'int32', 4],
    ['i8', 'int64', 8],
    ['f2', 'float16', 2],
    ['big_f4', 'float32', 4],
    ['f8', 'float64', 8],
    ['bfloat16', 'bfloat16', 2],
  ])('says of %s that it is %s', (name, dtype, size) => {
    expect(find(readHdf5(fixture('types')), name)).toMatchObject({ dtype, bytes: 6 * size });
  });

  test('reads attributes', () => {
    const group = readHdf5(fixture('attributes')).get('group') as Hdf5Group;
    const numbers = Array.from({ length: 30 }, (_, n) => `number_${n}`);
    expect(group.attributeNames.sort()).toEqual(
      ['bytes', 'text', 'list', 'texts', 'none', 'integer', 'floats', 'true', 'long', ...numbers].sort(),
    );
    expect(group.attribute('bytes')).toBe('fixed');
    expect(group.attribute('text')).toBe('of any length: äöü');
    expect(group.attribute('list')).toEqual(['a:0', 'bcd:0']);
    expect(group.attribute('texts')).toEqual(['one', 'zwölf']);
    expect(group.attribute('none')).toEqual([]);
    expect(group.attribute('integer')).toBe(-7);
    expect(group.attribute('floats')).toEqual([0.5, -2.25]);
    expect(group.attribute('true')).toBe(1);
    expect(JSON.parse(group.attribute('long') as string).layers).toHaveLength(700);
    expect(numbers.map((name) => group.attribute(name))).toEqual(numbers.map((_, n) => n));
    expect(group.attribute('text')).toBe('of any length: äöü');
    expect(group.attribute('toString')).toBeUndefined();
    expect(group.get('toString')).toBeUndefined();
  });

  test('gives a view of the file where the numbers lie as the machine holds them', () => {
    const bytes = writeHdf5({
      datasets: new Map([['a', { dtype: 'float32', shape: [3], data: Float32Array.of(1, 2, 3) }]]),
    });
    const { data } = find(readHdf5(bytes), 'a').read();
    expect(data.buffer).toBe(bytes.buffer);
    expect(data).toEqual(Float32Array.of(1, 2, 3));
    const moved = new Uint8Array([0, ...bytes]).subarray(1);
    expect(find(readHdf5(moved), 'a').read().data).toEqual(Float32Array.of(1, 2, 3));
  });

  test.each([
    ['texts', '/texts holds texts, not numbers'],
    ['any_length', '/any_length holds texts, not numbers'],
    ['records', '/records holds records, which this reader does not read'],
    ['lists', '/lists holds lists of any length, which this reader does not read'],
    ['enumeration', '/enumeration holds an enumeration, which this reader does not read'],
    ['opaque', '/opaque holds elements of 3 bytes of which it does not say what they are'],
    ['nothing', '/nothing holds nothing, not even a shape'],
    ['unwritten', '/unwritten must have 24 bytes, as its shape [2, 3] says, but was never written'],
    ['half_written', '/half_written must have 64 bytes, as its shape [4, 4] says, but has 2 of 4 chunks'],
    ['lzf', "/lzf is compressed by the filter lzf; write it again with h5py's default libver, uncompressed or by gzip"],
    ['external', '/external has its numbers in another file, which is not followed'],
    ['type', '/type must say its shape'],
    ['shared_type', '/shared_type shares its type or shape with others'],
    ['soft', '/soft is a link to another place, which is not followed'],
  ])('refuses in words: %s', (name, message) => {
    const root = readHdf5(fixture('refused'));
    expect(root.names).toContain(name);
    expect(() => root.get(name)).toThrow(message);
    expect(readOrRefused(() => root.get(name))).toHaveProperty('error');
  });

  test('refuses a group that contains itself', () => {
    const group = readHdf5(fixture('refused')).get('group') as Hdf5Group;
    expect(() => group.get('itself')).toThrow('/group/itself must not be the same group as /group');
  });

  test('follows no link to another file, and no heap of the newest format', () => {
    expect(() => readHdf5(fixture('links')).get('elsewhere')).toThrow('/elsewhere is a link to another file');
    expect(() => readHdf5(fixture('dense'))).toThrow(
      "/ keeps its entries in a heap of the newest format; write the file with h5py's default libver",
    );
  });

  const small = writeHdf5({
    attributes: new Map([['name', 'small']]),
    groups: new Map([
      ['vars', { datasets: new Map([['0', { dtype: 'float32', shape: [5, 7], data: new Float32Array(35) }]]) }],
    ]),
  });
  const shapeAt = indexOf(small, longs(5, 7));

  test.each<[string, Uint8Array, string]>([
    ['an empty file', new Uint8Array(0), 'the file is not an HDF5 file'],
    ['another file', new TextEncoder().encode('PK and so on'), 'the file is not an HDF5 file'],
    ['a piece', small.subarray(0, 700), `is cut off: it should have ${small.length} bytes, but has 700`],
    [
      'sizes of 2^38',
      patched(small, shapeAt, 8, 2 ** 38),
      'must take 2147483648 bytes at most, but its shape is [2748779',
    ],
    ['sizes beyond numbers', patched(small, shapeAt, 8, 2 ** 60), 'has a number at byte'],
    [
      'a shape that is not the data',
      patched(small, shapeAt, 8, 4),
      'must have 112 bytes, as its shape [4, 7] says, but has 140',
    ],
    ['99 axes', patched(small, indexOf(small, longs(5, 7)) - 7, 1, 99), 'must have 32 axes at most, but has 99'],
    ['an unknown version', patched(small, 8, 1, 7), 'the file has version 7, which this reader does not know'],
    ['a group behind the end', patched(small, 64, 8, 2 ** 30), 'must be within the file'],
  ])('refuses %s', (_, bytes, message) => {
    const read = () => readAll(readHdf5(bytes));
    expect(readOrRefused(read)).toHaveProperty('error');
    expect(read).toThrow(message);
  });

  test('refuses a dataset that is larger than is allowed, before it is read', () => {
    expect(() => readAll(readHdf5(small, { maxBytes: 139 }))).toThrow(
      '/vars/0 must take 139 bytes at most, but its shape is [5, 7]; give a larger maxBytes if you trust it',
    );
    expect(readAll(readHdf5(small, { maxBytes: 140 }))).toHaveLength(2);
  });

  test('refuses an index of entries that has a cycle, and a header that continues in itself', () => {
    const tree = indexOf(small, 'TREE');
    const cyclic = patched(patched(small, tree + 5, 1, 1), tree + 32, 8, tree);
    expect(() => readAll(readHdf5(cyclic))).toThrow('must be indexed by a tree without cycles');
    const header = indexOf(small, Uint8Array.of(0x11, 0, 16, 0));
    const continued = patched(patched(patched(small, header, 1, 0x10), header + 8, 8, header), header + 16, 8, 24);
    expect(() => readAll(readHdf5(continued))).toThrow('must not continue where it has been before');
  });

  test('notices damage to what has a checksum', () => {
    const bytes = fixture('chunks');
    const root = readHdf5(bytes);
    const stored = find(root, 'plain').read().data as Float32Array;
    // Of 'plain' itself, and of 'checked', which has the same chunks.
    const first = new Uint8Array(Float32Array.of(stored[0] as number, stored[1] as number).buffer);
    const file = Buffer.from(bytes);
    const places = [...bytes.keys()].filter((at) => file.subarray(at, at + first.length).equals(first));
    const outcomes = places.map((at) => {
      const changed = readHdf5(patched(bytes, at, 1, ((first[0] as number) + 1) % 256));
      const plain = find(changed, 'plain').read().data as Float32Array;
      const checked = readOrRefused(() => find(changed, 'checked').read());
      return [plain[0] === stored[0], 'error' in checked ? checked.error.message : 'read'];
    });
    expect(outcomes).toContainEqual([false, 'read']);
    expect(outcomes).toContainEqual([true, '/checked is damaged: its checksum differs']);
  });

  const files = readdirSync(FOLDER).filter((file) => file.endsWith('.h5') && file !== 'groups.h5');

  test.each(files)('turns every piece of %s into a FileError', (file) => {
    const bytes = new Uint8Array(readFileSync(join(FOLDER, file)));
    const step = Math.ceil(bytes.length / 300);
    for (let length = 0; length < bytes.length; length += step) {
      expect(readOrRefused(() => readAll(readHdf5(bytes.subarray(0, length))))).toHaveProperty('error');
    }
  });

  test.each(files)('reads or refuses %s with damage, and throws nothing but FileErrors', (file) => {
    const bytes = new Uint8Array(readFileSync(join(FOLDER, file)));
    const random = randomNumbers(file.length);
    // Where the structure is, and anywhere.
    const structure = ['TREE', 'SNOD', 'HEAP', 'GCOL', 'OHDR'].map(
      (name) => bytes.length && Buffer.from(bytes).indexOf(name),
    );
    for (let n = 0; n < 120; n++) {
      const copy = damaged(bytes, random);
      const at = structure[n % structure.length] as number;
      if (at > 0) copy[at + Math.floor(random() * 60)] = Math.floor(random() * 256);
      // The whole file may be refused at its first broken entry: each entry is read on its own.
      const root = readOrRefused(() => readHdf5(copy));
      if ('error' in root) continue;
      for (const name of root.value.names) {
        readOrRefused(() => {
          const found = root.value.get(name);
          if (found?.kind === 'group') readAll(found);
          else found?.read();
        });
      }
    }
  });
});
