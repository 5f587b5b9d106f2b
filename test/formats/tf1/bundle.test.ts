import { FileError } from '../../../src/formats/file-error.js';
import { ProtobufWriter } from '../../../src/formats/protobuf-writer.js';
import { readBundleIndex, readVariables } from '../../../src/formats/tf1/bundle.js';
import { maskedCrc32c } from '../../../src/formats/tf1/crc32c.js';
import { type Entry, writeTable } from './table-writer.js';

const shard = Uint8Array.from({ length: 64 }, (_, n) => n);
const UINT8 = 4;
const STRING = 7;

interface Facts {
  dtype?: number;
  shape: number[];
  shard?: number;
  offset?: number;
  size?: number;
  checksum?: number;
  slices?: [start: number, length: number | null][][];
}

/** An entry as TensorFlow writes it; of bytes. */
function entryOf({ dtype = UINT8, shape, offset = 0, slices = [], ...more }: Facts): Uint8Array {
  const size = more.size ?? shape.reduce((product, length) => product * length, 1);
  const writer = new ProtobufWriter().integer(1, dtype);
  const dims = new ProtobufWriter();
  for (const length of shape) dims.message(2, new ProtobufWriter().integer(1, length));
  writer
    .message(2, dims)
    .integer(3, more.shard ?? 0)
    .integer(4, offset)
    .integer(5, size);
  for (const slice of slices) {
    const extents = new ProtobufWriter();
    for (const [start, length] of slice) {
      const extent = new ProtobufWriter();
      if (length !== null) extent.integer(1, start).integer(2, length);
      extents.message(1, extent);
    }
    writer.message(7, extents);
  }
  const checksum = more.checksum ?? maskedCrc32c(shard.subarray(offset, offset + size));
  // A field 6 of four bytes.
  return Uint8Array.from([...writer.finish(), 0x35, ...new Uint8Array(Uint32Array.of(checksum).buffer)]);
}

const header = (shards = 1, endianness = 0): Entry => [
  [],
  new ProtobufWriter().integer(1, shards).integer(2, endianness).finish(),
];

/** Reads a checkpoint of these entries; a key is a text of bytes. */
function read(entries: Record<string, Facts>, first = header()) {
  const table: Entry[] = Object.entries(entries)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, facts]) => [Buffer.from(key, 'latin1'), entryOf(facts)]);
  return readVariables(readBundleIndex(writeTable([first, ...table])), new Map([[0, shard]]));
}

/** The key of a part: small numbers have their first bit set, and -1 is all. */
const part = (name: string, ...numbers: number[]) =>
  `\0${name}\0\x01\x01${String.fromCharCode(numbers.length / 2, ...numbers.map((n) => (n < 0 ? 0x7f : 0x80 | n)))}`;

