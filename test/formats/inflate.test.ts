import { deflateRawSync, deflateSync } from 'node:zlib';
import fc from 'fast-check';
import { inflate, inflateZlib } from '../../src/formats/inflate.js';
import { damaged, randomNumbers, readOrRefused } from './support/mutate.js';

const PLACE = 'the stream';
const bytesOf = (buffer: Buffer) => new Uint8Array(buffer);

/** Bytes that repeat now and then, as those of files do. */
function someBytes(length: number, seed = 1): Uint8Array {
  const random = randomNumbers(seed);
  const bytes = new Uint8Array(length);
  for (let n = 0; n < length; n++) bytes[n] = random() < 0.5 && n > 40 ? (bytes[n - 40] as number) : random() * 256;
  return bytes;
}

describe('inflate', () => {
  test.each([0, 1, 100, 5000, 300_000])('brings back %i bytes at every level of compression', (length) => {
    const bytes = someBytes(length);
    for (const level of [0, 1, 9]) {
      for (const inflated of [
        inflate(bytesOf(deflateRawSync(bytes, { level })), length, PLACE),
        inflateZlib(bytesOf(deflateSync(bytes, { level })), length, PLACE),
      ]) {
        expect(Buffer.compare(inflated, bytes)).toBe(0);
      }
    }
  });

  test('stops soon at a stream that holds more than it claims', () => {
    const bomb = bytesOf(deflateRawSync(new Uint8Array(200_000_000)));
    const before = process.memoryUsage().arrayBuffers;
    expect(() => inflate(bomb, 100, PLACE)).toThrow('the stream holds more than the 100 bytes that it claims');
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(20_000_000);
  });

  test('allocates nothing for a claim that no stream of this length can keep', () => {
    expect(() => inflate(new Uint8Array(10), 2 ** 40, PLACE)).toThrow(
      'the stream claims 1099511627776 bytes, more than 10 can be inflated to',
    );
  });

  test('refuses what holds less, and every piece of a stream', () => {
    const bytes = someBytes(2000);
    const stream = bytesOf(deflateRawSync(bytes));
    expect(() => inflate(stream, 2001, PLACE)).toThrow('the stream claims 2001 bytes, but holds 2000');
    for (let length = 0; length < stream.length - 1; length += 7) {
      const outcome = readOrRefused(() => inflate(stream.subarray(0, length), bytes.length, PLACE));
      expect(outcome).toHaveProperty('error');
    }
  });

  test('turns damage into a FileError, or into as many bytes as it should', () => {
    const bytes = someBytes(3000);
    const stream = bytesOf(deflateRawSync(bytes));
    const random = randomNumbers(7);
    for (let n = 0; n < 1000; n++) {
      const outcome = readOrRefused(() => inflate(damaged(stream, random), bytes.length, PLACE));
      if ('value' in outcome) expect(outcome.value.length).toBe(bytes.length);
    }
  });

  test('takes any bytes for a stream without losing its way', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(5000), (bytes, size) => {
        readOrRefused(() => inflate(bytes, size, PLACE));
      }),
      { numRuns: 500 },
    );
  });
});

describe('inflateZlib', () => {
  const bytes = someBytes(10_000);
  const stream = bytesOf(deflateSync(bytes));

  test('notices any damage to the checksum or the head', () => {
    for (const at of [0, 1, stream.length - 4, stream.length - 1]) {
      const wrong = stream.slice();
      wrong[at] = (wrong[at] as number) ^ 0x41;
      expect(readOrRefused(() => inflateZlib(wrong, bytes.length, PLACE))).toHaveProperty('error');
    }
  });

  test('says that the checksum differs', () => {
    const wrong = stream.slice();
    wrong[wrong.length - 1] = (wrong.at(-1) as number) ^ 1;
    expect(() => inflateZlib(wrong, bytes.length, PLACE)).toThrow('the stream is damaged: its checksum differs');
  });
});
