import fc from 'fast-check';
import { FileError } from '../../src/formats/file-error.js';
import { readSafetensors, writeSafetensors } from '../../src/formats/safetensors.js';
import type { StoredArray, StoredDtype } from '../../src/formats/stored-array.js';

/** A file with this header, which need not be one, and so many bytes of data. */
function file(header: unknown, data: ArrayLike<number> | number = [], padding = ''): Uint8Array {
  const text = Buffer.from((typeof header === 'string' ? header : JSON.stringify(header)) + padding);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  const bytes = typeof data === 'number' ? new Uint8Array(data) : Uint8Array.from(Array.from(data));
  return Uint8Array.from(Buffer.concat([length, text, bytes]));
}

const bytesOf = (array: ArrayBufferView) => new Uint8Array(array.buffer);
const entry = (dtype: string, shape: number[], begin: number, end: number) => ({
  dtype,
  shape,
  data_offsets: [begin, end],
});

const HOLDERS = {
  bool: Uint8Array,
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
  float16: Float32Array,
  bfloat16: Float32Array,
  float32: Float32Array,
  float64: Float64Array,
} as const;

const INTEGERS = { int8: 7, uint8: 8, int16: 15, uint16: 16, int32: 31, uint32: 32 } as const;

const countOf = (shape: number[]) => shape.reduce((product, size) => product * size, 1);

/** A number that the type holds exactly. */
function numberOf(dtype: StoredDtype): fc.Arbitrary<number | bigint> {
  if (dtype === 'bool') return fc.nat(1);
  if (dtype === 'float64') return fc.double();
  if (dtype === 'float32') return fc.float();
  if (dtype === 'bfloat16') return fc.nat(0xffff).map((bits) => floatOf(bits << 16));
  if (dtype === 'float16') {
    return fc
      .tuple(fc.integer({ min: -1023, max: 1023 }), fc.integer({ min: -24, max: 5 }))
      .map(([m, e]) => m * 2 ** e);
  }
  if (dtype === 'int64') return fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
  if (dtype === 'uint64') return fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
  const bits = INTEGERS[dtype];
  return fc.integer({ min: dtype.startsWith('u') ? 0 : -(2 ** bits), max: 2 ** bits - 1 });
}

function floatOf(bits: number): number {
  return new Float32Array(Uint32Array.of(bits).buffer)[0] as number;
}

const someArray = fc
  .tuple(fc.constantFrom(...(Object.keys(HOLDERS) as StoredDtype[])), fc.array(fc.nat(3), { maxLength: 3 }))
  .chain(([dtype, shape]) => {
    const count = countOf(shape);
    return fc.array(numberOf(dtype), { minLength: count, maxLength: count }).map((values): StoredArray => {
      const holder = HOLDERS[dtype] as unknown as { from(values: unknown[]): StoredArray['data'] };
      return { dtype, shape, data: holder.from(values) };
    });
  });

const someName = fc.oneof(fc.string(), fc.constantFrom('__proto__', '1', 'constructor', 'a"b\\', 'ñ{'));
const someTensors = fc.dictionary(someName, someArray, { maxKeys: 4, noNullPrototype: false }).map((tensors) => {
  const map = new Map(Object.entries(tensors));
  map.delete('__metadata__');
  return map;
});

const sorted = (tensors: Map<string, StoredArray>) => [...tensors].sort(([a], [b]) => (a < b ? -1 : 1));

describe('writeSafetensors and readSafetensors', () => {
  test('are inverse, whatever the names, types and shapes', () => {
    fc.assert(
      fc.property(someTensors, fc.dictionary(someName, fc.string(), { maxKeys: 2 }), (tensors, metadata) => {
        const read = readSafetensors(writeSafetensors(tensors, metadata));
        expect(sorted(read.tensors)).toEqual(sorted(tensors));
        expect(read.metadata).toEqual(new Map(Object.entries(metadata)));
      }),
      { numRuns: 200 },
    );
  });

  test('lets all numbers lie where they can be viewed', () => {
    const tensors = new Map<string, StoredArray>([
      ['a', { dtype: 'uint8', shape: [3], data: Uint8Array.of(1, 2, 3) }],
      ['b', { dtype: 'float64', shape: [2], data: Float64Array.of(1, 2) }],
      ['c', { dtype: 'float32', shape: [1], data: Float32Array.of(4) }],
    ]);
    const written = writeSafetensors(tensors);
    for (const { data } of readSafetensors(written).tensors.values()) expect(data.buffer).toBe(written.buffer);
  });
});

