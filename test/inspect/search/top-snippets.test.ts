import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { lstm } from '../../../src/index.js';
import { topSnippets, traceLayer, traceValues } from '../../../src/inspect/index.js';
import { useBackend } from '../../../tools/backends.js';
import { traceOf, traceOfSteps } from '../support/traces.js';
import { plantedTrace } from './planted.js';

beforeAll(() => useBackend('cpu'));

const trace = plantedTrace(
  [3, 30, 4],
  [
    { unit: 1, sample: 2, from: 15, to: 15, value: 0.8 },
    { unit: 1, sample: 0, from: 1, to: 1, value: 0.7 },
    { unit: 1, sample: 1, from: 29, to: 29, value: 0.6 },
    { unit: 3, sample: 1, from: 10, to: 10, value: 0.95 },
  ],
);

test('The largest values of a unit come first, each with the steps around it', () => {
  const snippets = topSnippets(trace, { unit: 1, length: 6, count: 3 });
  expect(snippets).toMatchObject([
    { trace: 0, sample: 2, from: 12, to: 17, timestep: 15 },
    // At the ends there are no steps before, or after.
    { trace: 0, sample: 0, from: 0, to: 5, timestep: 1 },
    { trace: 0, sample: 1, from: 24, to: 29, timestep: 29 },
  ]);
  expect(snippets.map(({ value }) => value)).toEqual([0.8, 0.7, 0.6].map(Math.fround));
});

test('A step within a snippet begins no other, but the same step of another sample does', () => {
  const neighbours = traceOf({
    h: [
      [[0.5], [0.9], [0.8], [0.1], [0.7]],
      [[0], [0.85], [0], [0], [0]],
    ],
  });
  const places = topSnippets(neighbours, { unit: 0, length: 3, count: 3 }).map(({ sample, from, to }) => [
    sample,
    from,
    to,
  ]);
  expect(places).toEqual([
    [0, 0, 2],
    [1, 0, 2],
    [0, 2, 4],
  ]);
  neighbours.dispose();
});

test('There are ten snippets of twenty steps if nothing else is said, and a short sequence is one snippet', () => {
  const long = traceOfSteps(
    'h',
    Array.from({ length: 400 }, (_, t) => Math.sin(t)),
  );
  const found = topSnippets(long, { unit: 0 });
  expect(found).toHaveLength(10);
  expect(new Set(found.map(({ from, to }) => to - from + 1))).toEqual(new Set([20]));
  const short = traceOfSteps('h', [0.1, 0.5, 0.3]);
  expect(topSnippets(short, { unit: 0 })).toMatchObject([{ from: 0, to: 2, timestep: 1 }]);
  tf.dispose([long, short] as never);
  long.dispose();
  short.dispose();
});

test('Masked steps, NaN and infinite values are no largest values', () => {
  const values = [0.1, Number.NaN, 0.4, Number.POSITIVE_INFINITY, 0.9];
  const holes = traceOfSteps('c', values, { mask: [[1, 1, 1, 1, 0]] });
  expect(topSnippets(holes, { unit: 0, quantity: 'c', length: 1 }).map(({ timestep }) => timestep)).toEqual([2, 0]);
  holes.dispose();
});

test('Every snippet lies within its sequence and holds its largest step, and none begins within another', () => {
  const step = fc.record({ value: fc.integer({ min: -5, max: 5 }), isValid: fc.constantFrom(true, true, true, false) });
  const cases = fc.record({
    samples: fc.array(fc.array(step, { minLength: 7, maxLength: 7 }), { minLength: 1, maxLength: 3 }),
    length: fc.integer({ min: 1, max: 9 }),
    count: fc.integer({ min: 1, max: 12 }),
  });
  fc.assert(
    fc.property(cases, ({ samples, length, count }) => {
      // Beside the unit, at another index, one with larger values.
      const h = samples.map((steps) => steps.map(({ value }) => [9 - value, value]));
      const mask = samples.map((steps) => steps.map(({ isValid }) => Number(isValid)));
      const searched = { ...traceOf({ h }, { mask }), unitIndices: [1, 6] };
      const snippets = topSnippets(searched, { unit: 6, length, count });
      searched.dispose();
      expect(snippets.length).toBeLessThanOrEqual(count);
      const covered = new Set<string>();
      let last = { value: Number.POSITIVE_INFINITY, place: -1 };
      for (const { sample, from, to, timestep, value } of snippets) {
        expect(to - from + 1).toBe(Math.min(length, 7));
        expect(from >= 0 && from <= timestep && timestep <= to && to < 7).toBe(true);
        // As many steps before as after, if there are.
        if (from > 0 && to < 6) expect(timestep - from).toBe(Math.floor(length / 2));
        expect(samples[sample]?.[timestep]).toEqual({ value, isValid: true });
        expect(covered.has(`${sample} ${timestep}`)).toBe(false);
        const place = 7 * sample + timestep;
        expect(value < last.value || (value === last.value && place > last.place)).toBe(true);
        last = { value, place };
        for (let t = from; t <= to; t++) covered.add(`${sample} ${t}`);
      }
      // What no snippet covers is no larger than the last one, which is only to be asked if there was room for all.
      const all = samples.flatMap((steps, s) => steps.map((at, t) => ({ ...at, key: `${s} ${t}` })));
      const open = all.filter(({ key, isValid }) => isValid && !covered.has(key));
      if (snippets.length < count) expect(open).toEqual([]);
      for (const { value } of open) expect(value).toBeLessThanOrEqual(last.value);
    }),
    { numRuns: 100 },
  );
});

test('Numbers that were read before give the same, and nothing is left behind', async () => {
  const values = await traceValues(trace);
  const tensors = tf.memory().numTensors;
  const options = { unit: 1, length: 4 };
  expect(topSnippets([values, trace], options).slice(0, 2)).toMatchObject([
    { trace: 0, sample: 2 },
    { trace: 1, sample: 2 },
  ]);
  expect(topSnippets(values, options)).toEqual(topSnippets(trace, options));
  expect(tf.memory().numTensors).toBe(tensors);
});

test.each([
  [{ unit: 4 }, 'unit must be of the traces, which have 4 units, got 4'],
  [{ unit: 1, length: 0 }, 'length must be a positive integer, got 0'],
  [{ unit: 1, count: 1.5 }, 'count must be a positive integer, got 1.5'],
  [{ unit: 1, quantity: 'x' }, "quantity must be 'i', 'f', 'g', 'o', 'c' or 'h', got 'x'"],
])('%j is refused', (options, message) => {
  expect(() => topSnippets(trace, options)).toThrow(new RangeError(`topSnippets: ${message}`));
});

test('In a batch without samples there is no snippet, whether its numbers were read before or not', async () => {
  const layer = lstm({ units: 2 });
  const x = tf.zeros<tf.Rank.R3>([0, 3, 2]);
  layer.build([null, null, 2]);
  const empty = traceLayer(layer, x);
  const values = await traceValues(empty);
  for (const given of [empty, values]) {
    expect(topSnippets(given, { unit: 1 })).toEqual([]);
    expect(() => topSnippets(given, { unit: 2 })).toThrow('unit must be of the traces, which have 2 units, got 2');
  }
  empty.dispose();
  x.dispose();
  tf.dispose(layer.getWeights());
});
