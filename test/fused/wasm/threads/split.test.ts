import fc from 'fast-check';
import { FIELD, FIELD_COUNT } from '../../../../src/fused/wasm/binaries.js';
import { isWorthSplitting, split, splitSamples } from '../../../../src/fused/wasm/threads/split.js';

test('what a gradient flow asks for of each step is divided among threads as the samples are', () => {
  const fields = new Uint32Array(FIELD_COUNT);
  const sizes = { batch: 8, timesteps: 3, features: 2, units: 5 };
  for (const [name, size] of Object.entries(sizes)) fields[FIELD[name as keyof typeof sizes]] = size;
  const arrays = ['laterDH', 'laterDC', 'totalDH', 'totalDC', 'outputSlope'] as const;
  for (const [n, name] of arrays.entries()) fields[FIELD[name]] = 10_000 * (n + 1);
  const [first, second] = splitSamples(fields, 2).sequences as [Uint32Array, Uint32Array];
  for (const [n, name] of arrays.entries()) {
    expect(first[FIELD[name]]).toBe(10_000 * (n + 1));
    expect(second[FIELD[name]]).toBe(10_000 * (n + 1) + 4 * 4 * 3 * 5);
  }
});

describe('while threads had better not meet', () => {
  const sizeOf = (batch: number, timesteps: number) => ({ batch, timesteps, features: 100, units: 200 });
  const fieldsOf = (batch: number, timesteps: number) => {
    const fields = new Uint32Array(FIELD_COUNT);
    for (const [name, size] of Object.entries(sizeOf(batch, timesteps))) fields[FIELD[name as 'batch']] = size;
    return fields;
  };

  test.each([
    [1, 100],
    [3, 100],
    [7, 1],
  ])('nothing is copied to them for too few samples to be divided: B = %p, T = %p', (batch, timesteps) => {
    expect(isWorthSplitting({ ...sizeOf(batch, timesteps), units: 2000 }, true)).toBe(true);
    expect(isWorthSplitting({ ...sizeOf(batch, timesteps), units: 2000 }, false)).toBe(false);
    expect(split('forward', fieldsOf(batch, timesteps), 2, false)).toBeNull();
  });

  test.each([
    [4, 100],
    [8, 1],
  ])('samples are divided all the same: B = %p, T = %p', (batch, timesteps) => {
    expect(isWorthSplitting({ ...sizeOf(batch, timesteps), units: 2000 }, false)).toBe(true);
    const { sequences, meetings } = split('forward', fieldsOf(batch, timesteps), 2, false)!;
    expect(sequences.map((fields) => fields[FIELD.batch])).toEqual([batch / 2, batch / 2]);
    expect(meetings).toBe(0);
  });
});

type Sizes = Partial<Record<keyof typeof FIELD, number>>;

function fieldsWith(sizes: Sizes): Uint32Array {
  const fields = new Uint32Array(FIELD_COUNT);
  for (const [name, value] of Object.entries(sizes)) fields[FIELD[name as keyof typeof FIELD]] = value;
  return fields;
}

const valueIn = (fields: Uint32Array | undefined, name: keyof typeof FIELD) => fields?.[FIELD[name]];

/** What a sample takes of each array, in bytes; of what is not here, such as weights, all samples read the same. */
function bytesOfSample(T: number, D: number, U: number, projectionUnits: number): Sizes {
  const H = projectionUnits || U;
  const each = (names: readonly (keyof typeof FIELD)[], bytes: number): Sizes =>
    Object.fromEntries(names.map((name) => [name, bytes]));
  return {
    ...each(['x', 'dX'], 4 * T * D),
    ...each(['mask'], T),
    ...each(['inputDropoutMaskI', 'inputDropoutMaskF', 'inputDropoutMaskG', 'inputDropoutMaskO'], 4 * D),
    ...each(['recurrentDropoutMaskI', 'recurrentDropoutMaskF'], 4 * H),
    ...each(['recurrentDropoutMaskG', 'recurrentDropoutMaskO'], 4 * H),
    ...each(['h0', 'h', 'lastOutput', 'dH0', 'dH', 'dLastOutput'], 4 * H),
    ...each(['c0', 'c', 'dC0', 'dC'], 4 * U),
    ...each(['outputs', 'hiddens', 'dOutputs'], 4 * T * H),
    ...each(['i', 'f', 'g', 'o', 'cells', 'dI', 'dF', 'dG', 'dO', 'dCells', 'outputSlope'], 4 * T * U),
    ...each(['laterDH', 'laterDC', 'totalDH', 'totalDC'], 4 * T * U),
    ...each(['savedGates', 'dZ'], 4 * T * 4 * U),
    ...each(['dProjected'], 4 * T * projectionUnits),
  };
}

