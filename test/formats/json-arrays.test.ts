import fc from 'fast-check';
import { type ByteSource, type FirstRows, inMemory } from '../../src/formats/byte-source.js';
import { FileError } from '../../src/formats/file-error.js';
import { readJsonArrays } from '../../src/formats/json-arrays.js';

const bytesOf = (text: string) => new TextEncoder().encode(text);
const read = (text: string, rows?: number) => readJsonArrays(inMemory(bytesOf(text)), rows);
const plain = ({ shape, values }: FirstRows) => ({ shape, values: Array.from(values) });
const readOne = (text: string, rows?: number) => plain(read(text, rows) as FirstRows);
const readNamed = (text: string, rows?: number) =>
  [...(read(text, rows) as Map<string, FirstRows>)].map(([name, array]) => [name, plain(array)]);

/** Numbers in arrays of a shape, with the next number each time. */
function nested(shape: readonly number[], next: () => number): unknown {
  const [length, ...rest] = shape;
  return length === undefined ? next() : Array.from({ length }, () => nested(rest, next));
}

/** The shape as it can be seen: behind an axis of length 0 there is nothing. */
function visible(shape: readonly number[]): number[] {
  const empty = shape.indexOf(0);
  return empty < 0 ? [...shape] : shape.slice(0, empty + 1);
}