describe('readBundleIndex and readVariables', () => {
  test('read variables, and leave out what is no numbers', () => {
    const variables = read({
      a: { shape: [2, 2], offset: 3 },
      text: { dtype: STRING, shape: [1], offset: 10, size: 5 },
      b: { shape: [], offset: 9 },
    });
    expect([...variables].map(([name, { shape, data }]) => [name, shape, Array.from(data as Uint8Array)])).toEqual([
      ['a', [2, 2], [3, 4, 5, 6]],
      ['b', [], [9]],
    ]);
  });

  test('join parts along any axis, in whatever order they are listed', () => {
    const columns: [number, number | null][][] = [
      [
        [0, null],
        [2, 1],
      ],
      [
        [0, null],
        [0, 2],
      ],
    ];
    const variables = read({
      v: { shape: [2, 3], size: 0, slices: columns },
      [part('v', 0, -1, 0, 2)]: { shape: [2, 2], offset: 0 },
      [part('v', 0, -1, 2, 1)]: { shape: [2, 1], offset: 10 },
    });
    expect(Array.from(variables.get('v')?.data as Uint8Array)).toEqual([0, 1, 10, 2, 3, 11]);
    expect([...variables.keys()]).toEqual(['v']);
  });

  test('find parts of sizes that take more than a byte in their keys', () => {
    const long = new Uint8Array(9000).map((_, n) => n);
    const facts = (offset: number, size: number): Facts => ({
      shape: [size],
      offset,
      checksum: maskedCrc32c(long.subarray(offset, offset + size)),
    });
    // 63 is 0xbf; 64 is 0xc0 0x40; 8,192 is 0xe0 0x20 0x00.
    const key = (...bytes: number[]) => `\0v\0\x01\x01\x01${String.fromCharCode(...bytes)}`;
    const table: [string, Facts][] = [
      [key(0x80, 0xbf), facts(0, 63)],
      [key(0xbf, 0xe0, 0x20, 0x00), facts(63, 8192)],
      [key(0xe0, 0x20, 0x3f, 0xc0, 0x40), facts(8255, 64)],
      ['v', { shape: [8319], size: 0, slices: [[[0, 63]], [[63, 8192]], [[8255, 64]]] }],
    ];
    const entries = table.map(([name, value]): Entry => [Buffer.from(name, 'latin1'), entryOf(value)]);
    const variables = readVariables(readBundleIndex(writeTable([header(), ...entries])), new Map([[0, long]]));
    expect(variables.get('v')?.data).toEqual(long.subarray(0, 8319));
  });

  test('join parts without numbers, however many rows of nothing they have', () => {
    const long = 2 ** 50;
    const part = (start: number): [number, number | null][] => [
      [0, null],
      [start, 1],
      [0, null],
    ];
    const key = (start: number) => `\0v\0\x01\x01\x03\x80\x7f${String.fromCharCode(0x80 | start)}\x81\x80\x7f`;
    const variables = read({
      [key(0)]: { shape: [long, 1, 0] },
      [key(1)]: { shape: [long, 1, 0] },
      v: { shape: [long, 2, 0], size: 0, slices: [part(0), part(1)] },
    });
    expect(variables.get('v')).toEqual({ dtype: 'uint8', shape: [long, 2, 0], data: new Uint8Array(0) });
  });

  const halves: [number, number | null][][] = [[[0, 1]], [[1, 2]]];
  test.each<[string, () => unknown, string]>([
    ['no header', () => read({ a: { shape: [] } }, [[1], []]), 'the file must begin with a header'],
    ['no data file', () => read({}, header(0)), 'the header must count one data file or more'],
    ['big-endian numbers', () => read({}, header(1, 1)), 'the header must say little-endian'],
    [
      'a data file that is not counted',
      () => read({ a: { shape: [], shard: 1 } }),
      "variable 'a' must be in one of the 1 data files, not 1",
    ],
    ['a negative offset', () => read({ a: { shape: [], offset: -1 } }), "variable 'a' must have an offset and a size"],
    ['a negative size', () => read({ a: { shape: [-1], size: 1 } }), "variable 'a' must have a shape of sizes"],
    ['a shape of 2^80', () => read({ a: { shape: [2 ** 40, 2 ** 40], size: 4 } }), 'by its shape, but has 4'],
    [
      'a variable beyond its file',
      () => read({ a: { shape: [2], offset: 63, checksum: 0 } }),
      'must end within the 64 bytes of data file 0, but ends at 65',
    ],
    [
      'two variables of the same bytes',
      () => read({ a: { shape: [4] }, b: { shape: [4], offset: 3 } }),
      "variable 'b' must not lie over another",
    ],
    [
      'a wrong checksum',
      () => read({ a: { shape: [4], checksum: 1 } }),
      "variable 'a' is damaged: its checksum differs",
    ],
    ['a name that is not UTF-8', () => read({ '\xff': { shape: [4] } }), 'the index must have names in UTF-8'],
    [
      'a part that is not there',
      () => read({ v: { shape: [3], size: 0, slices: halves } }),
      "variable 'v' must have a part of shape [1]",
    ],
    [
      'parts with a gap',
      () => read({ v: { shape: [3], size: 0, slices: [[[0, 1]], [[2, 1]]] } }),
      "variable 'v' must have parts that cover it without overlap",
    ],
    [
      'a part that is listed twice',
      () => read({ v: { shape: [2], size: 0, slices: [[[0, 1]], [[0, 1]]] }, [part('v', 0, 1)]: { shape: [1] } }),
      "variable 'v' must have parts that cover it without overlap",
    ],
    [
      'a part of another shape',
      () => read({ v: { shape: [2], size: 0, slices: [[[0, 2]]] }, [part('v', 0, 2)]: { shape: [3] } }),
      "variable 'v' must have a part of shape [2]",
    ],
    [
      'a part of other axes',
      () => read({ v: { shape: [2, 2], size: 0, slices: [[[0, 1]]] } }),
      "variable 'v' must be partitioned along one axis",
    ],
    [
      'parts along two axes',
      () =>
        read({
          v: {
            shape: [2, 2],
            size: 0,
            slices: [
              [
                [0, 1],
                [0, 1],
              ],
            ],
          },
        }),
      "variable 'v' must be partitioned along one axis; save it unpartitioned",
    ],
    [
      'a damaged part',
      () => read({ [part('v', 0, 2)]: { shape: [2], offset: 63 } }),
      "part of the variable 'v' must end within",
    ],
  ])('refuse %s', (_, run, message) => {
    expect(run).toThrow(FileError);
    expect(run).toThrow(message);
  });
});