const SIZES = ['batch', 'timesteps', 'features', 'units', 'projectionUnits'] as const;
const ARRAYS = (Object.keys(FIELD) as (keyof typeof FIELD)[]).filter((name) => FIELD[name] >= FIELD.x);

describe('samples are divided so that', () => {
  test('each belongs to one thread, in order and in whole pairs, and each array begins with the first of them', () => {
    const size = fc.integer({ min: 1, max: 30 });
    fc.assert(
      fc.property(size, size, size, size, fc.nat(6), fc.integer({ min: 1, max: 5 }), (B, T, D, U, projected, parts) => {
        const sizes = { batch: B, timesteps: T, features: D, units: U, projectionUnits: projected };
        const arrays: Sizes = { isKernelPacked: 1, isRecurrentKernelPacked: 1, share: 0, shares: 0 };
        // Every third one is absent.
        for (const [n, name] of ARRAYS.entries()) arrays[name] ??= n % 3 === 0 ? 0 : 1_000_000 * (n + 1);
        const fields = fieldsWith({ ...sizes, ...arrays });
        const before = fields.slice();
        const { sequences, meetings } = splitSamples(fields, Math.min(parts, B));
        expect(meetings).toBe(0);
        expect(fields).toEqual(before);
        const bytes = bytesOfSample(T, D, U, projected);
        let first = 0;
        for (const sequence of sequences) {
          expect(first % 2).toBe(0);
          for (const name of ARRAYS) {
            const start = arrays[name] as number;
            expect([name, valueIn(sequence, name)]).toEqual([
              name,
              start === 0 ? 0 : start + first * (bytes[name] ?? 0),
            ]);
          }
          for (const name of SIZES.slice(1)) expect(valueIn(sequence, name)).toBe(sizes[name]);
          first += valueIn(sequence, 'batch') as number;
        }
        expect(first).toBe(B);
        expect(sequences).toHaveLength(Math.min(parts, B));
      }),
    );
  });

  test('shares differ by no more than a pair and the odd one', () => {
    const { sequences } = splitSamples(fieldsWith({ batch: 23, timesteps: 1, features: 1, units: 1 }), 4);
    expect(sequences.map((sequence) => valueIn(sequence, 'batch'))).toEqual([4, 6, 6, 7]);
  });

  test('panels that are not packed yet are left to the first thread', () => {
    const panels = { kernelPanels: 64, recurrentPanels: 128 };
    const sizes = { batch: 8, timesteps: 2, features: 3, units: 4 };
    const panelsOf = (packed: Sizes) =>
      splitSamples(fieldsWith({ ...sizes, ...panels, ...packed }), 2).sequences.map((sequence) => [
        valueIn(sequence, 'kernelPanels'),
        valueIn(sequence, 'recurrentPanels'),
      ]);
    const [both, none] = [
      [64, 128],
      [0, 0],
    ];
    expect(panelsOf({})).toEqual([both, none]);
    expect(panelsOf({ isKernelPacked: 1 })).toEqual([both, [64, 0]]);
    expect(panelsOf({ isRecurrentKernelPacked: 1 })).toEqual([both, [0, 128]]);
    expect(panelsOf({ isKernelPacked: 1, isRecurrentKernelPacked: 1 })).toEqual([both, both]);
  });
});