describe('readJsonArrays', () => {
  test('reads what JSON.parse reads, of any shape and spacing', () => {
    const shapes = fc.array(fc.nat(4), { maxLength: 5 });
    const numbers = fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), { minLength: 1, maxLength: 9 });
    fc.assert(
      fc.property(shapes, numbers, fc.constantFrom(undefined, 1, '\t'), fc.nat(5), (shape, list, space, rows) => {
        let count = 0;
        const next = () => list[count++ % list.length] as number;
        const document = nested(shape, next);
        const found = readOne(JSON.stringify(document, null, space), rows);
        expect(found.shape).toEqual(visible(shape));
        const all = Float32Array.from([JSON.parse(JSON.stringify(document))].flat(9) as number[]);
        const kept = shape.length === 0 ? Number(rows > 0) : (all.length / Math.max(shape[0] as number, 1)) * rows;
        expect(found.values).toEqual(Array.from(all.subarray(0, kept)));
      }),
      { numRuns: 300 },
    );
  });

  test('takes true and false for 1 and 0, and numbers as JSON writes them', () => {
    expect(readOne('[true, false, -0.5, 1e2, 25E-2, 10, -0]')).toEqual({
      shape: [7],
      values: [1, 0, -0.5, 100, 0.25, 10, -0],
    });
    expect(readOne('\ufeff[3]')).toEqual({ shape: [1], values: [3] });
    expect(readOne(' 7 ')).toEqual({ shape: [], values: [7] });
    expect(readOne('[1,\r\n\t2\r]\r\n')).toEqual({ shape: [2], values: [1, 2] });
    expect(readOne('[]')).toEqual({ shape: [0], values: [] });
    expect(readOne('[[],[]]')).toEqual({ shape: [2, 0], values: [] });
    expect(readOne('[[[]],[[]]]')).toEqual({ shape: [2, 1, 0], values: [] });
  });

  test('keeps the first rows, and tells the shape of all', () => {
    expect(readOne('[[1,2],[3,4],[5,6]]', 2)).toEqual({ shape: [3, 2], values: [1, 2, 3, 4] });
    expect(readOne('[1,2,3]', 2)).toEqual({ shape: [3], values: [1, 2] });
  });

  test('reads arrays by name, in the order of the document', () => {
    expect(readNamed('{"b": [1, 2], "a" : [[3]] }', 1)).toEqual([
      ['b', { shape: [2], values: [1] }],
      ['a', { shape: [1, 1], values: [3] }],
    ]);
    expect(readNamed('{}')).toEqual([]);
    expect(readNamed('{"\\u00e4\\"\\\\": 1, "𝄞": 2, "__proto__": 3, "": 4}').map(([name]) => name)).toEqual([
      'ä"\\',
      '𝄞',
      '__proto__',
      '',
    ]);
  });

  test('reads across the pieces that a source gives', () => {
    const row = '[0.125,-3.5e-2,true]';
    const text = `{"x": [${Array.from({ length: 20_000 }, () => row).join(' ,\n')}]}`;
    expect(text.length).toBeGreaterThan(6 * 65_536);
    const [[name, array]] = readNamed(text, 19_999) as [[string, ReturnType<typeof plain>]];
    expect([name, array.shape]).toEqual(['x', [20_000, 3]]);
    expect(array.values).toEqual(
      Array.from(Float32Array.from({ length: 3 * 19_999 }, (_, n) => [0.125, -0.035, 1][n % 3] as number)),
    );
  });

  test('holds no more of a document than the rows that are kept', () => {
    const row = bytesOf('[0.5,0.25],');
    const rows = 500_000;
    const start = bytesOf('[');
    const end = bytesOf('[1,2]]');
    const size = start.length + rows * row.length + end.length;
    let largest = 0;
    const source: ByteSource = {
      size,
      read(from, length) {
        largest = Math.max(largest, length);
        const piece = new Uint8Array(Math.max(0, Math.min(length, size - from)));
        for (let n = 0; n < piece.length; n++) {
          const at = from + n - start.length;
          const byte = at < 0 ? start[0] : at < rows * row.length ? row[at % row.length] : end[at - rows * row.length];
          piece[n] = byte as number;
        }
        return piece;
      },
    };
    const { shape, values } = readJsonArrays(source, 3) as FirstRows;
    expect(shape).toEqual([rows + 1, 2]);
    expect(Array.from(values)).toEqual([0.5, 0.25, 0.5, 0.25, 0.5, 0.25]);
    expect(values.buffer.byteLength).toBe(4 * 6);
    expect(largest).toBeLessThanOrEqual(65_536);
  });

  test.each([
    ['[[1, 2], [3]]', '[1] must have 2 items, like the arrays before it, but has 1'],
    ['[[1], [2, 3]]', '[1] must have 1 items, like the arrays before it, but has 2'],
    ['[[1], 2]', '[1] must be an array, like those before it'],
    ['[1, [2]]', '[1] must be a number, like those before it'],
    ['[[], 1]', '[1] must be an array, like those before it'],
    ['[[], [1]]', '[1] must have 0 items, like the arrays before it, but has 1'],
    ['[[[1]], []]', '[1] must have 1 items, like the arrays before it, but has 0'],
    ['[[], [[]]]', '[1][0] must be a number, like those before it'],
    ['[1, null]', '[1] must be a number, got null'],
    ['[NaN]', "byte 1 must begin a number or an array, got 'N'"],
    ['[1, -Infinity]', '[1] must be a number, got -'],
    ['["a"]', "byte 1 must begin a number or an array, got '\"'"],
    ['[{}]', "byte 1 must begin a number or an array, got '{'"],
    ['[01]', '[0] must be a number, got 01'],
    ['[1.]', '[0] must be a number, got 1.'],
    ['[.5]', '[0] must be a number, got .5'],
    ['[+1]', '[0] must be a number, got +1'],
    ['[1e]', '[0] must be a number, got 1e'],
    ['[toString]', '[0] must be a number, got to'],
    ['[valueof]', '[0] must be a number, got valueof'],
    ['[1,]', "byte 3 must begin a number or an array, got ']'"],
    ['[1 2]', "byte 3 must be ',' or ']', got '2'"],
    ['[1', "byte 2 must be ',' or ']', got the end"],
    ['', 'byte 0 must begin a number or an array, got the end'],
    ['[1] [2]', "byte 4 must be the end of the document, got '['"],
    ['[1]]', "byte 3 must be the end of the document, got ']'"],
    ['[\u00e4]', 'byte 1 must begin a number or an array, got byte 195'],
    ['[\u007f]', 'byte 1 must begin a number or an array, got byte 127'],
    ['[~]', "byte 1 must begin a number or an array, got '~'"],
    ['[\u001f]', 'byte 1 must begin a number or an array, got byte 31'],
    ['{"a" [1]}', "byte 5 must be ':', got '['"],
    ['{a: 1}', "byte 1 must begin a name in quotes, got 'a'"],
    ['{"a": 1,}', "byte 8 must begin a name in quotes, got '}'"],
    ['{"a": 1', "byte 7 must be ',' or '}', got the end"],
    ['{"a', 'byte 3 must end a name, got the end'],
    ['{"\\q": 1}', 'must end a name as JSON has it'],
    ['{"a\n": 1}', 'must end a name as JSON has it'],
    ['{"a": 1, "a": 2}', "'a' must not occur twice"],
    ['{"a": [[1], 2]}', "'a' [1] must be an array, like those before it"],
    ['{"a": {"b": 1}}', "byte 6 must begin a number or an array, got '{'"],
    ['{"a": null}', "'a' the array must be a number, got null"],
    [`[${'1'.repeat(1001)}]`, 'must end a number or name of 1000 characters'],
    [`{"${'a'.repeat(1001)}": 1}`, 'must end a number or name of 1000 characters'],
    [`${'['.repeat(33)}1`, 'must not be nested deeper than 32 arrays'],
  ])('refuses %s', (text, message) => {
    expect(() => read(text)).toThrow(message);
    expect(() => read(text)).toThrow(FileError);
  });

  test('refuses in rows that are not kept what it refuses in those that are', () => {
    for (const last of ['[3]', '3', '["a"]', '[3,x]', '[3,1.]'])
      expect(() => read(`[[1,2],${last}]`, 1)).toThrow(FileError);
  });

  test('refuses names that are not UTF-8', () => {
    const bytes = Uint8Array.from([...bytesOf('{"a'), 0xff, ...bytesOf('": 1}')]);
    expect(() => readJsonArrays(inMemory(bytes))).toThrow('must end a name as JSON has it');
  });

  test('does not exhaust the stack, however deep a document is nested', () => {
    const depth = 1_000_000;
    expect(() => read('['.repeat(depth))).toThrow('must not be nested deeper than 32');
    expect(() => read(`{"a":${'{"a":'.repeat(depth)}`)).toThrow('must begin a number');
  });

  test('takes or refuses a changed document, and ends with nothing else', () => {
    const document = bytesOf('{"first": [[1.5, -2e3], [true, 0.25]], "__proto__": [[], []], "\\u0041": 7}');
    const change = fc.tuple(fc.nat(document.length - 1), fc.integer({ min: 0, max: 255 }));
    fc.assert(
      fc.property(fc.array(change, { maxLength: 3 }), fc.nat(document.length), (changes, length) => {
        const bytes = document.slice();
        for (const [at, byte] of changes) bytes[at] = byte;
        const cut = bytes.subarray(0, length);
        let agreed: unknown;
        try {
          agreed = readJsonArrays(inMemory(cut));
        } catch (error) {
          expect(error).toBeInstanceOf(FileError);
          return;
        }
        // What is taken is JSON, and holds the same.
        const parsed = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(cut));
        const numbers = agreed instanceof Map ? agreed.get('first') : (agreed as FirstRows);
        const expected = agreed instanceof Map ? parsed.first : parsed;
        if (numbers !== undefined) {
          expect(Array.from(numbers.values)).toEqual(Array.from(Float32Array.from([expected].flat(9))));
        }
      }),
      { numRuns: 2000 },
    );
  });
});
