import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { CausalConv1D } from '../../../../src/convert/keras/layers/causal-conv-1d.js';
import { Elementwise } from '../../../../src/convert/keras/layers/elementwise.js';
import { FixedNormalization } from '../../../../src/convert/keras/layers/fixed-normalization.js';
import { Rectifier } from '../../../../src/convert/keras/layers/rectifier.js';
import { Reduction } from '../../../../src/convert/keras/layers/reduction.js';
import { ScaledELU } from '../../../../src/convert/keras/layers/scaled-elu.js';
import { Stretch1D } from '../../../../src/convert/keras/layers/stretch-1d.js';
import { type AxisSlice, TensorSlice } from '../../../../src/convert/keras/layers/tensor-slice.js';
import { UnitNormalization } from '../../../../src/convert/keras/layers/unit-normalization.js';
import { expectClose } from '../../../support/close.js';
import { randomTensor } from '../../../support/random.js';

const whole = { start: null, stop: null, step: null };

test.each([
  ['slices that are no list', () => new TensorSlice({ slices: null as never }), /integers, ranges/],
  ['two ellipses', () => new TensorSlice({ slices: ['ellipsis', 'ellipsis'] }), /one ellipsis at most/],
  ['a step of 0', () => new TensorSlice({ slices: [whole, { ...whole, step: 0 }] }), /integers, ranges/],
  ['some of the samples', () => new TensorSlice({ slices: [{ ...whole, stop: 2 }] }), /samples, must be whole/],
  ['one sample', () => new TensorSlice({ slices: [0] }), /samples, must be whole/],
  [
    'an operation of no name',
    () => new Elementwise({ operation: 'toString' as never }),
    /operation must be one of abs/,
  ],
  ['only numbers', () => new Elementwise({ operation: 'add', operands: [1, 2] }), /not all of them numbers/],
  ['too few operands', () => new Elementwise({ operation: 'add', operands: [null] }), /must be 2 of/],
  ['an endless operand', () => new Elementwise({ operation: 'add', operands: [null, 1 / 0] }), /must be 2 of/],
  ['a reduction of no name', () => new Reduction({ operation: 'any' as never, axis: 1 }), /one of max, mean/],
  ['a reduction of the samples', () => new Reduction({ operation: 'sum', axis: [1, 0] }), /not 0/],
  ['a reduction of nothing', () => new Reduction({ operation: 'sum', axis: [] }), /an integer or several/],
  ['a slope that is no number', () => new Rectifier({ negativeSlope: Number.NaN }), /negativeSlope must be a finite/],
  ['an alpha that is no number', () => new ScaledELU({ alpha: Number.NaN }), /alpha must be a finite/],
  ['a mean alone', () => new FixedNormalization({ mean: 1 }), /both be numbers, or neither/],
  ['samples with means', () => new FixedNormalization({ axis: 0 }), /not 0/],
  ['half an axis', () => new UnitNormalization({ axis: 0.5 }), /axis must be an integer/],
  ['half a step', () => new Stretch1D({ padding: [0.5, 0] }), /two counts/],
  ['no repeats', () => new Stretch1D({ repeats: 0 }), /a positive integer/],
] as [string, () => unknown, RegExp][])('%s: an error that says the rule', (_, make, rule) => {
  expect(make).toThrow(RangeError);
  expect(make).toThrow(rule);
});

test('what does not fit the input is an error when it is built', () => {
  const x = tf.input({ shape: [4, 3] });
  expect(() => new TensorSlice({ slices: [whole, 4] }).apply(x)).toThrow(/the place 4 must be on an axis of 4/);
  expect(() => new TensorSlice({ slices: [whole, 0, 0, 0] }).apply(x)).toThrow(/4 axes or more/);
  expect(() => new Elementwise({ operation: 'add' }).apply(x)).toThrow(/there must be 2 inputs/);
  expect(() => new Elementwise({ operation: 'add' }).apply([x, tf.input({ shape: [2, 3] })])).toThrow(/fit together/);
  expect(() => new Reduction({ operation: 'sum', axis: 3 }).apply(x)).toThrow(/ones of the input/);
  expect(() => new FixedNormalization({ axis: 1 }).apply(tf.input({ shape: [null, 3] }))).toThrow(/a known size/);
});

test('sequences of unknown length keep theirs, or have one that is known', () => {
  const x = tf.input({ shape: [null, 3] });
  const shapeOf = (layer: tf.layers.Layer) => (layer.apply(x) as tf.SymbolicTensor).shape;
  expect(shapeOf(new TensorSlice({ slices: [whole, -1] }))).toEqual([null, 3]);
  expect(shapeOf(new TensorSlice({ slices: [whole, { ...whole, start: 1 }] }))).toEqual([null, null, 3]);
  expect(shapeOf(new Stretch1D({ repeats: 2 }))).toEqual([null, null, 3]);
  expect(shapeOf(new CausalConv1D({ filters: 2, kernelSize: 3 }))).toEqual([null, null, 2]);
  expect(shapeOf(new Elementwise({ operation: 'add', operands: [null, 1] }))).toEqual([null, null, 3]);
});

test('a slice takes what an array of the same numbers would give', () => {
  const place = fc.option(fc.integer({ min: -7, max: 7 }), { nil: null });
  const step = fc.option(
    fc.integer({ min: -3, max: 3 }).filter((value) => value !== 0),
    { nil: null },
  );
  const range = fc.record({ start: place, stop: place, step });
  fc.assert(
    fc.property(range, fc.integer({ min: 1, max: 6 }), (slice, size) => {
      const before = tf.memory().numTensors;
      tf.tidy(() => {
        const layer = new TensorSlice({ slices: [whole, slice] });
        const x = randomTensor<tf.Rank.R3>([2, size, 2], 7);
        const taken = layer.apply(x) as tf.Tensor;
        expect(taken.shape).toEqual(layer.computeOutputShape(x.shape));
        const expected = (x.arraySync() as number[][][]).map((sample) => pythonSlice(sample, slice));
        expectClose(taken, expected.flat(2));
      });
      expect(tf.memory().numTensors).toBe(before);
    }),
    { numRuns: 60 },
  );
});

/** Python's rule, place by place. */
function pythonSlice<Item>(items: Item[], { start, stop, step }: Exclude<AxisSlice, number>): Item[] {
  const stride = step ?? 1;
  const from = (place: number) => (place < 0 ? place + items.length : place);
  const isTaken = (place: number) => {
    const first = start === null ? (stride > 0 ? 0 : items.length - 1) : from(start);
    const clipped = stride > 0 ? Math.max(first, 0) : Math.min(first, items.length - 1);
    const isWithin = stride > 0 ? place >= clipped : place <= clipped;
    const isBefore = stop === null || (stride > 0 ? place < from(stop) : place > from(stop));
    return isWithin && isBefore && (place - clipped) % stride === 0;
  };
  const places = items.map((_, place) => place).filter(isTaken);
  return (stride > 0 ? places : places.reverse()).map((place) => items[place] as Item);
}
