import fc from 'fast-check';
import { inMemory } from '../../src/formats/byte-source.js';
import { FileError } from '../../src/formats/file-error.js';
import { readNpy } from '../../src/formats/npy.js';

interface NpyOptions {
  shape?: string;
  order?: string;
  version?: number;
  header?: string;
  bytes?: ArrayLike<number>;
}

/** A file as NumPy writes it, with the header padded to a multiple of 64. */
function npy(descr: string, bytes: ArrayLike<number>, options: NpyOptions = {}): Uint8Array {
  const { shape = '(2,)', order = 'False', version = 1 } = options;
  const text = options.header ?? `{'descr': '${descr}', 'fortran_order': ${order}, 'shape': ${shape}, }`;
  const lengthBytes = version === 1 ? 2 : 4;
  const padded = `${text.padEnd(Math.ceil((text.length + 9 + lengthBytes) / 64) * 64 - 9 - lengthBytes)}\n`;
  const start = Buffer.from([0x93, ...Buffer.from('NUMPY'), version, 0]);
  const length = Buffer.alloc(lengthBytes);
  length.writeUIntLE(padded.length, 0, lengthBytes);
  // At an odd place of its memory, as a slice of a pool may be.
  const file = Buffer.concat([
    Buffer.from([0]),
    start,
    length,
    Buffer.from(padded, 'latin1'),
    Buffer.from(Array.from(bytes)),
  ]);
  return file.subarray(1);
}

const bytesOf = (array: ArrayBufferView) => new Uint8Array(array.buffer);
const parse = (...parameters: Parameters<typeof npy>) => {
  const { shape, values } = readNpy(inMemory(npy(...parameters)));
  return [shape, Array.from(values)];
};

