import fc from 'fast-check';
import { decode, encodeSequences, precisionOf, type Scale } from '../../../src/plot/page/encoding.js';

const value = fc.oneof(
  fc.float({ noNaN: true, min: -100, max: 100 }),
  fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY),
);

/** [S, T, width] of two quantities, of which the second has another width. */
const sequences = fc
  .record({
    samples: fc.integer({ min: 1, max: 3 }),
    timesteps: fc.integer({ min: 1, max: 5 }),
    width: fc.integer({ min: 1, max: 4 }),
    bits: fc.constantFrom(5, 6, 7, 8, 16),
  })
  .chain((size) => {
    const count = size.samples * size.timesteps * size.width;
    const list = (length: number) => fc.array(value, { minLength: length, maxLength: length });
    return fc.record({ size: fc.constant(size), c: list(count), n: list(2 * count) });
  });

test('Values come back to half a step of their scale, and what is not finite as NaN', () => {
  fc.assert(
    fc.property(sequences, ({ size: { samples, timesteps, width, bits }, c, n }) => {
      const given = {
        c: { values: Float32Array.from(c), width },
        n: { values: Float32Array.from(n), width: 2 * width },
      };
      const encoded = encodeSequences(given, { timesteps, bits, samples });
      for (const [name, { values }] of Object.entries(given)) {
        const size = values.length / samples;
        const scale = encoded.scales[name] as Scale;
        // Without a bend, values are evenly spaced; with one, those far from zero are farther apart.
        const allowed = (original: number) =>
          precisionOf(scale, bits) * (scale.bend === 0 ? 1 : 1.1 * Math.cosh(Math.asinh(original / scale.bend)) + 0.2);
        for (let sample = 0; sample < samples; sample++) {
          const decoded = decode(encoded, { sample, timesteps, quantity: name });
          const originals = values.subarray(sample * size, (sample + 1) * size);
          expect(decoded).toHaveLength(size);
          const ofLast = decode(encoded, { sample, timesteps, quantity: name }, scale.width - 1);
          expect(ofLast).toEqual(decoded.subarray(-timesteps));
          for (const [at, original] of originals.entries()) {
            const value = decoded[(at % scale.width) * timesteps + Math.floor(at / scale.width)] as number;
            if (!Number.isFinite(original)) expect(value).toBeNaN();
            else expect(Math.abs(value - original)).toBeLessThanOrEqual(allowed(original) + 1e-5);
          }
        }
      }
    }),
  );
});

const oneUnit = (values: number[], bits = 16) => {
  const encoded = encodeSequences(
    { c: { values: Float32Array.from(values), width: 1 } },
    { timesteps: values.length, bits, samples: 1 },
  );
  return {
    scale: encoded.scales.c as Scale,
    decoded: [...decode(encoded, { sample: 0, timesteps: values.length, quantity: 'c' })],
  };
};

test('The extremes are themselves, and constants too', () => {
  expect(oneUnit([-2, 3, 0.5]).decoded).toEqual([-2, 3, expect.closeTo(0.5, 4)]);
  expect(oneUnit([7, 7]).decoded).toEqual([7, 7]);
  expect(oneUnit([Number.NaN, Number.NaN]).decoded).toEqual([Number.NaN, Number.NaN]);
});

test('One value far from all others does not coarsen them', () => {
  const values = Array.from({ length: 300 }, (_, n) => (n === 17 ? 1000 : Math.sin(n)));
  const { scale, decoded } = oneUnit(values, 8);
  expect(scale.bend).toBeGreaterThan(0.9);
  expect(decoded[17]).toBeCloseTo(1000, 0);
  for (const [n, original] of values.entries()) {
    if (n !== 17) expect(Math.abs(decoded[n]! - original)).toBeLessThan(0.06);
  }
});

test('What changes slowly is carried as differences', () => {
  const slow = Array.from({ length: 200 }, (_, t) => t / 10);
  const wild = Array.from({ length: 200 }, (_, t) => (t % 2 === 0 ? 0 : (t * 7919) % 31));
  expect(oneUnit(slow, 8).scale.isOfDifferences).toBe(true);
  expect(oneUnit(wild, 8).scale.isOfDifferences).toBe(false);
});
