import { FIELD, FIELD_COUNT } from '../../../../src/fused/wasm/binaries.js';
import { splitSamples } from '../../../../src/fused/wasm/threads/split.js';

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
