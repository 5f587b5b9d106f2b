import fc from 'fast-check';
import { strFromU8, strToU8, unzipSync, zipSync } from 'fflate';
import { readZip, writeZip } from '../../src/formats/zip.js';
import { damaged, randomNumbers, readOrRefused } from './support/mutate.js';

const text = (value: string) => new Uint8Array(strToU8(value));
const FILES = { 'metadata.json': text('{"a": 1}'), 'folder/config.json': text('x'.repeat(5000)), empty: text('') };

const plain = (zip: Uint8Array) => new Uint8Array(zip);
const stored = plain(zipSync(FILES, { level: 0 }));
const deflated = plain(zipSync(FILES, { level: 6 }));

function setUint(bytes: Uint8Array, at: number, size: 2 | 4, value: number): void {
  const view = new DataView(bytes.buffer);
  if (size === 2) view.setUint16(at, value, true);
  else view.setUint32(at, value, true);
}

/** Where the directory's entry is, by its number. */
function directoryEntry(bytes: Uint8Array, index: number): number {
  const view = new DataView(bytes.buffer);
  let at = view.getUint32(bytes.length - 22 + 16, true);
  for (let n = 0; n < index; n++) {
    at += 46 + view.getUint16(at + 28, true) + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
  }
  return at;
}

function changed(bytes: Uint8Array, change: (copy: Uint8Array) => void): Uint8Array {
  const copy = bytes.slice();
  change(copy);
  return copy;
}