describe('a pass is divided', () => {
  const shapeOf = (sizes: Sizes, threads: number) => {
    const divided = split('forward', fieldsWith({ timesteps: 50, features: 8, ...sizes }), threads);
    if (divided === null) return null;
    const { sequences, meetings } = divided;
    return { batches: sequences.map((sequence) => valueIn(sequence, 'batch')), meetings };
  };

  test.each([
    ['by samples where there are two for each thread', { batch: 8, units: 32 }, 4, [2, 2, 2, 2]],
    ['by samples among as many threads as have two', { batch: 5, units: 16 }, 4, [2, 3]],
    ['by samples with a projection', { batch: 4, units: 64, projectionUnits: 8 }, 4, [2, 2]],
    ['by fours of samples where there is one step', { batch: 8, units: 16, timesteps: 1 }, 4, [4, 4]],
    ['by samples where the weights are small', { batch: 16, units: 64 }, 2, [8, 8]],
    ['by samples where the batch is large', { batch: 32, units: 256, features: 256 }, 2, [16, 16]],
  ])('%s', (_how, sizes, threads, batches) => {
    expect(shapeOf(sizes, threads)).toEqual({ batches, meetings: 0 });
  });

  test.each([
    ['where there is one sample', { batch: 1, units: 71 }, 2, 1],
    ['where units are enough for more threads than samples', { batch: 4, units: 64 }, 4, 4],
    ['where the weights are large for so few samples', { batch: 30, units: 256, features: 256 }, 2, 30],
  ])('by units %s, with a meeting after each step', (_when, sizes, threads, batch) => {
    expect(shapeOf(sizes, threads)).toEqual({ batches: new Array(threads).fill(batch), meetings: 50 });
  });

  test.each([
    ['too few rows', { batch: 3, timesteps: 1, units: 512 }, 2],
    ['too few units for a panel each', { batch: 1, units: 31 }, 2],
    ['too little work between meetings', { batch: 1, units: 70, timesteps: 4 }, 2],
    ['one sample and a projection', { batch: 1, units: 512, projectionUnits: 64 }, 2],
    ['one thread', { batch: 16, units: 64 }, 1],
  ])('not at all with %s', (_what, sizes, threads) => {
    expect(shapeOf(sizes, threads)).toBeNull();
  });

  test('among threads that know their share', () => {
    const fields = fieldsWith({ batch: 1, timesteps: 50, features: 8, units: 71 });
    const shares = (name: 'forward' | 'kernelGradient') =>
      split(name, fields, 3)?.sequences.map((sequence) => [valueIn(sequence, 'share'), valueIn(sequence, 'shares')]);
    expect(shares('kernelGradient')).toEqual([
      [0, 3],
      [1, 3],
      [2, 3],
    ]);
    // More would have too little to do between meetings.
    expect(shares('forward')).toEqual([
      [0, 2],
      [1, 2],
    ]);
  });
});

describe('the gradient of x is divided', () => {
  const sizes = { batch: 2, timesteps: 9, features: 3, units: 4, x: 1000, mask: 500, dZ: 2000 };
  const rowsOf = (others: Sizes, threads = 2) =>
    split('inputGradient', fieldsWith({ ...sizes, ...others }), threads)?.sequences.map((sequence) =>
      (['batch', 'timesteps', 'mask', 'x', 'dZ'] as const).map((name) => valueIn(sequence, name)),
    ) ?? null;

  test('by rows, as though each step were a sample', () => {
    expect(rowsOf({})).toEqual([
      [8, 1, 0, 1000, 2000],
      [10, 1, 0, 1000 + 8 * 4 * 3, 2000 + 8 * 16 * 4],
    ]);
    expect(rowsOf({}, 9)).toHaveLength(4);
  });

  test('by samples where each has dropout masks', () => {
    expect(rowsOf({ inputDropoutMaskCount: 1 })).toBeNull();
    expect(rowsOf({ inputDropoutMaskCount: 4, batch: 8 })).toEqual([
      [4, 9, 500, 1000, 2000],
      [4, 9, 500 + 4 * 9, 1000 + 4 * 4 * 9 * 3, 2000 + 4 * 16 * 9 * 4],
    ]);
  });

  test('not at all where a thread would have fewer than four rows', () => {
    expect(rowsOf({ batch: 1, timesteps: 7 })).toBeNull();
    expect(rowsOf({ batch: 1, timesteps: 8 })).toHaveLength(2);
  });
});

test('work is worth dividing from four million multiply-adds on', () => {
  const work = { name: 'forward', batch: 4, features: 150, units: 50 } as const;
  expect(isWorthSplitting({ ...work, timesteps: 25 }, true)).toBe(true);
  expect(isWorthSplitting({ ...work, timesteps: 24 }, true)).toBe(false);
});
