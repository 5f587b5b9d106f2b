import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import fc from 'fast-check';
import { FileError, readTF1, type StoredArray } from '../../../src/convert/index.js';
import { readTable } from '../../../src/formats/tf1/table.js';
import { writeTable } from '../../formats/tf1/table-writer.js';
import { checkpoint, tf1Fixtures } from './tf1-fixtures.js';

const index = (name: string) => readFileSync(`${checkpoint(name)}.index`);
const data = (name: string, number = 0, count = 1) =>
  readFileSync(`${checkpoint(name)}.data-0000${number}-of-0000${count}`);
const bothParts = () => [data('partitioned', 0, 2), data('partitioned', 1, 2)];

const plain = (variables: ReadonlyMap<string, StoredArray>) =>
  [...variables].map(([name, { dtype, shape, data: numbers }]) => [
    name,
    dtype,
    shape,
    Array.from(numbers as Float32Array),
  ]);

describe('readTF1', () => {
  test.each(tf1Fixtures())('reads every variable that TensorFlow lists: $name', async ({ name, variables }) => {
    const read = await readTF1(checkpoint(name));
    const wanted = variables.filter(([variable]) => !/OBJECT_GRAPH/.test(variable));
    expect([...read].map(([variable, { shape }]) => [variable, shape])).toEqual(wanted);
    for (const { shape, data: numbers } of read.values())
      expect(numbers).toHaveLength(shape.reduce((a, b) => a * b, 1));
  });

  test('reads numbers as they are stored', async () => {
    const variables = await readTF1(checkpoint('basic'));
    expect(variables.get('global_step')?.dtype).toBe('int64');
    expect(variables.get('global_step')?.data).toBeInstanceOf(BigInt64Array);
    expect((await readTF1(checkpoint('float64'))).get('rnn/lstm_cell/kernel')?.dtype).toBe('float64');
  });

  test('takes a prefix, one of its files, an address and the bytes for the same', async () => {
    const prefix = checkpoint('partitioned');
    const expected = plain(await readTF1(prefix));
    for (const source of [
      `${prefix}.index`,
      `${prefix}.data-00001-of-00002`,
      pathToFileURL(prefix),
      `${pathToFileURL(prefix)}`,
    ]) {
      expect(plain(await readTF1(source))).toEqual(expected);
    }
    const files = { index: new Blob([index('partitioned')]), data: bothParts() };
    expect(plain(await readTF1(files))).toEqual(expected);
    expect(plain(await readTF1({ index: index('plain'), data: data('plain') }))).toEqual(
      plain(await readTF1(checkpoint('plain'))),
    );
  });

  test('finds the data files beside an index, whatever the name, and behind an address with a query', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tf1 #1 '));
    const base = 'my model: 50% ?.ckpt';
    copyFileSync(`${checkpoint('plain')}.index`, join(folder, `${base}.index`));
    copyFileSync(`${checkpoint('plain')}.data-00000-of-00001`, join(folder, `${base}.data-00000-of-00001`));
    const expected = plain(await readTF1(checkpoint('plain')));
    const asked: string[] = [];
    const server = createServer((request, response) => {
      const { pathname } = new URL(request.url as string, 'http://localhost');
      asked.push(pathname);
      response.end(readFileSync(join(folder, decodeURIComponent(pathname))));
    });
    await new Promise<void>((resolve) => server.listen(0, resolve));
    try {
      expect(plain(await readTF1(join(folder, base)))).toEqual(expected);
      expect(plain(await readTF1(pathToFileURL(join(folder, base))))).toEqual(expected);
      const { port } = server.address() as AddressInfo;
      const address = `http://localhost:${port}/${encodeURIComponent(base)}`;
      expect(plain(await readTF1(address))).toEqual(expected);
      expect(plain(await readTF1(new URL(address)))).toEqual(expected);
      expect(asked).toHaveLength(4);
    } finally {
      server.close();
      rmSync(folder, { recursive: true });
    }
  });

  test('reads an index that is compressed and in many blocks', async () => {
    const entries = readTable(index('partitioned')).map(({ key, value }): [Uint8Array, Uint8Array] => [key, value]);
    const compressed = writeTable(entries, { isCompressed: true, blockOf: 3, restartInterval: 2 });
    const read = await readTF1({ index: compressed, data: bothParts() });
    expect(plain(read)).toEqual(plain(await readTF1(checkpoint('partitioned'))));
  });

  test('says what is missing or given wrongly', async () => {
    await expect(readTF1('nowhere/model.ckpt')).rejects.toThrow(
      /nowhere\/model\.ckpt\.index: the file cannot be read: there is no such file; give the checkpoint's prefix/,
    );
    await expect(readTF1({ index: index('partitioned'), data: data('plain') })).rejects.toThrow(
      'the index counts 2 data files, but 1 are given',
    );
    await expect(readTF1({ index: data('plain'), data: data('plain') })).rejects.toThrow(
      'is not the index of a checkpoint',
    );
    const [first, second] = bothParts() as [Buffer, Buffer];
    await expect(readTF1({ index: index('partitioned'), data: [second, first] })).rejects.toThrow(FileError);
    await expect(readTF1({ index: index('plain'), data: data('plain').subarray(0, 500) })).rejects.toThrow(
      "the bytes: variable 'rnn/lstm_cell/kernel' must end within the 500 bytes of data file 0, but ends at 512",
    );
    const damaged = Buffer.from(data('plain'));
    damaged[100] = (damaged[100] as number) ^ 1;
    await expect(readTF1({ index: index('plain'), data: damaged })).rejects.toThrow(
      "variable 'rnn/lstm_cell/kernel' is damaged: its checksum differs",
    );
    await expect(readTF1(3 as unknown as string)).rejects.toThrow("readTF1: the source must be a checkpoint's prefix");
    await expect(readTF1('')).rejects.toThrow(RangeError);
    await expect(readTF1({ index: 3, data: [] } as never)).rejects.toThrow('readTF1: the source must be a path');
    await expect(readTF1('nowhere', { maxbytes: 3 } as object)).rejects.toThrow("must be spelt 'maxBytes'");
    await expect(readTF1(checkpoint('plain'), { maxBytes: 10 })).rejects.toThrow('must have 10 bytes at most');
  });

  test('reads no file outside the folder', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tf1-'));
    try {
      writeFileSync(join(folder, 'm.index'), index('plain'));
      await expect(readTF1(join(folder, 'm'))).rejects.toThrow("the file './m.data-00000-of-00001' is missing");
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('takes or refuses changed files, and ends with nothing else', async () => {
    const tables = readTable(index('partitioned'));
    const parts = bothParts();
    const change = fc.tuple(fc.nat(1000), fc.nat(1000), fc.nat(255));
    // Of entries, in a table whose checksums are right.
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 3 }), async (changes) => {
        const entries = tables.map(({ key, value }): [Uint8Array, Uint8Array] => [key, Uint8Array.from(value)]);
        for (const [which, at, byte] of changes) {
          const [, value] = entries[which % entries.length] as [Uint8Array, Uint8Array];
          value[at % value.length] = byte;
        }
        try {
          for (const { shape, data: numbers } of (
            await readTF1({ index: writeTable(entries), data: parts })
          ).values()) {
            expect(numbers).toHaveLength(shape.reduce((a, b) => a * b, 1));
          }
        } catch (error) {
          expect(error).toBeInstanceOf(FileError);
        }
      }),
      { numRuns: 500 },
    );
  });
});
