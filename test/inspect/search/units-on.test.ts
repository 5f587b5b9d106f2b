import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { unitsOn } from '../../../src/inspect/index.js';
import { useBackend } from '../../../tools/backends.js';
import { traceOf } from '../support/traces.js';
import { plantedTrace } from './planted.js';

beforeAll(() => useBackend('cpu'));

/** Unit 2 on at steps 4 to 7 of sample 1; unit 4 there and at four other steps; unit 0 at one of them. */
const trace = plantedTrace(
  [3, 10, 6],
  [
    { unit: 2, sample: 1, from: 4, to: 7 },
    { unit: 4, sample: 1, from: 4, to: 7 },
    { unit: 4, sample: 2, from: 0, to: 3 },
    { unit: 0, sample: 1, from: 7, to: 7 },
    { unit: 5, sample: 0, from: 0, to: 9 },
  ],
);
const SPAN = { sample: 1, from: 4, to: 7 };
const EXPECTED = [
  { unit: 2, overlap: 1, sharedSteps: 4, onSteps: 4, selectedSteps: 4 },
  { unit: 4, overlap: 0.5, sharedSteps: 4, onSteps: 8, selectedSteps: 4 },
  { unit: 0, overlap: 0.25, sharedSteps: 1, onSteps: 1, selectedSteps: 4 },
];

test('Units are ranked by how well their on-steps are the selected ones; those never on there are left out', () => {
  expect(unitsOn(trace, SPAN)).toEqual(EXPECTED);
});

test('A selection may be spans, a function or a tensor', () => {
  const tensors = tf.memory().numTensors;
  const halves = [
    { sample: 1, from: 4, to: 5 },
    { sample: 1, from: 6, to: 7 },
  ];
  expect(unitsOn(trace, halves)).toEqual(EXPECTED);
  const isSelected = ({ trace, sample, timestep }: { trace: number; sample: number; timestep: number }) =>
    trace === 0 && sample === 1 && timestep >= 4 && timestep <= 7;
  expect(unitsOn(trace, isSelected)).toEqual(EXPECTED);
  const selected = Array.from({ length: 3 }, (_, sample) =>
    Array.from({ length: 10 }, (_, timestep) => Number(isSelected({ trace: 0, sample, timestep }))),
  );
  for (const dtype of ['bool', 'int32', 'float32'] as const) {
    const tensor = tf.tensor2d(selected, [3, 10], dtype);
    expect(unitsOn(trace, tensor)).toEqual(EXPECTED);
    expect(unitsOn([trace], [tensor])).toEqual(EXPECTED);
    tensor.dispose();
  }
  expect(tf.memory().numTensors).toBe(tensors);
});

test('A selecting function is asked about the steps that there are and that are valid, and about no others', () => {
  const mask = [
    [1, 1, 0],
    [1, 0, 1],
  ];
  const masked = plantedTrace([2, 3, 2], [], { mask });
  const asked = new Set<string>();
  const isSelected = ({ trace, sample, timestep }: { trace: number; sample: number; timestep: number }) => {
    asked.add([trace, sample, timestep].join());
    return false;
  };
  expect(() => unitsOn([masked, masked], isSelected)).toThrow('selection must have a step that is not masked');
  const valid = ['0,0', '0,1', '1,0', '1,2'];
  expect([...asked]).toEqual([0, 1].flatMap((trace) => valid.map((step) => `${trace},${step}`)));
  asked.clear();
  const first = (step: { trace: number; sample: number; timestep: number }) =>
    [isSelected(step), step.trace + step.sample + step.timestep === 0].some(Boolean);
  unitsOn(masked, first);
  expect([...asked]).toEqual(valid.map((step) => `0,${step}`));
  masked.dispose();
});

test('Masked steps count neither as selected nor as on', () => {
  const mask = [[1, 1, 0, 1, 1]];
  const masked = plantedTrace([1, 5, 2], [{ unit: 1, sample: 0, from: 2, to: 3 }], { mask });
  expect(unitsOn(masked, { from: 1, to: 3 })).toEqual([
    { unit: 1, overlap: 0.5, sharedSteps: 1, onSteps: 1, selectedSteps: 2 },
  ]);
  expect(() => unitsOn(masked, { from: 2, to: 2 })).toThrow(/^unitsOn: selection must have a step that is not masked/);
  masked.dispose();
});

test('Several traces are counted as one', () => {
  const second = plantedTrace([1, 10, 6], [{ unit: 2, sample: 0, from: 0, to: 3 }]);
  const [best] = unitsOn([trace, second], [SPAN, { trace: 1, from: 0, to: 4 }]);
  expect(best).toEqual({ unit: 2, overlap: 8 / 9, sharedSteps: 8, onSteps: 8, selectedSteps: 9 });
  second.dispose();
});

