import fc from 'fast-check';
import { FileError } from '../../../src/formats/file-error.js';
import { readTable } from '../../../src/formats/tf1/table.js';
import { blockOf, type Entry, tableOf, varint, writeTable } from './table-writer.js';

const someEntries = fc
  .dictionary(fc.string({ maxLength: 8, unit: fc.constantFrom('a', 'b', '/') }), fc.uint8Array({ maxLength: 10 }), {
    maxKeys: 40,
  })
  .map((entries) =>
    Object.entries(entries)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, value]): Entry => [Buffer.from(key), value]),
  );

const read = (bytes: Uint8Array) => readTable(bytes).map(({ key, value }) => [[...key], [...value]]);
const lists = (entries: readonly Entry[]) =>
  entries.map(([key, value]) => [[...Array.from(key)], [...Array.from(value)]]);
const entry = (key: string, value: number[] = []): Entry => [Buffer.from(key), value];

describe('readTable', () => {
  test('reads tables of any blocks, compressed or not', () => {
    const options = fc.record({
      blockOf: fc.integer({ min: 1, max: 9 }),
      restartInterval: fc.integer({ min: 1, max: 9 }),
      isCompressed: fc.boolean(),
    });
    fc.assert(
      fc.property(someEntries, options, (entries, how) => {
        expect(read(writeTable(entries, how))).toEqual(lists(entries));
      }),
      { numRuns: 100 },
    );
  });

  const raw = (...block: number[]) => tableOf([[...block, 0, 0, 0, 0, 1, 0, 0, 0]]);
  const good = writeTable([entry('a', [1]), entry('b', [2])]);
  const changed = (at: number, byte: number) =>
    good.map((old, n) => (n === (at + good.length) % good.length ? byte : old));
  test.each<[string, Uint8Array, string]>([
    ['a short file', new Uint8Array(40), 'the file is not the index of a checkpoint'],
    ['another file', new Uint8Array(400), "give the checkpoint's prefix"],
    ['a damaged block', changed(3, 99), 'the block at byte 0 is damaged: its checksum differs'],
    [
      'an unknown compression',
      tableOf([blockOf([])], 7),
      'must be compressed by Snappy or not at all, but has the kind 7',
    ],
    ['a block beyond the file', changed(-46, 0x7f), 'must lie within the'],
    ['keys that do not increase', writeTable([entry('b'), entry('a')]), 'must have keys that increase'],
    ['a key twice', writeTable([entry('a'), entry('a')]), 'must have keys that increase'],
    [
      'a key twice, in two blocks',
      writeTable([entry('a'), entry('a')], { blockOf: 1 }),
      'must have keys that increase',
    ],
    ['a key that shares too much', raw(1, 0, 0), 'must have keys that share no more than there is'],
    ['a key that does not end', raw(0, 9, 0, 97), 'must be followed by 9 more, but is not'],
    ['a value that does not end', raw(0, 1, 9, 97), 'must be followed by 9 more, but is not'],
    ['a number that does not end', raw(...Array(12).fill(0x80)), 'must be a number of ten bytes at most'],
    ['a block of two bytes', tableOf([[1, 0]]), 'must end with its restart points'],
    ['more restart points than bytes', tableOf([[9, 0, 0, 0]]), 'must end with its restart points'],
  ])('refuses %s', (_, bytes, message) => {
    expect(() => readTable(bytes)).toThrow(FileError);
    expect(() => readTable(bytes)).toThrow(message);
  });

  test('refuses a block that is referred to twice', () => {
    const once = Array.from(writeTable([entry('a')]));
    // The index is the last block; its one handle is made two.
    const block = blockOf([entry('a')]);
    const handle = [0, ...varint(block.length)];
    const twice = blockOf([
      [[1], handle],
      [[2], handle],
    ]);
    const file = tableOf([block, twice]);
    const start = block.length + 5;
    const footer = [0, ...varint(8), ...varint(start), ...varint(twice.length)];
    const bytes = Uint8Array.from([
      ...file.subarray(0, -48),
      ...footer,
      ...Array(40 - footer.length).fill(0),
      ...once.slice(-8),
    ]);
    expect(() => readTable(bytes)).toThrow('the block at byte 0 must come after the one before');
  });

  test('refuses keys that would fill memory', () => {
    const long = Array.from({ length: 3000 }, () => 97);
    const block: number[] = [0, ...varint(long.length), 0, ...long];
    // Each shares all of the one before, and adds a byte.
    for (let n = 0; n < 3000; n++) block.push(...varint(long.length + n), 1, 0, 97);
    for (const kind of [0, 1]) {
      const table = tableOf([[...block, 0, 0, 0, 0, 1, 0, 0, 0]], kind);
      expect(() => readTable(table)).toThrow('has more keys than its file can have');
    }
  });

  test('takes or refuses a changed table, and ends with nothing else', () => {
    const entries = ['', 'rnn/bias', 'rnn/kernel', 'rnn/other'].map((name, n) => entry(name, [n, 2, 3]));
    for (const isCompressed of [false, true]) {
      const original = writeTable(entries, { isCompressed, blockOf: 2 });
      for (let length = 0; length < original.length; length++) {
        expect(() => readTable(original.subarray(0, length))).toThrow(FileError);
      }
      for (let bit = 0; bit < 8 * original.length; bit++) {
        const bytes = original.slice();
        bytes[bit >> 3] = (bytes[bit >> 3] as number) ^ (1 << (bit & 7));
        try {
          readTable(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(FileError);
        }
      }
    }
    // Blocks of any bytes, whose checksums are right.
    fc.assert(
      fc.property(fc.array(fc.array(fc.nat(255), { maxLength: 30 }), { maxLength: 3 }), fc.nat(1), (blocks, kind) => {
        try {
          readTable(tableOf(blocks, kind));
        } catch (error) {
          expect(error).toBeInstanceOf(FileError);
        }
      }),
      { numRuns: 300 },
    );
  });
});
