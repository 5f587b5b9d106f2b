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
