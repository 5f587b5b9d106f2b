import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { TensorFlowKernel } from '../../../src/fused/tensorflow/tensorflow-kernel.js';
import { useBackend } from '../../../tools/backends.js';
import {
  type Case,
  expectAgreement,
  gradientsOf,
  inputsOf,
  optionsOf,
  runOn,
  runPlain,
  tensorsOf,
} from './sequences.js';

const size = fc.integer({ min: 1, max: 40 });
const sizes = {
  batch: fc.integer({ min: 1, max: 9 }),
  timesteps: fc.integer({ min: 1, max: 20 }),
  features: size,
  units: size,
};
const choices = {
  useBias: fc.boolean(),
  goBackwards: fc.boolean(),
  keepOutputs: fc.boolean(),
  keepGates: fc.boolean(),
  hasDropout: fc.boolean(),
  seed: fc.integer({ min: 1, max: 1e6 }),
};
const someCase: fc.Arbitrary<Case> = fc.record({ ...sizes, ...choices });

const SMALLEST: Case = {
  batch: 1,
  timesteps: 1,
  features: 1,
  units: 1,
  useBias: true,
  goBackwards: true,
  keepOutputs: true,
  keepGates: true,
  hasDropout: false,
  seed: 1,
};

const WAYS_BACK = [
  ['at once', new TensorFlowKernel(Number.POSITIVE_INFINITY)],
  ['step by step', new TensorFlowKernel(0)],
] as const;

beforeAll(() => useBackend('tensorflow'));

describe("TensorFlow's LSTM op", () => {
  const run = runOn(new TensorFlowKernel());

  test('computes what the reference computes, whatever the sizes and options', () => {
    const property = fc.property(someCase, (one) => {
      tf.tidy(() => {
        const [inputs, options] = [inputsOf(one), optionsOf(one)];
        // Both round sums of some 70 terms, in different orders.
        expectAgreement(tensorsOf(run(inputs, options)), tensorsOf(runPlain(inputs, options)), 2e-6);
      });
    });
    fc.assert(property, { numRuns: 40, examples: [[SMALLEST]] });
  });

  test.each([NaN, Infinity, -Infinity, 1e-40, 1e30])('lets %d pass as the reference does', (value) => {
    const property = fc.property(someCase, fc.nat(), (one, place) => {
      tf.tidy(() => {
        const [inputs, options] = [withValue(inputsOf(one), value, place), optionsOf(one)];
        expectAgreement(tensorsOf(run(inputs, options)), tensorsOf(runPlain(inputs, options)), 1e-6);
      });
    });
    fc.assert(property, { numRuns: 10 });
  });

  test('does not clip the cell state', () => {
    tf.tidy(() => {
      const inputs = { ...inputsOf({ ...SMALLEST, timesteps: 9 }), bias: tf.tensor1d([20, 20, 20, 20]) };
      const { c } = run({ ...inputs, c0: tf.tensor2d([[5]]) }, optionsOf(SMALLEST));
      expect(c.dataSync()[0]).toBeCloseTo(14, 5);
    });
  });
});

describe.each(WAYS_BACK)("Backpropagation through TensorFlow's ops, %s,", (_, kernel) => {
  test('computes the gradients of the reference, whatever the sizes and options', () => {
    const property = fc.property(someCase, (one) => {
      tf.tidy(() => {
        const [inputs, options] = [inputsOf(one), optionsOf(one)];
        const actual = gradientsOf(runOn(kernel), inputs, options);
        expectAgreement(actual, gradientsOf(runPlain, inputs, options), 1e-5);
      });
    });
    fc.assert(property, { numRuns: 25, examples: [[SMALLEST]] });
  });

  test.each([NaN, Infinity])('lets %d pass as the reference does', (value) => {
    const property = fc.property(someCase, fc.nat(), (one, place) => {
      tf.tidy(() => {
        const [inputs, options] = [withValue(inputsOf(one), value, place), optionsOf(one)];
        const actual = gradientsOf(runOn(kernel), inputs, options);
        expectAgreement(actual, gradientsOf(runPlain, inputs, options), 1e-5);
      });
    });
    fc.assert(property, { numRuns: 10 });
  });

  test('leaves no tensor and no data behind', () => {
    const run = () =>
      tf.tidy(() => {
        const one = { ...SMALLEST, timesteps: 5, units: 3, hasDropout: true };
        gradientsOf(runOn(kernel), inputsOf(one), optionsOf(one));
        gradientsOf(runOn(kernel), inputsOf(one), optionsOf({ ...one, keepGates: false }));
        runOn(kernel)(inputsOf(one), optionsOf(one));
      });
    run();
    const held = () => [
      tf.memory().numTensors,
      (tf.backend() as tf.KernelBackend & { numDataIds(): number }).numDataIds(),
    ];
    const before = held();
    run();
    expect(held()).toEqual(before);
  });
});

function withValue(inputs: ReturnType<typeof inputsOf>, value: number, place: number): ReturnType<typeof inputsOf> {
  const values = inputs.x.dataSync().slice();
  values[place % values.length] = value;
  return { ...inputs, x: tf.tensor3d(values, inputs.x.shape) };
}