describe('readNpy', () => {
  test.each([
    ['<f4', bytesOf(Float32Array.of(0.5, -2)), [0.5, -2]],
    ['<f8', bytesOf(Float64Array.of(0.25, -3)), [0.25, -3]],
    // 1/3 as near as a float16 gets, and the smallest number that it has.
    ['<f2', bytesOf(Uint16Array.of(0x3555, 0x8001)), [0.333251953125, -(2 ** -24)]],
    ['>f4', [0x3f, 0, 0, 0, 0xc0, 0, 0, 0], [0.5, -2]],
    ['|i1', bytesOf(Int8Array.of(-1, 5)), [-1, 5]],
    ['|u1', [255, 5], [255, 5]],
    ['|b1', [0, 1], [0, 1]],
    ['<i2', bytesOf(Int16Array.of(-2, 300)), [-2, 300]],
    ['<u2', bytesOf(Uint16Array.of(65_535, 3)), [65_535, 3]],
    ['<i4', bytesOf(Int32Array.of(-70_000, 3)), [-70_000, 3]],
    ['>i4', [0, 1, 0x11, 0x70, 0xff, 0xff, 0xff, 0xff], [70_000, -1]],
    ['<u4', bytesOf(Uint32Array.of(4_000_000_000, 3)), [4_000_000_000, 3]],
    ['<i8', bytesOf(BigInt64Array.of(-9n, 3n)), [-9, 3]],
    ['<u8', bytesOf(BigUint64Array.of(9n, 3n)), [9, 3]],
  ])('reads %s', (descr, bytes, values) => {
    expect(parse(descr, bytes)).toEqual([[2], values]);
  });

  test.each([1, 2, 3])('reads version %i of the format', (version) => {
    expect(parse('|u1', [7, 8], { version })).toEqual([[2], [7, 8]]);
  });

  test('reads shapes of any rank, and rows after rows', () => {
    expect(parse('|u1', [1, 2, 3, 4, 5, 6], { shape: '(2, 3)' })).toEqual([
      [2, 3],
      [1, 2, 3, 4, 5, 6],
    ]);
    expect(parse('|u1', [4], { shape: '()' })).toEqual([[], [4]]);
    expect(parse('|u1', [], { shape: '(0, 3)' })).toEqual([[0, 3], []]);
  });

  test('puts what lies column after column into rows', () => {
    // a[i, j, k] = 100 i + 10 j + k, for a shape of [2, 3, 2].
    const columns = [0, 100, 10, 110, 20, 120, 1, 101, 11, 111, 21, 121];
    expect(parse('|u1', columns, { shape: '(2, 3, 2)', order: 'True' })).toEqual([
      [2, 3, 2],
      [0, 1, 10, 11, 20, 21, 100, 101, 110, 111, 120, 121],
    ]);
  });

  test('reads the first rows, and of the file no more than they take', () => {
    const bytes = Array.from({ length: 60 }, (_, n) => n);
    const file = npy('|u1', bytes, { shape: '(20, 3)' });
    const pieces: number[] = [];
    const source = {
      size: file.length,
      read: (start: number, length: number) => {
        pieces.push(length);
        return file.subarray(start, start + length);
      },
    };
    const { shape, values } = readNpy(source, 2);
    expect([shape, Array.from(values)]).toEqual([
      [20, 3],
      [0, 1, 2, 3, 4, 5],
    ]);
    expect(pieces.at(-1)).toBe(6);
    expect(Array.from(readNpy(inMemory(file), 99).values)).toEqual(bytes);
    expect(Array.from(readNpy(inMemory(npy('|u1', [9], { shape: '()' })), 1).values)).toEqual([9]);
    const columns = npy('|u1', [0, 100, 10, 110], { shape: '(2, 2)', order: 'True' });
    expect(Array.from(readNpy(inMemory(columns), 1).values)).toEqual([0, 10]);
  });

  test('reads arrays of any shape, in either order', () => {
    const shapes = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(shapes, fc.nat(5), (shape, rows) => {
        const size = shape.reduce((product, length) => product * length, 1);
        const bytes = Array.from({ length: size }, (_, n) => n);
        const options = { shape: `(${shape.join(', ')},)` };
        const kept = Math.min(rows, shape[0] as number) * (size / (shape[0] as number));
        const rowAfterRow = readNpy(inMemory(npy('|u1', bytes, options)), rows);
        expect([rowAfterRow.shape, Array.from(rowAfterRow.values)]).toEqual([shape, bytes.slice(0, kept)]);
        const { values } = readNpy(inMemory(npy('|u1', bytes, { ...options, order: 'True' })));
        // The place of an index [i, j, k] column after column: i + shape[0] * (j + shape[1] * k).
        for (let n = 0; n < size; n++) {
          const index = shape.map(
            (length, axis) => Math.floor(n / shape.slice(axis + 1).reduce((a, b) => a * b, 1)) % length,
          );
          const place = index.reduceRight((sum, position, axis) => position + (shape[axis] as number) * sum, 0);
          expect(values[n]).toBe(place);
        }
      }),
      { numRuns: 100 },
    );
  });

  test('takes or refuses a changed file, and ends with nothing else', () => {
    const file = Uint8Array.from(npy('<f4', bytesOf(Float32Array.of(1, 2, 3, 4)), { shape: '(2, 2)' }));
    const change = fc.tuple(fc.nat(file.length - 1), fc.integer({ min: 0, max: 255 }));
    fc.assert(
      fc.property(fc.array(change, { maxLength: 3 }), fc.nat(file.length), fc.boolean(), (changes, length, isCut) => {
        const bytes = file.slice();
        for (const [at, byte] of changes) bytes[at] = byte;
        try {
          const { shape, values } = readNpy(inMemory(isCut ? bytes.subarray(0, length) : bytes));
          expect(values).toHaveLength(shape.reduce((product, size) => product * size, 1));
        } catch (error) {
          expect(error).toBeInstanceOf(FileError);
        }
      }),
      { numRuns: 2000 },
    );
  });

  test('reads a header whose keys stand in another order', () => {
    const header = "{'shape':(2,),'fortran_order':False,'descr':'|u1'}";
    expect(parse('', [1, 2], { header })).toEqual([[2], [1, 2]]);
  });

  test.each<[string, () => Uint8Array, string]>([
    ['another file', () => Buffer.from('PK\u0003\u0004 and so on, for a while'), 'is not an .npy file'],
    ['a file of a few bytes', () => npy('|u1', []).subarray(0, 9), 'is not an .npy file'],
    ['a file that ends where its header begins', () => npy('|u1', []).subarray(0, 12), 'the header does not end'],
    ['a version to come', () => npy('|u1', [1, 2], { version: 4 }), 'has version 4 of the format, not 1 to 3'],
    ['a header that is cut off', () => npy('|u1', [1, 2]).subarray(0, 40), 'the header does not end'],
    [
      'fewer numbers',
      () => npy('<f4', [0, 0, 0, 0]),
      'must hold 8 bytes of numbers, as its shape [2] says, but holds 4',
    ],
    ['more numbers', () => npy('|u1', [1, 2, 3]), 'must hold 2 bytes of numbers, as its shape [2] says, but holds 3'],
    ['a huge shape', () => npy('<f8', [1], { shape: '(99999999999, 99999999999)' }), 'must hold'],
    ['a property of all objects', () => npy('<toString1', [0]), 'the header is not a NumPy header'],
    ['a size beyond all numbers', () => npy('|u1', [], { shape: `(0, ${'9'.repeat(400)})` }), 'must hold NaN bytes'],
    ['long doubles', () => npy('<f16', [0, 0, 0, 0]), "holds 'f16': convert it, say by .astype('float32')"],
    ['text', () => npy('<U4', [0, 0, 0, 0]), "holds 'U4'"],
    ['complex numbers', () => npy('<c8', [0]), "holds 'c8'"],
    [
      'records',
      () => npy('', [0], { header: "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }" }),
      'records',
    ],
    ['a negative size', () => npy('|u1', [0], { shape: '(-1,)' }), 'the header is not a NumPy header'],
    [
      'no shape',
      () => npy('', [0], { header: "{'descr': '|u1', 'fortran_order': False}" }),
      'the header is not a NumPy header',
    ],
  ])('refuses %s', (_, make, message) => {
    expect(() => readNpy(inMemory(make()))).toThrow(FileError);
    expect(() => readNpy(inMemory(make()))).toThrow(message);
  });
});
