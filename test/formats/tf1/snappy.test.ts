import fc from 'fast-check';
import { compress, uncompress } from 'snappyjs';
import { FileError } from '../../../src/formats/file-error.js';
import { maskedCrc32c } from '../../../src/formats/tf1/crc32c.js';
import { snappyUncompress } from '../../../src/formats/tf1/snappy.js';

const inflate = (...bytes: number[]) => Array.from(snappyUncompress(Uint8Array.from(bytes), 'the block'));

/** Bytes that repeat, so that there is something to compress. */
const repetitive = fc
  .array(fc.tuple(fc.uint8Array({ maxLength: 12 }), fc.integer({ min: 1, max: 30 })), { maxLength: 20 })
  .map((pieces) =>
    Uint8Array.from(pieces.flatMap(([piece, times]) => Array.from({ length: times }, () => [...piece]).flat())),
  );

describe('snappyUncompress', () => {
  test('undoes what snappyjs compresses', () => {
    fc.assert(
      fc.property(fc.oneof(repetitive, fc.uint8Array({ maxLength: 300 })), (bytes) => {
        expect(snappyUncompress(compress(bytes), 'it')).toEqual(bytes);
      }),
      { numRuns: 300 },
    );
    const long = Uint8Array.from({ length: 200_000 }, (_, n) => (n * n) >> 9);
    expect(snappyUncompress(compress(long), 'it')).toEqual(long);
  });

  test('reads literals and repetitions of every form', () => {
    expect(inflate(3, 8, 1, 2, 3)).toEqual([1, 2, 3]);
    expect(inflate(3, 0xf0, 2, 1, 2, 3)).toEqual([1, 2, 3]);
    expect(inflate(3, 0xf4, 2, 0, 1, 2, 3)).toEqual([1, 2, 3]);
    expect(inflate(3, 0xfc, 2, 0, 0, 0, 1, 2, 3)).toEqual([1, 2, 3]);
    expect(inflate(6, 4, 7, 8, 1, 2)).toEqual([7, 8, 7, 8, 7, 8]);
    expect(inflate(4, 4, 7, 8, 6, 2, 0)).toEqual([7, 8, 7, 8]);
    expect(inflate(4, 4, 7, 8, 7, 2, 0, 0, 0)).toEqual([7, 8, 7, 8]);
    expect(inflate(0)).toEqual([]);
  });

  test.each<[string, number[], string]>([
    ['no length', [], 'it ends too soon'],
    ['a length that does not end', [0x80], 'it ends too soon'],
    ['a length of six bytes', [0x80, 0x80, 0x80, 0x80, 0x80, 1], 'its length has more than five bytes'],
    ['a length that no bytes could make', [0xff, 0xff, 0xff, 0xff, 0x0f, 0, 1], '7 bytes cannot become 4294967295'],
    ['less than it says', [5, 8, 1, 2, 3], 'it becomes 3 bytes, and not 5, as it says'],
    ['a literal beyond what it says', [2, 8, 1, 2, 3], 'it becomes more than it says'],
    ['a repetition beyond what it says', [3, 0, 1, 1, 1], 'it becomes more than it says'],
    ['a literal that does not end', [3, 8, 1, 2], 'it ends too soon'],
    ['a repetition of nothing', [6, 4, 7, 8, 1, 0], 'it repeats what is not there'],
    ['a repetition from before the start', [6, 4, 7, 8, 1, 3], 'it repeats what is not there'],
    ['a repetition without its distance', [6, 4, 7, 8, 2, 1], 'it ends too soon'],
  ])('refuses %s', (_, bytes, message) => {
    expect(() => inflate(...bytes)).toThrow(FileError);
    expect(() => inflate(...bytes)).toThrow(`the block is not compressed by Snappy: ${message}`);
  });

  test('takes or refuses any bytes, as the bytes of snappyjs where it takes them', () => {
    const small = fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      repetitive.map((bytes) => compress(bytes)),
    );
    fc.assert(
      fc.property(small, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 3 }), (bytes, changes) => {
        const changed = bytes.slice();
        for (const [at, byte] of changes) if (changed.length > 0) changed[at % changed.length] = byte;
        let result: Uint8Array;
        try {
          result = snappyUncompress(changed, 'it');
        } catch (error) {
          expect(error).toBeInstanceOf(FileError);
          return;
        }
        expect(uncompress(changed)).toEqual(result);
      }),
      { numRuns: 1000 },
    );
  });
});

test('maskedCrc32c is CRC-32C, masked', () => {
  const unmask = (masked: number) => {
    const rotated = (masked - 0xa282ead8) >>> 0;
    return ((rotated >>> 17) | (rotated << 15)) >>> 0;
  };
  // The check value of the algorithm, and that of 32 zeros in RFC 3720.
  expect(unmask(maskedCrc32c(Buffer.from('123456789')))).toBe(0xe3069283);
  expect(unmask(maskedCrc32c(new Uint8Array(32)))).toBe(0x8a9136aa);
});
