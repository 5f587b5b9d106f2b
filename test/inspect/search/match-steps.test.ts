import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { lstm } from '../../../src/index.js';
import { matchSteps, traceModel, traceValues } from '../../../src/inspect/index.js';
import { useBackend } from '../../../tools/backends.js';
import { randomTensor } from '../../support/random.js';
import { traceOf } from '../support/traces.js';
import { plantedTrace } from './planted.js';

beforeAll(() => useBackend('cpu'));

const both = (sample: number, from: number, to: number) => [
  { unit: 1, sample, from, to },
  { unit: 3, sample, from, to },
];

/** Units 1 and 3 on together in sample 0, and in other places for longer, for shorter, and one longer than the other. */
const trace = plantedTrace(
  [4, 20, 5],
  [
    ...both(0, 3, 6),
    ...both(0, 12, 12),
    ...both(1, 5, 12),
    ...both(2, 16, 19),
    { unit: 1, sample: 3, from: 2, to: 9 },
    { unit: 3, sample: 3, from: 6, to: 9 },
  ],
);

test('Runs in which all the units are on are found in every sample, those that turn on and off alike first', () => {
  expect(matchSteps(trace, { units: [1, 3], sample: 0, from: 3, to: 6 })).toEqual([
    { trace: 0, sample: 2, from: 16, to: 19, overlap: 1 },
    // Unit 1 is on for four more steps before.
    { trace: 0, sample: 3, from: 6, to: 9, overlap: 8 / 12 },
    { trace: 0, sample: 1, from: 5, to: 12, overlap: 8 / 16 },
    { trace: 0, sample: 0, from: 12, to: 12, overlap: 2 / 8 },
  ]);
});

test('A selection inside a run is a selection of the steps around it too, as long as the units stay on', () => {
  const [best, ...rest] = matchSteps(trace, { units: [1, 3], from: 4, to: 5 });
  // From step 4 on, the units are on for three steps, after one; in sample 2 for four.
  expect(best).toEqual({ trace: 0, sample: 2, from: 16, to: 19, overlap: 6 / 10 });
  expect(rest.every(({ sample, from }) => sample !== 0 || from === 12)).toBe(true);
});

test('A unit that is off in the selection counts against every match', () => {
  const matches = matchSteps(trace, { units: [1], sample: 3, from: 0, to: 3 });
  const [best] = matches;
  // Here at steps 2 to 9, which are the selection's steps 2 to 9; in sample 1 for eight steps from its first on.
  expect(best).toEqual({ trace: 0, sample: 1, from: 5, to: 12, overlap: 6 / 10 });
  expect(matchSteps(trace, { units: [0, 1], from: 3, to: 6 })).toEqual([]);
});

test('Masked steps end a run and are no match', () => {
  const mask = [0, 1, 2].map(() => new Array(10).fill(1));
  (mask[1] as number[])[4] = 0;
  const masked = plantedTrace(
    [3, 10, 2],
    [0, 1, 2].map((sample) => ({ unit: 0, sample, from: 2, to: 5 })),
    { mask },
  );
  const matches = matchSteps(masked, { units: [0], sample: 0, from: 2, to: 5 });
  expect(matches).toEqual([
    { trace: 0, sample: 2, from: 2, to: 5, overlap: 1 },
    { trace: 0, sample: 1, from: 2, to: 3, overlap: 0.5 },
    { trace: 0, sample: 1, from: 5, to: 5, overlap: 0.25 },
  ]);
  masked.dispose();
});

test('Several traces are searched as one, and the selection may lie in any of them', () => {
  const second = plantedTrace([2, 8, 5], both(1, 2, 5));
  const options = { units: [1, 3], trace: 1, sample: 1, from: 2, to: 5 };
  const [best, next] = matchSteps([trace, second], options);
  expect(best).toEqual({ trace: 0, sample: 0, from: 3, to: 6, overlap: 1 });
  expect(next).toEqual({ trace: 0, sample: 2, from: 16, to: 19, overlap: 1 });
  second.dispose();
});

test('A threshold says what is on; one below zero looks for values below it', () => {
  const low = plantedTrace(
    [2, 6, 1],
    [
      { unit: 0, sample: 0, from: 1, to: 2, value: -0.8 },
      { unit: 0, sample: 1, from: 3, to: 4, value: -0.8 },
      { unit: 0, sample: 1, from: 0, to: 0, value: 0.35 },
    ],
  );
  const options = { units: [0], from: 1, to: 2 };
  expect(matchSteps(low, { ...options, threshold: -0.5 })).toEqual([
    { trace: 0, sample: 1, from: 3, to: 4, overlap: 1 },
  ]);
  expect(matchSteps(low, options)).toEqual([{ trace: 0, sample: 1, from: 0, to: 0, overlap: 0 }]);
  expect(matchSteps(low, { ...options, threshold: 0.35 })).toEqual([]);
  low.dispose();
});