test('Units that respond alike stand in the order of their indices', () => {
  const alike = plantedTrace(
    [1, 4, 3],
    [2, 0].map((unit) => ({ unit, sample: 0, from: 1, to: 2 })),
  );
  expect(unitsOn(alike, { from: 1, to: 2 }).map(({ unit }) => unit)).toEqual([0, 2]);
  alike.dispose();
});

test('A threshold says what is on', () => {
  const levels = plantedTrace(
    [1, 4, 2],
    [
      { unit: 0, sample: 0, from: 1, to: 2, value: 0.5 },
      { unit: 1, sample: 0, from: 1, to: 2, value: -0.5 },
    ],
  );
  const on = (threshold?: number) => unitsOn(levels, { from: 1, to: 2 }, { threshold }).map(({ unit }) => unit);
  expect(on()).toEqual([0]);
  expect(on(0.5)).toEqual([]);
  expect(on(-0.4)).toEqual([1]);
  levels.dispose();
  const signs = traceOf({ h: [[[0.001, -0.001, 0]]] });
  expect(unitsOn(signs, { from: 0, to: 0 }, { threshold: 0 }).map(({ unit }) => unit)).toEqual([0]);
  signs.dispose();
});

test('Any traces and selection give what counting step by step gives, masked or not', () => {
  const step = fc.record({
    h: fc.array(fc.constantFrom(0.2, 0.9), { minLength: 3, maxLength: 3 }),
    isValid: fc.constantFrom(true, true, false),
    isSelected: fc.boolean(),
  });
  const trace = fc.array(fc.array(step, { minLength: 4, maxLength: 4 }), { minLength: 1, maxLength: 2 });
  fc.assert(
    fc.property(fc.array(trace, { minLength: 1, maxLength: 2 }), (traces) => {
      const valid = traces.flat(2).filter(({ isValid }) => isValid);
      fc.pre(valid.some(({ isSelected }) => isSelected));
      const unitIndices = [8, 3, 5];
      const searched = traces.map((samples) => ({
        ...traceOf(
          { h: samples.map((steps) => steps.map(({ h }) => h)) },
          { mask: samples.map((steps) => steps.map(({ isValid }) => Number(isValid))) },
        ),
        unitIndices,
      }));
      const selection = traces.map((samples) =>
        tf.tensor2d(samples.map((steps) => steps.map(({ isSelected }) => Number(isSelected)))),
      );
      const expected = unitIndices.map((unit, column) => {
        const on = valid.filter(({ h }) => (h[column] as number) > 0.3);
        const selected = valid.filter(({ isSelected }) => isSelected);
        const shared = on.filter(({ isSelected }) => isSelected).length;
        const overlap = shared / new Set([...on, ...selected]).size;
        return { unit, overlap, sharedSteps: shared, onSteps: on.length, selectedSteps: selected.length };
      });
      expect(unitsOn(searched, selection)).toEqual(
        expected.filter(({ sharedSteps }) => sharedSteps > 0).sort((a, b) => b.overlap - a.overlap || a.unit - b.unit),
      );
      const spans = traces.flatMap((samples, trace) =>
        samples.flatMap((steps, sample) =>
          steps.flatMap(({ isSelected }, t) => (isSelected ? [{ trace, sample, from: t, to: t }] : [])),
        ),
      );
      expect(unitsOn(searched, spans)).toEqual(unitsOn(searched, selection));
      tf.dispose(selection);
      for (const one of searched) one.dispose();
    }),
    { numRuns: 60 },
  );
});

test.each([
  [[], /^unitsOn: selection must have a step that is not masked, got \[\]$/],
  [() => false, /^unitsOn: selection must have a step that is not masked/],
  ['4-7', /^unitsOn: selection must be spans \{ sample, from, to \}, a function, or tensors \[B, T\], got '4-7'$/],
  [{ from: 1 }, /^unitsOn: to must be an integer within \[0, 10\), got undefined$/],
  [{ from: 1, to: 2, sample: 3 }, /^unitsOn: sample must be an integer within \[0, 3\), got 3$/],
])('The selection %p is refused', (selection, message) => {
  expect(() => unitsOn(trace, selection as never)).toThrow(message);
});

test('A tensor of another shape, or tensors for other traces, are refused', () => {
  const [wide, fitting] = [tf.ones([3, 11]), tf.ones([3, 10])];
  expect(() => unitsOn(trace, wide)).toThrow('unitsOn: selection must be [B, T] = [3, 10], got [3, 11]');
  expect(() => unitsOn(trace, [fitting, fitting])).toThrow(
    'unitsOn: selection must have a tensor for each of 1 traces, got 2',
  );
  tf.dispose([wide, fitting]);
});
