import fc from 'fast-check';
import { type Hdf5Dataset, type Hdf5Group, readHdf5 } from '../../../src/formats/hdf5/read-hdf5.js';
import { type Hdf5Tree, writeHdf5 } from '../../../src/formats/hdf5/write-hdf5.js';
import type { StoredArray } from '../../../src/formats/stored-array.js';
import { type H5Dataset, type H5Group, loadH5wasm } from '../support/h5wasm.js';
import { damaged, randomNumbers, readOrRefused } from '../support/mutate.js';

const shape = fc.array(fc.nat(3), { maxLength: 3 });
const sizeOf = (sizes: number[]) => sizes.reduce((product, size) => product * size, 1);

function arrays(
  dtype: StoredArray['dtype'],
  of: new (length: number) => StoredArray['data'],
  value: fc.Arbitrary<number | bigint>,
) {
  return shape.chain((sizes) =>
    fc.array(value, { minLength: sizeOf(sizes), maxLength: sizeOf(sizes) }).map((values): StoredArray => {
      const data = new of(values.length);
      (data as unknown as { set(values: unknown[]): void }).set(values);
      return { dtype, shape: sizes, data };
    }),
  );
}

const storedArray = fc.oneof(
  arrays('float32', Float32Array, fc.float({ noNaN: true })),
  arrays('float64', Float64Array, fc.double({ noNaN: true })),
  arrays('int32', Int32Array, fc.integer()),
  arrays('uint8', Uint8Array, fc.nat(255)),
  arrays('int16', Int16Array, fc.integer({ min: -32_768, max: 32_767 })),
  arrays('int64', BigInt64Array, fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
  arrays('bool', Uint8Array, fc.nat(1)),
);
const name = fc
  .string({ minLength: 1, maxLength: 12, unit: 'grapheme' })
  .filter((text) => !/[/\0]/.test(text) && text !== '.' && text !== '..');
const attribute = fc.oneof(
  fc.string({ unit: 'grapheme' }).map((text) => text.replaceAll('\0', '')),
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.array(
    fc.string({ minLength: 1 }).map((text) => text.replaceAll('\0', '-')),
    { minLength: 1, maxLength: 4 },
  ),
);

const { tree } = fc.letrec<{ tree: Hdf5Tree }>((tie) => ({
  tree: fc
    .record({
      attributes: fc.dictionary(name, attribute, { maxKeys: 2 }),
      entries: fc.dictionary(name, fc.oneof({ depthSize: 'small', withCrossShrink: true }, storedArray, tie('tree')), {
        maxKeys: 5,
      }),
    })
    .map(({ attributes, entries }) => {
      const isArray = (entry: unknown): entry is StoredArray =>
        (entry as object) !== null && 'dtype' in (entry as object);
      const pairs = Object.entries(entries);
      return {
        attributes: new Map(Object.entries(attributes)),
        datasets: new Map(pairs.filter(([, entry]) => isArray(entry)) as [string, StoredArray][]),
        groups: new Map(pairs.filter(([, entry]) => !isArray(entry)) as [string, Hdf5Tree][]),
      };
    }),
}));

function expectSame(read: Hdf5Group, written: Hdf5Tree, other: H5Group): void {
  const { attributes = new Map(), datasets = new Map(), groups = new Map() } = written;
  const names = [...datasets.keys(), ...groups.keys()].sort();
  expect([...read.names].sort()).toEqual(names);
  expect([...other.keys()].sort()).toEqual(names);
  expect([...read.attributeNames].sort()).toEqual([...attributes.keys()].sort());
  for (const [key, value] of attributes) {
    expect(read.attribute(key)).toEqual(value);
    const theirs = other.attrs[key]?.value;
    expect(typeof theirs === 'bigint' ? Number(theirs) : theirs).toEqual(value);
  }
  for (const [key, array] of datasets) {
    const found = read.get(key) as Hdf5Dataset;
    expect(found.read()).toEqual(array);
    const theirs = other.get(key) as H5Dataset;
    expect(theirs.shape).toEqual(array.shape);
    const { value } = theirs as { value: unknown };
    const values = value === null ? [] : typeof value === 'object' ? Array.from(value as ArrayLike<number>) : [value];
    const isBool = array.dtype === 'bool';
    expect(values.map((one) => (isBool ? Number(one) : one))).toEqual(Array.from(array.data));
  }
  for (const [key, group] of groups) expectSame(read.get(key) as Hdf5Group, group, other.get(key) as H5Group);
}

describe('writeHdf5', () => {
  test("writes what it reads itself, and what the HDF Group's library reads", async () => {
    const openByLibrary = await loadH5wasm();
    fc.assert(
      fc.property(tree, (written) => {
        const bytes = writeHdf5(written);
        expectSame(readHdf5(bytes), written, openByLibrary(bytes));
      }),
      { numRuns: 10 },
    );
  });

  test('writes groups of any width', async () => {
    const openByLibrary = await loadH5wasm();
    const scalar = (value: number): StoredArray => ({ dtype: 'float32', shape: [], data: Float32Array.of(value) });
    for (const width of [0, 1, 8, 9, 300]) {
      const names = Array.from({ length: width }, (_, n) => `layer_${n}`);
      const bytes = writeHdf5({ datasets: new Map(names.map((key, n) => [key, scalar(n)])) });
      const theirs = openByLibrary(bytes);
      expect([...theirs.keys()].sort()).toEqual([...names].sort());
      expect(names.map((key) => (readHdf5(bytes).get(key) as Hdf5Dataset).read().data[0])).toEqual(
        names.map((_, n) => n),
      );
      if (width > 8) expect((theirs.get('layer_8') as H5Dataset).value).toBe(8);
    }
  });

  test('narrows float16 and bfloat16, and says which it is', () => {
    const data = Float32Array.of(0.5, -2, 65_504);
    const datasets = new Map<string, StoredArray>([
      ['half', { dtype: 'float16', shape: [3], data }],
      ['brain', { dtype: 'bfloat16', shape: [3], data: Float32Array.of(0.5, -2, 65_536) }],
    ]);
    const read = readHdf5(writeHdf5({ datasets }));
    for (const [key, array] of datasets) expect((read.get(key) as Hdf5Dataset).read()).toEqual(array);
  });

  test.each<[string, Hdf5Tree, string]>([
    [
      'a name with a slash',
      { groups: new Map([['a/b', {}]]) },
      "a name must not be empty or have a slash in it, got 'a/b'",
    ],
    ['an empty name', { groups: new Map([['', {}]]) }, 'a name must not be empty'],
    [
      'an attribute that is too long',
      { attributes: new Map([['a', 'x'.repeat(60_001)]]) },
      "attribute 'a' must take 60000",
    ],
    [
      'numbers that do not fill the shape',
      { datasets: new Map([['a', { dtype: 'int8', shape: [2, 2], data: Int8Array.of(1) }]]) },
      '1 numbers must be as many as the shape [2, 2] has',
    ],
    [
      'two things of one name',
      { groups: new Map([['a', {}]]), datasets: new Map([['a', { dtype: 'int8', shape: [], data: Int8Array.of(1) }]]) },
      "'a' must not be both a group and a dataset",
    ],
  ])('refuses %s', (_, written, message) => {
    expect(() => writeHdf5(written)).toThrow(message);
    expect(() => writeHdf5(written)).toThrow(RangeError);
  });

  test('with damage is read alike by the library, where both read it', async () => {
    const openByLibrary = await loadH5wasm();
    const data = Float32Array.from({ length: 12 }, (_, n) => n / 7);
    const whole = writeHdf5({ datasets: new Map([['a', { dtype: 'float32', shape: [3, 4], data }]]) });
    const random = randomNumbers(11);
    let both = 0;
    for (let n = 0; n < 200; n++) {
      const bytes = damaged(whole, random);
      const ours = readOrRefused(() => (readHdf5(bytes).get('a') as Hdf5Dataset | undefined)?.read());
      if ('error' in ours || ours.value === undefined) continue;
      let theirs: H5Dataset;
      try {
        theirs = openByLibrary(bytes).get('a') as H5Dataset;
        if (theirs?.value == null) continue;
      } catch {
        continue;
      }
      expect(theirs.shape).toEqual(ours.value.shape);
      if (ours.value.dtype === 'float32')
        expect(Array.from(theirs.value)).toEqual(Array.from(ours.value.data as Float32Array));
      both++;
    }
    expect(both).toBeGreaterThan(50);
  });
});