test('Gates are on where they are open, states from a lower value on', () => {
  const values = [[[0.95], [0.2], [0.5], [0.91]]];
  const gates = traceOf({ f: values, c: values });
  const found = (quantity: string) =>
    matchSteps(gates, { units: [0], quantity, from: 0, to: 0 }).map(({ from, to }) => [from, to]);
  expect(found('f')).toEqual([[3, 3]]);
  expect(found('c')).toEqual([[2, 3]]);
  gates.dispose();
});

test('Units are named by their index in the layer, also in a trace of some of them', () => {
  const some = {
    ...plantedTrace(
      [2, 9, 2],
      [0, 1].map((sample) => ({ unit: 1, sample, from: 3, to: 5 })),
    ),
    unitIndices: [7, 4],
  };
  expect(matchSteps(some, { units: [4], from: 3, to: 5 })).toMatchObject([{ sample: 1, from: 3, to: 5, overlap: 1 }]);
  expect(() => matchSteps(some, { units: [1], from: 3, to: 5 })).toThrow(
    new RangeError('matchSteps: units must be of the traces, which have 2 units, got 1'),
  );
  some.dispose();
});

/** The same by sets of places, without runs. `h` is NaN where a step is masked. */
function slowMatches(h: number[][][], units: number[], from: number, to: number, threshold: number) {
  const on = (sample: number, t: number, unit: number) => (h[sample]?.[t]?.[unit] ?? Number.NaN) > threshold;
  const allOn = (sample: number, t: number) => units.every((unit) => on(sample, t, unit));
  const pattern = (sample: number, first: number, last: number) => {
    const places = new Set<string>();
    for (const unit of units) {
      const isJoined = (t: number): boolean =>
        on(sample, t, unit) && ((t >= first && t <= last) || isJoined(t < first ? t + 1 : t - 1));
      for (let t = 0; t < (h[sample] as number[][]).length; t++) if (isJoined(t)) places.add(`${unit} ${t - first}`);
    }
    return places;
  };
  const here = pattern(0, from, to);
  const found: { sample: number; from: number; to: number; overlap: number }[] = [];
  for (const [sample, steps] of h.entries()) {
    for (let first = 0; first < steps.length; first++) {
      if (!allOn(sample, first) || allOn(sample, first - 1)) continue;
      let last = first;
      while (allOn(sample, last + 1)) last += 1;
      if (sample === 0 && first <= to && last >= from) continue;
      const there = pattern(sample, first, last);
      const shared = [...here].filter((place) => there.has(place)).length;
      const covered = new Set([...here, ...there]).size;
      found.push({ sample, from: first, to: last, overlap: shared / covered });
    }
  }
  return found.sort((a, b) => b.overlap - a.overlap);
}

test('Any traces give the matches that a search place by place gives, masked or not, whole or of some units', () => {
  const step = fc.record({
    h: fc.array(fc.constantFrom(0, 0.2, 0.7, 0.9), { minLength: 2, maxLength: 2 }),
    isValid: fc.constantFrom(true, true, true, false),
  });
  const cases = fc.record({
    samples: fc.array(fc.array(step, { minLength: 9, maxLength: 9 }), { minLength: 1, maxLength: 4 }),
    span: fc.tuple(fc.nat(8), fc.nat(8)),
    columns: fc.constantFrom<number[]>([0], [1], [1, 0]),
    unitIndices: fc.constantFrom(undefined, [5, 1]),
    threshold: fc.constantFrom(0.1, 0.5, 0.8),
  });
  fc.assert(
    fc.property(cases, ({ samples, span, columns, unitIndices, threshold }) => {
      const [from, to] = [Math.min(...span), Math.max(...span)];
      // The first sample alone, the others together.
      const traces = [samples.slice(0, 1), samples.slice(1)]
        .filter(({ length }) => length > 0)
        .map((some) => ({
          ...traceOf(
            { h: some.map((steps) => steps.map(({ h }) => h)) },
            { mask: some.map((steps) => steps.map(({ isValid }) => Number(isValid))) },
          ),
          ...(unitIndices && { unitIndices }),
        }));
      const units = columns.map((column) => unitIndices?.[column] ?? column);
      const found = matchSteps(traces, { units, from, to, threshold });
      for (const searched of traces) searched.dispose();
      const seen = samples.map((steps) => steps.map(({ h, isValid }) => (isValid ? h : [Number.NaN, Number.NaN])));
      const expected = slowMatches(seen, columns, from, to, threshold).map(({ sample, ...match }) => ({
        trace: Math.min(sample, 1),
        sample: Math.max(sample - 1, 0),
        ...match,
      }));
      expect(found).toEqual(expected);
    }),
    { numRuns: 200 },
  );
});

