import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { openSource, type Source } from '../../src/convert/source.js';
import { FileError } from '../../src/formats/file-error.js';

const BYTES = Uint8Array.of(1, 2, 3, 250, 5);
const BESIDE = Uint8Array.of(7, 8);

let folder: string;
let server: Server;
let address: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'source-'));
  mkdirSync(join(folder, 'model/below'), { recursive: true });
  writeFileSync(join(folder, 'model/a.bin'), BYTES);
  writeFileSync(join(folder, 'model/below/b.bin'), BESIDE);
  writeFileSync(join(folder, 'secret.bin'), 'secret');
  mkdirSync(join(folder, 'model-other'));
  writeFileSync(join(folder, 'model-other/c.bin'), 'other');
  symlinkSync(join(folder, 'secret.bin'), join(folder, 'model/link.bin'));
  symlinkSync(join(folder, 'model/below/b.bin'), join(folder, 'model/inner-link.bin'));
  server = createServer((request, response) => {
    const path = request.url ?? '';
    if (path.endsWith('/a.bin')) response.end(BYTES);
    else if (path.endsWith('/below/b.bin')) response.end(BESIDE);
    else if (path.endsWith('/endless.bin')) {
      // As long as the other side listens, and without saying how long.
      const send = () => response.write(new Uint8Array(65_536), (error) => error == null && setImmediate(send));
      send();
    } else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/model/a.bin`;
});

afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true });
});

const open = (source: Source, maxBytes?: number) => openSource('readIt', source, maxBytes);
const path = (name: string) => join(folder, 'model', name);

async function failure(action: Promise<unknown>): Promise<Error> {
  try {
    await action;
  } catch (error) {
    return error as Error;
  }
  throw new Error('nothing was thrown');
}

describe('openSource', () => {
  test('reads a path, an address of a file, bytes, and what holds bytes', async () => {
    const sources: [Source, string][] = [
      [path('a.bin'), path('a.bin')],
      [pathToFileURL(path('a.bin')), path('a.bin')],
      [pathToFileURL(path('a.bin')).href, path('a.bin')],
      [new URL(address), address],
      [address, address],
      [`data:application/octet-stream;base64,${Buffer.from(BYTES).toString('base64')}`, 'the data URL'],
      [BYTES, 'the bytes'],
      [BYTES.slice().buffer, 'the bytes'],
      [new Blob([BYTES]), 'the bytes'],
      [new File([BYTES], 'a.keras'), 'a.keras'],
    ];
    for (const [source, name] of sources) {
      const opened = await open(source);
      expect(Array.from(opened.bytes)).toEqual(Array.from(BYTES));
      expect(opened.name).toBe(name);
    }
  });

  test('does not copy bytes', async () => {
    expect((await open(BYTES)).bytes.buffer).toBe(BYTES.buffer);
  });

  test.each([[undefined], [null], [7], [''], [{}], [[1, 2]], [new DataView(new ArrayBuffer(2))]])(
    'takes %p for no source',
    async (source) => {
      const error = await failure(open(source as never));
      expect(error).toBeInstanceOf(RangeError);
      expect(error.message).toMatch(
        /^readIt: the source must be a path, a URL, a Blob, an ArrayBuffer or a Uint8Array, got /,
      );
    },
  );

  test('refuses what is longer than is allowed, whatever it comes from', async () => {
    for (const source of [path('a.bin'), address, BYTES, new Blob([BYTES]), pathToFileURL(path('a.bin'))]) {
      expect(Array.from((await open(source, 5)).bytes)).toHaveLength(5);
      const error = await failure(open(source, 4));
      expect(error).toBeInstanceOf(FileError);
      expect(error.message).toMatch(
        /: the file must have 4 bytes at most, but has 5; give a larger maxBytes if you trust it$/,
      );
    }
  });

  test('stops listening to a server that does not stop', async () => {
    const error = await failure(open(address.replace('a.bin', 'endless.bin'), 200_000));
    expect(error).toBeInstanceOf(FileError);
    expect(error.message).toContain('must have 200000 bytes at most');
  });

  test.each([
    ['there is no such file', () => path('no.bin')],
    ['there is no such file', () => join(path('a.bin'), 'b')],
    ['the path must be a file', () => path('below')],
    ['the server answers 404', () => address.replace('a.bin', 'no.bin')],
    ['cannot be fetched', () => 'http://127.0.0.1:1/a.bin'],
  ])('says that %s', async (message, source) => {
    const error = await failure(open(source()));
    expect(error).toBeInstanceOf(FileError);
    expect(error.message).toContain(message);
    expect((error as FileError).file).toBe(source());
  });

  describe('the files beside it', () => {
    test('are read from its folder and below, by path and by address', async () => {
      for (const source of [path('a.bin'), pathToFileURL(path('a.bin')), address]) {
        const opened = await open(source);
        expect(Array.from(await opened.sibling('below/b.bin'))).toEqual(Array.from(BESIDE));
      }
      expect(Array.from(await (await open(path('a.bin'))).sibling('inner-link.bin'))).toEqual(Array.from(BESIDE));
    });

    test.each(['../secret.bin', 'below/../../secret.bin', '../model-other/c.bin', '.', '..', '/etc/hostname'])(
      'are not those outside: %s',
      async (name) => {
        const error = await failure((await open(path('a.bin'))).sibling(name));
        expect(error).toBeInstanceOf(FileError);
        expect(error.message).toContain('must be in the folder of');
      },
    );

    test('are not what a link leads to that lies outside', async () => {
      const error = await failure((await open(path('a.bin'))).sibling('link.bin'));
      expect(error).toBeInstanceOf(FileError);
      expect(error.message).toContain('must not be a link that leads out of the folder');
    });

    test.each(['../secret.bin', '/secret.bin', 'http://127.0.0.1:1/model/a.bin', '//example.org/model/a.bin'])(
      'are not those elsewhere on the net: %s',
      async (name) => {
        const opened = await open(address);
        const error = await failure((async () => opened.sibling(name))());
        expect(error).toBeInstanceOf(FileError);
        expect(error.message).toContain('must lie beside the file that names it, or below');
      },
    );

    test('that are missing are named', async () => {
      expect((await failure((await open(path('a.bin'))).sibling('no.bin'))).message).toContain(
        "the file 'no.bin' is missing",
      );
      expect((await failure((await open(address)).sibling('no.bin'))).message).toContain('the server answers 404');
    });

    test('are nowhere for bytes', async () => {
      for (const source of [BYTES, new Blob([BYTES])]) {
        const error = await failure((await open(source)).sibling('b.bin'));
        expect(error).toBeInstanceOf(FileError);
        expect(error.message).toBe(
          "the bytes: the file names 'b.bin', which lies beside it; give its path or its address instead of its bytes",
        );
      }
    });

    test('may be no longer than the file may', async () => {
      const opened = await open(path('a.bin'), 5);
      writeFileSync(path('long.bin'), new Uint8Array(6));
      expect((await failure(opened.sibling('long.bin'))).message).toContain('must have 5 bytes at most, but has 6');
    });
  });
});