describe('readZip', () => {
  test.each([
    ['stored', stored],
    ['deflated', deflated],
  ])('reads the %s entries of an archive', (_, zip) => {
    const archive = readZip(zip);
    expect(archive.names).toEqual(Object.keys(FILES));
    for (const [name, bytes] of Object.entries(FILES)) expect(archive.read(name)).toEqual(bytes);
    expect(archive.has('empty')).toBe(true);
    expect(archive.has('other')).toBe(false);
    expect(() => archive.read('other')).toThrow("entry 'other' is missing from the archive");
  });

  test('gives a view of what is stored', () => {
    expect(readZip(stored).read('folder/config.json').buffer).toBe(stored.buffer);
  });

  test('reads an archive with a comment that looks like an end, or behind other bytes in memory', () => {
    const comment = text('PK\u0005\u0006 and more than twenty-two bytes');
    const commented = new Uint8Array([...deflated, ...comment]);
    setUint(commented, deflated.length - 2, 2, comment.length);
    expect(readZip(commented).read('metadata.json')).toEqual(FILES['metadata.json']);
    const moved = new Uint8Array([1, 2, 3, ...deflated]).subarray(3);
    expect(readZip(moved).read('folder/config.json')).toEqual(FILES['folder/config.json']);
  });

  test('leaves folders out', () => {
    expect(readZip(plain(zipSync({ folder: { 'a.txt': text('a') }, 'b/': text('') }))).names).toEqual(['folder/a.txt']);
  });

  test('has __proto__ and paths that lead out for mere names', () => {
    const zip = writeZip([
      ['__proto__', text('a')],
      ['../../etc/x', text('b')],
    ]);
    const archive = readZip(zip);
    expect(strFromU8(archive.read('__proto__'))).toBe('a');
    expect(strFromU8(archive.read('../../etc/x'))).toBe('b');
    expect(archive.has('toString')).toBe(false);
  });

  test('reads zip64', () => {
    const { name, data } = { name: text('a.bin'), data: text('some bytes') };
    const extra = new Uint8Array(4 + 24);
    setUint(extra, 0, 2, 1);
    setUint(extra, 2, 2, 24);
    setUint(extra, 4, 4, data.length);
    setUint(extra, 12, 4, data.length);
    const one = writeZip([['a.bin', data]]);
    const directory = directoryEntry(one, 0);
    const head = changed(one.subarray(directory, directory + 46), (entry) => {
      for (const at of [20, 24, 42]) setUint(entry, at, 4, 0xffffffff);
      setUint(entry, 30, 2, extra.length);
    });
    const end64 = new Uint8Array(56);
    setUint(end64, 0, 4, 0x06064b50);
    setUint(end64, 24, 4, 1);
    setUint(end64, 32, 4, 1);
    setUint(end64, 40, 4, head.length + name.length + extra.length);
    setUint(end64, 48, 4, directory);
    const locator = new Uint8Array(20);
    setUint(locator, 0, 4, 0x07064b50);
    setUint(locator, 8, 4, directory + head.length + name.length + extra.length);
    const end = changed(one.subarray(-22), (bytes) => {
      for (const at of [8, 10]) setUint(bytes, at, 2, 0xffff);
      for (const at of [12, 16]) setUint(bytes, at, 4, 0xffffffff);
    });
    const zip = new Uint8Array([
      ...one.subarray(0, directory),
      ...head,
      ...name,
      ...extra,
      ...end64,
      ...locator,
      ...end,
    ]);
    expect(readZip(zip).read('a.bin')).toEqual(data);
    // What stands where the zip64 end should be.
    expect(() => readZip(changed(zip, (bytes) => setUint(bytes, zip.length - 42, 4, 0)))).toThrow('zip64 directory');
  });

  test.each<[string, Uint8Array, string]>([
    ['no archive', text('hello, this is not a zip archive'), 'the file is not a zip archive'],
    ['an empty file', text(''), 'the file is not a zip archive'],
    ['a piece of an archive', stored.subarray(0, 3000), 'the file is a zip archive that has been cut off'],
    ['bytes in front', new Uint8Array([1, 2, 3, ...stored]), 'right before its end, as it says; remove what stands'],
    ['encryption', changed(stored, (b) => setUint(b, directoryEntry(b, 0) + 8, 2, 1)), 'must not be encrypted'],
    ['another compression', changed(stored, (b) => setUint(b, directoryEntry(b, 0) + 10, 2, 14)), 'by method 14'],
    ['more than one part', changed(stored, (b) => setUint(b, b.length - 18, 2, 1)), 'must be in one part'],
    ['too many entries', changed(stored, (b) => [8, 10].map((n) => setUint(b, b.length - 22 + n, 2, 60_000))), '10000'],
    [
      'entries that are not there',
      changed(stored, (b) => [8, 10].map((n) => setUint(b, b.length - 22 + n, 2, 4))),
      'entry 3',
    ],
    [
      'entries that nobody counts',
      changed(stored, (b) => [8, 10].map((n) => setUint(b, b.length - 22 + n, 2, 2))),
      'has more',
    ],
    [
      'an entry outside',
      changed(stored, (b) => setUint(b, directoryEntry(b, 0) + 42, 4, 2 ** 31)),
      'lie before the directory',
    ],
    [
      'a size that is not what is stored',
      changed(stored, (b) => setUint(b, directoryEntry(b, 1) + 24, 4, 9)),
      'cannot be',
    ],
    [
      'a size that nothing inflates to',
      changed(deflated, (b) => setUint(b, directoryEntry(b, 1) + 24, 4, 2 ** 31)),
      'cannot be',
    ],
  ])('refuses %s', (_, zip, message) => {
    expect(() => readZip(zip)).toThrow(message);
    expect(readOrRefused(() => readZip(zip))).toHaveProperty('error');
  });

  test('refuses two entries of one name', () => {
    const twice = writeZip([
      ['a', text('1')],
      ['a', text('2')],
    ]);
    expect(() => readZip(twice)).toThrow("entry 'a' must not occur twice");
  });

  test('refuses files that are larger than is allowed, before it inflates one', () => {
    expect(() => readZip(deflated, { maxBytes: 5000 })).toThrow(
      'the archive must inflate to 5000 bytes at most, but says 5008; give a larger maxBytes if you trust it',
    );
    expect(readZip(deflated, { maxBytes: 5008 }).names).toHaveLength(3);
  });

  test('refuses entries that share their bytes', () => {
    const zip = changed(stored, (bytes) => {
      // The first, of 8 bytes, and the last, empty, claim the 5,000 of the second.
      for (const [entry, size] of [
        [0, 4900],
        [2, 4900],
      ] as const) {
        setUint(bytes, directoryEntry(bytes, entry) + 20, 4, size);
        setUint(bytes, directoryEntry(bytes, entry) + 24, 4, size);
        setUint(bytes, directoryEntry(bytes, entry) + 42, 4, 0);
      }
    });
    expect(() => readZip(zip)).toThrow('the archive has entries that lie on one another');
  });

  test.each([
    ['stored', stored],
    ['deflated', deflated],
  ])('notices a flipped bit in what is %s', (_, zip) => {
    const wrong = changed(zip, (bytes) => {
      const at = directoryEntry(bytes, 0) - 45;
      bytes[at] = (bytes[at] as number) ^ 4;
    });
    expect(() => readZip(wrong).read('folder/config.json')).toThrow(
      /entry 'folder\/config.json' (is damaged|cannot be|claims)/,
    );
  });

  test('refuses an entry that lies under another name', () => {
    const wrong = changed(stored, (bytes) => {
      bytes[30] = 'n'.charCodeAt(0);
    });
    expect(() => readZip(wrong).read('metadata.json')).toThrow('must be called the same where it lies');
  });

  const readAll = (bytes: Uint8Array) => {
    const archive = readZip(bytes);
    return archive.names.map((name) => archive.read(name).slice());
  };

  test.each([
    ['stored', stored],
    ['deflated', deflated],
  ])('refuses every piece of a %s archive', (_, zip) => {
    for (let length = 0; length < zip.length; length += zip.length > 1000 ? 11 : 1) {
      expect(readOrRefused(() => readAll(zip.subarray(0, length)))).toHaveProperty('error');
    }
  });

  test.each([
    ['stored', stored],
    ['deflated', deflated],
  ])('turns damage to a %s archive into a FileError, or reads what was in it', (_, zip) => {
    const random = randomNumbers(3);
    const contents = Object.values(FILES).map((bytes) => strFromU8(bytes));
    for (let n = 0; n < 1500; n++) {
      const outcome = readOrRefused(() => readAll(damaged(zip, random)));
      if ('value' in outcome) for (const bytes of outcome.value) expect(contents).toContain(strFromU8(bytes));
    }
  });
});

describe('writeZip', () => {
  const files = fc.uniqueArray(
    fc.tuple(fc.string({ minLength: 1, unit: 'grapheme' }), fc.uint8Array({ maxLength: 99 })),
    {
      selector: ([name]) => name,
      maxLength: 6,
    },
  );

  test('writes what readZip and fflate read', () => {
    fc.assert(
      fc.property(files, (entries) => {
        const isFile = entries.filter(([name]) => !name.endsWith('/') && name !== '__proto__');
        const zip = writeZip(isFile);
        const archive = readZip(zip);
        const other = unzipSync(zip);
        expect(archive.names).toEqual(isFile.map(([name]) => name));
        for (const [name, bytes] of isFile) {
          expect(archive.read(name)).toEqual(bytes);
          expect(Array.from(other[name] as Uint8Array)).toEqual(Array.from(bytes));
        }
      }),
      { numRuns: 30 },
    );
  });

  test('writes the same files as the same bytes', () => {
    expect(writeZip([['a', text('1')]])).toEqual(writeZip([['a', text('1')]]));
  });
});