test('Entries of traceModel and numbers read before give what the trace gives, and nothing is left behind', async () => {
  const model = tf.sequential({
    layers: [lstm({ units: 3, inputShape: [9, 2], returnSequences: true }), lstm({ units: 2 })],
  });
  model.setWeights(model.getWeights().map(({ shape }, n) => randomTensor(shape, 20 + n)));
  const x = randomTensor([3, 9, 2], 5, 3);
  const entries = traceModel(model, x);
  const [first] = entries as [(typeof entries)[number]];
  const tensors = tf.memory().numTensors;
  const options = { units: [2], from: 1, to: 2, threshold: -0.01 };
  const expected = matchSteps(first.trace, options);
  expect(expected.length).toBeGreaterThan(1);
  expect(matchSteps(first, options)).toEqual(expected);
  expect(matchSteps([await traceValues(first.trace)], options)).toEqual(expected);
  expect(() => matchSteps(entries, options)).toThrow(/^matchSteps: traces must be of one LSTM, .* got \['.*', '.*'\]$/);
  expect(tf.memory().numTensors).toBe(tensors);
  for (const entry of entries) entry.trace.dispose();
  x.dispose();
  model.dispose();
});

test.each([
  [{ units: [] }, 'units must not be empty, got []'],
  [{ units: [5] }, 'units must be of the traces, which have 5 units, got 5'],
  [{ from: 20, to: 20 }, 'from must be an integer within [0, 20), got 20'],
  [{ from: -1 }, 'from must be an integer within [0, 20), got -1'],
  [{ to: 20 }, 'to must be an integer within [0, 20), got 20'],
  [{ from: 5, to: 4 }, 'to must not be before from = 5, got 4'],
  [{ sample: 4 }, 'sample must be an integer within [0, 4), got 4'],
  [{ trace: 1 }, 'trace must be an integer within [0, 1), got 1'],
  [{ quantity: 'z' }, "quantity must be 'i', 'f', 'g', 'o', 'c' or 'h', got 'z'"],
])('%j is refused', (wrong, message) => {
  const options = { units: [1], from: 3, to: 6, ...wrong };
  expect(() => matchSteps(trace, options)).toThrow(new RangeError(`matchSteps: ${message}`));
});

test('Traces of several LSTMs, directions or cells are refused, and those of several calls are not', () => {
  const options = { units: [1], from: 3, to: 6 };
  const entry = (facts: object) => ({ layerName: 'a', trace, ...facts }) as never;
  const refused = (facts: object) => () => matchSteps([entry({ call: 2 }), entry({ call: 2, ...facts })], options);
  const rule = 'matchSteps: traces must be of one LSTM, with each direction and cell its own';
  expect(refused({ layerName: 'b' })).toThrow(`${rule}, got ['a', 'b']`);
  expect(refused({ direction: 'backward' })).toThrow(`${rule}, got ['a', 'a (backward)']`);
  expect(refused({ cell: 1 })).toThrow(`${rule}, got ['a', 'a (cell 1)']`);
  expect(refused({ call: 1 })()).toEqual(matchSteps([trace, trace], options));
});

test('What is no trace, no traces at all, and traces of other units are refused', () => {
  const options = { units: [1], from: 3, to: 6 };
  const other = plantedTrace([1, 7, 2], []);
  expect(() => matchSteps({} as never, options)).toThrow('matchSteps: trace must be a GateTrace');
  expect(() => matchSteps([], options)).toThrow('matchSteps: traces must not be empty, got []');
  expect(() => matchSteps([trace, other], options)).toThrow(
    'matchSteps: traces must have the same units, 0,1,2,3,4, got [0, 1]',
  );
  other.dispose();
  expect(() => matchSteps(other, options)).toThrow('matchSteps: trace must not have disposed tensors');
});