describe('readSafetensors', () => {
  test.each<[string, ArrayLike<number>, unknown[]]>([
    ['BOOL', [0, 1], [0, 1]],
    ['I8', [255, 3], [-1, 3]],
    ['U8', [255, 3], [255, 3]],
    ['I16', bytesOf(Int16Array.of(-300, 3)), [-300, 3]],
    ['U16', bytesOf(Uint16Array.of(65_000, 3)), [65_000, 3]],
    ['I32', bytesOf(Int32Array.of(-70_000, 3)), [-70_000, 3]],
    ['U32', bytesOf(Uint32Array.of(4_000_000_000, 3)), [4_000_000_000, 3]],
    ['I64', bytesOf(BigInt64Array.of(-9n, 3n)), [-9n, 3n]],
    ['U64', bytesOf(BigUint64Array.of(9n, 3n)), [9n, 3n]],
    ['F16', [0x00, 0x3c, 0x55, 0xb5], [1, -0.333251953125]],
    ['F16', [0x01, 0x00, 0xff, 0x83], [2 ** -24, -1023 * 2 ** -24]],
    ['F16', [0x00, 0x7c, 0x01, 0xfe], [Number.POSITIVE_INFINITY, Number.NaN]],
    ['F16', [0x00, 0x80, 0xff, 0x7b], [-0, 65_504]],
    ['BF16', [0x80, 0x3f, 0x49, 0xc0], [1, -3.140625]],
    ['F32', bytesOf(Float32Array.of(0.5, -2)), [0.5, -2]],
    ['F64', bytesOf(Float64Array.of(0.1, -3)), [0.1, -3]],
  ])('reads %s, wherever it lies', (dtype, bytes, values) => {
    for (const padding of ['', ' ', '  ', '   ']) {
      const header = { x: entry(dtype, [2, 1], 0, bytes.length) };
      const x = readSafetensors(file(header, bytes, padding)).tensors.get('x');
      expect(x?.shape).toEqual([2, 1]);
      expect(Array.from(x?.data as Float32Array)).toEqual(values);
    }
  });

  test('reads tensors in any order, scalars, empty tensors and empty files', () => {
    const header = { b: entry('U8', [], 2, 3), empty: entry('F32', [0, 5], 2, 2), a: entry('U8', [2], 0, 2) };
    const { tensors } = readSafetensors(file(header, [1, 2, 3]));
    expect([...tensors].map(([name, { data }]) => [name, Array.from(data as Uint8Array)])).toEqual([
      ['b', [3]],
      ['empty', []],
      ['a', [1, 2]],
    ]);
    expect(readSafetensors(file({})).tensors.size).toBe(0);
  });

  test.each<[string, Uint8Array, string]>([
    ['a file of a few bytes', new Uint8Array(7), 'the file must begin with 8 bytes of length, but has 7'],
    ['what torch.save writes', Buffer.from('PK\u0003\u0004 and so on'), 'safetensors.torch.save_file'],
    ['a pickle', Buffer.from([0x80, 2, 0x7d, 0x71, 0, 0, 0, 0, 0]), 'is a pickle of Python'],
    ['a header longer than the file', file({}).subarray(0, 9), 'the length of the header must be 1 bytes at most'],
    ['a length of 2^64 - 1', new Uint8Array(12).fill(255), 'but is 18446744073709552000'],
    ['a header that is a list', file('[]'), "the header must begin with '{'"],
    ['a header after a space', file(' {}'), "the header must begin with '{'"],
    ['a header that is not UTF-8', file({}, 0).map((byte) => (byte === 0x7d ? 0xff : byte)), 'must be text in UTF-8'],
    ['a header that does not end', file('{"a":'), 'the document must be JSON'],
    ['a name twice', file('{"a": {}, "\\u0061" : {}}'), "the header must not have the name 'a' twice"],
    ['a member twice', file('{"a": {"x": 1, "y": {"x": 2}, "x": 3}}'), "must not have the name 'x' twice"],
    ['a tensor that is a number', file({ a: 3 }), "tensor 'a' must be described by an object"],
    [
      'floats of 8 bits',
      file({ a: entry('F8_E4M3', [1], 0, 1) }, 1),
      "tensor 'a' must have one of the dtypes BOOL, I8",
    ],
    [
      'a property of all objects for a dtype',
      file({ a: entry('toString', [1], 0, 1) }, 1),
      'must have one of the dtypes',
    ],
    ['a negative size', file({ a: entry('U8', [-1, -1], 0, 1) }, 1), 'must have a shape of sizes'],
    ['half a size', file({ a: entry('U8', [0.5, 2], 0, 1) }, 1), 'must have a shape of sizes'],
    ['no shape', file({ a: { dtype: 'U8', data_offsets: [0, 1] } }, 1), 'must have a shape of sizes'],
    [
      'three offsets',
      file({ a: { dtype: 'U8', shape: [1], data_offsets: [0, 1, 2] } }, 1),
      'data_offsets [begin, end]',
    ],
    [
      'too few bytes for the shape',
      file({ a: entry('F32', [2], 0, 7) }, 7),
      'must have 8 bytes by its shape and dtype, but has 7',
    ],
    [
      'an end before the beginning',
      file({ a: entry('U8', [1], 1, 0) }, 1),
      'must have 1 bytes by its shape and dtype, but has -1',
    ],
    ['a shape of 2^80', file({ a: entry('F32', [2 ** 40, 2 ** 40], 0, 4) }, 4), 'by its shape and dtype, but has 4'],
    [
      'an overlap',
      file({ a: entry('U8', [2], 0, 2), b: entry('U8', [2], 1, 3) }, 3),
      "tensor 'b' must not overlap another",
    ],
    ['a gap', file({ a: entry('U8', [1], 0, 1), b: entry('U8', [1], 2, 3) }, 3), "tensor 'b' must not leave a gap"],
    ['a gap at the start', file({ a: entry('U8', [1], 1, 2) }, 2), "tensor 'a' must not leave a gap"],
    ['bytes that belong to nobody', file({ a: entry('U8', [1], 0, 1) }, 2), 'the data must have 1 bytes'],
    ['data that is cut off', file({ a: entry('U8', [3], 0, 3) }, 2), 'the data must have 3 bytes'],
    ['metadata that is no object', file({ __metadata__: 'pt' }), '__metadata__ must be an object of texts'],
    ['metadata that is a number', file({ __metadata__: { a: 1 } }), '__metadata__ must be an object of texts'],
  ])('refuses %s', (_, bytes, message) => {
    expect(() => readSafetensors(bytes)).toThrow(FileError);
    expect(() => readSafetensors(bytes)).toThrow(message);
  });

  test('keeps its errors short, whatever the names', () => {
    const name = 'x'.repeat(100_000);
    for (const hostile of [file({ [name]: 3 }), file(`{"${name}": {}, "${name}": {}}`)]) {
      expect(() => readSafetensors(hostile)).toThrow(/^.{10,3000}$/);
    }
  });

  test('takes a header of many names and escapes in a moment', () => {
    const many = Object.fromEntries(Array.from({ length: 20_000 }, (_, n) => [`\\"${n}`, entry('U8', [0], 0, 0)]));
    expect(readSafetensors(file({ ...many, ['"'.repeat(500_000)]: entry('U8', [0], 0, 0) })).tensors.size).toBe(20_001);
  });

  test('takes or refuses a changed file, and ends with nothing else', () => {
    const original = writeSafetensors(
      new Map<string, StoredArray>([
        ['lstm.weight_ih_l0', { dtype: 'float32', shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) }],
        ['lstm.bias', { dtype: 'bfloat16', shape: [3], data: Float32Array.of(1, 2, 3) }],
      ]),
      { format: 'pt' },
    );
    const check = (bytes: Uint8Array) => {
      try {
        for (const { shape, data } of readSafetensors(bytes).tensors.values())
          expect(data).toHaveLength(countOf(shape));
      } catch (error) {
        expect(error).toBeInstanceOf(FileError);
      }
    };
    for (let length = 0; length < original.length; length++) {
      expect(() => readSafetensors(original.subarray(0, length))).toThrow(FileError);
    }
    for (let bit = 0; bit < 8 * original.length; bit++) {
      const bytes = original.slice();
      bytes[bit >> 3] = (bytes[bit >> 3] as number) ^ (1 << (bit & 7));
      check(bytes);
    }
    const change = fc.tuple(fc.nat(original.length - 1), fc.nat(255));
    fc.assert(
      fc.property(fc.array(change, { maxLength: 5 }), (changes) => {
        const bytes = original.slice();
        for (const [at, byte] of changes) bytes[at] = byte;
        check(bytes);
      }),
      { numRuns: 500 },
    );
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.nat(40), (header, size) => check(file(header, size))),
      { numRuns: 200 },
    );
  });
});
