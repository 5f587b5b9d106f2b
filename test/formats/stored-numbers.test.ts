import fc from 'fast-check';
import type { StoredDtype, StoredNumbers } from '../../src/formats/stored-array.js';
import { BYTES_OF, decodeNumbers, encodeNumbers } from '../../src/formats/stored-numbers.js';

const EXAMPLES: [StoredDtype, StoredNumbers, number[]][] = [
  ['bool', Uint8Array.of(1, 0), [1, 0]],
  ['int8', Int8Array.of(-2, 7), [254, 7]],
  ['uint8', Uint8Array.of(200, 7), [200, 7]],
  ['int16', Int16Array.of(-2, 258), [254, 255, 2, 1]],
  ['uint16', Uint16Array.of(65_534, 258), [254, 255, 2, 1]],
  ['int32', Int32Array.of(-2, 258), [254, 255, 255, 255, 2, 1, 0, 0]],
  ['uint32', Uint32Array.of(4_294_967_294, 258), [254, 255, 255, 255, 2, 1, 0, 0]],
  ['int64', BigInt64Array.of(-2n), [254, 255, 255, 255, 255, 255, 255, 255]],
  ['uint64', BigUint64Array.of(258n), [2, 1, 0, 0, 0, 0, 0, 0]],
  ['float16', Float32Array.of(1.5, -0.25), [0, 0x3e, 0, 0xb4]],
  ['bfloat16', Float32Array.of(1.5, -0.25), [0xc0, 0x3f, 0x80, 0xbe]],
  ['float32', Float32Array.of(1.5), [0, 0, 0xc0, 0x3f]],
  ['float64', Float64Array.of(1.5), [0, 0, 0, 0, 0, 0, 0xf8, 0x3f]],
];

describe('decodeNumbers and encodeNumbers', () => {
  test.each(EXAMPLES)('hold %s as files do', (dtype, data, bytes) => {
    expect(decodeNumbers(dtype, Uint8Array.from(bytes))).toEqual(data);
    expect(Array.from(encodeNumbers({ dtype, shape: [data.length], data }))).toEqual(bytes);
  });

  test.each(EXAMPLES)('read %s in the other order of bytes, and from any place in memory', (dtype, data, bytes) => {
    const size = BYTES_OF[dtype];
    const reversed = bytes.map((_, n) => bytes[n - (n % size) + size - 1 - (n % size)] as number);
    const buffer = Uint8Array.of(9, ...reversed, ...bytes);
    const before = buffer.slice();
    expect(decodeNumbers(dtype, buffer.subarray(1, 1 + bytes.length), true)).toEqual(data);
    expect(decodeNumbers(dtype, buffer.subarray(1 + bytes.length))).toEqual(data);
    expect(buffer).toEqual(before);
    // Node's own arrays, whose slice is a view.
    const file = Buffer.from(buffer);
    expect(decodeNumbers(dtype, file.subarray(1, 1 + bytes.length), true)).toEqual(data);
    expect(decodeNumbers(dtype, file.subarray(1 + bytes.length))).toEqual(data);
    expect(Uint8Array.from(file)).toEqual(before);
  });

  test('copy nothing that lies as the machine holds it', () => {
    const bytes = new Uint8Array(16);
    expect(decodeNumbers('float32', bytes.subarray(4, 12)).buffer).toBe(bytes.buffer);
  });

  test.each<[StoredDtype, (bits: number) => boolean]>([
    ['float16', (bits) => (bits & 0x7c00) === 0x7c00 && (bits & 0x3ff) !== 0],
    ['bfloat16', (bits) => (bits & 0x7f80) === 0x7f80 && (bits & 0x7f) !== 0],
  ])('write every %s as it was read', (dtype, isNaNs) => {
    const bits = Uint16Array.from({ length: 65_536 }, (_, n) => n);
    const data = decodeNumbers(dtype, new Uint8Array(bits.buffer));
    const written = new Uint16Array(encodeNumbers({ dtype, shape: [65_536], data }).slice().buffer);
    const wrong = [...bits].filter((n) => (isNaNs(n) ? !Number.isNaN(data[n]) : written[n] !== n));
    expect(wrong).toEqual([]);
  });

  test.each<[StoredDtype, number, number]>([
    ['float16', 1 + 2 ** -11, 1],
    ['float16', 1 + 3 * 2 ** -11, 1 + 2 ** -9],
    ['float16', 65_519, 65_504],
    ['float16', 65_520, Number.POSITIVE_INFINITY],
    ['float16', 2 ** -25, 0],
    ['float16', 1.5 * 2 ** -24, 2 ** -23],
    ['bfloat16', 1 + 2 ** -8, 1],
    ['bfloat16', 1 + 3 * 2 ** -8, 1 + 2 ** -6],
  ])('write as %s of %d the next one, the even of two', (dtype, value, expected) => {
    const bytes = encodeNumbers({ dtype, shape: [1], data: Float32Array.of(value) });
    expect(decodeNumbers(dtype, bytes.slice())[0]).toBe(expected);
  });

  test('write the float16 that is nearest', () => {
    const bits = Uint16Array.from({ length: 0x7c00 }, (_, n) => n);
    const all = Array.from(decodeNumbers('float16', new Uint8Array(bits.buffer)) as Float32Array);
    fc.assert(
      fc.property(fc.float({ min: 0, max: 65_000, noNaN: true }), (value) => {
        const bytes = encodeNumbers({ dtype: 'float16', shape: [1], data: Float32Array.of(value) });
        const [written] = decodeNumbers('float16', bytes.slice()) as Float32Array;
        const above = all.findIndex((one) => (one as number) >= value);
        const nearest = Math.min(...[above - 1, above].map((n) => Math.abs((all[Math.max(n, 0)] as number) - value)));
        expect(Math.abs((written as number) - value)).toBe(nearest);
      }),
    );
  });
});
