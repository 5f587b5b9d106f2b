import * as tf from '@tensorflow/tfjs';
import { lstm } from '../../src/index.js';
import type { AnyLSTMCell } from '../../src/layers/lstm-cell.js';
import * as variants from '../../src/variants/index.js';
import { NODE_BACKENDS, useBackend } from '../../tools/backends.js';
import { expectAllClose, expectClose, TOLERANCE } from '../support/close.js';
import { type Numbers, VARIANT_FIXTURES, type VariantFixture } from './variant-fixtures.js';

/** mLSTM's are divided by the square of a divisor that may be small. */
const GRADIENT_TOLERANCE = 2 * TOLERANCE;

const makers = variants as unknown as Record<string, (args: object) => AnyLSTMCell>;

const tensorOf = ({ shape, values }: Numbers) => tf.tensor(values, shape, 'float32');
const tensorsOf = (numbers: Numbers[]) => numbers.map(tensorOf);

/** tf.grads throws where nothing depends on a state, as on the h before an mLSTM's step. */
function gradientsOf(loss: () => tf.Scalar, inputs: tf.Tensor[]): tf.Tensor[] {
  const { grads } = tf.engine().gradients(loss, inputs, undefined, true);
  return inputs.map((input, n) => grads[n] ?? tf.zerosLike(input));
}

/** The cell of a fixture, built, with its weights. */
function cellOf({ cell: name, args, weights, inputs }: VariantFixture): AnyLSTMCell {
  const cell = (makers[name] as (args: object) => AnyLSTMCell)(args);
  cell.build([null, inputs.x.shape[2] as number]);
  expect(cell.weightFacts.map(({ storedName }) => storedName)).toEqual(Object.keys(weights));
  cell.setWeights(tensorsOf(Object.values(weights)));
  return cell;
}

function maskOf({ inputs: { mask } }: VariantFixture): tf.Tensor | null {
  return mask === null ? null : tf.cast(tensorOf(mask), 'bool');
}

describe.each(NODE_BACKENDS)('On %s, a variant', (backend) => {
  beforeAll(() => useBackend(backend));
  beforeEach(() => tf.engine().startScope());
  afterEach(() => tf.engine().endScope());

  test.each(VARIANT_FIXTURES.map((fixture) => [fixture.name, fixture] as const))(
    'computes what another implementation does, in lstm and in tf.layers.rnn: %s',
    (_, fixture) => {
      const cell = cellOf(fixture);
      const expected = [fixture.outputs.sequence, ...fixture.outputs.states];
      const given = { initialState: tensorsOf(fixture.initialState), mask: maskOf(fixture) };
      const args = { cell, returnSequences: true, returnState: true };
      for (const layer of [lstm(args), tf.layers.rnn(args)]) {
        const outputs = layer.apply(tensorOf(fixture.inputs.x), given as never) as tf.Tensor[];
        expectAllClose(outputs, tensorsOf(expected));
      }
    },
  );

  test.each(VARIANT_FIXTURES.map((fixture) => [fixture.name, fixture] as const))(
    'has the gradients of another implementation: %s',
    (_, fixture) => {
      const cell = cellOf(fixture);
      const layer = lstm({ cell, returnSequences: true, returnState: true });
      const lossWeights = tensorsOf([fixture.lossWeights, ...fixture.stateLossWeights]);
      const mask = maskOf(fixture);
      const loss = (x: tf.Tensor, ...initialState: tf.Tensor[]) => {
        const outputs = layer.apply(x, { initialState, mask } as never) as tf.Tensor[];
        return tf.addN(outputs.map((output, n) => tf.sum(tf.mul(output, lossWeights[n] as tf.Tensor)))) as tf.Scalar;
      };
      const x = tensorOf(fixture.inputs.x);
      const states = tensorsOf(fixture.initialState);
      const [dx, ...dStates] = gradientsOf(() => loss(x, ...states), [x, ...states]);
      expectClose(dx as tf.Tensor, tensorOf(fixture.gradients.x), GRADIENT_TOLERANCE);
      expectAllClose(dStates, tensorsOf(fixture.gradients.initialState), GRADIENT_TOLERANCE);
      const { grads } = tf.variableGrads(() => loss(x, ...states));
      const variables = cell.trainableWeights.map((weight) => (weight.read() as tf.Variable).name);
      expectAllClose(
        variables.map((name) => grads[name] as tf.Tensor),
        tensorsOf(Object.values(fixture.gradients.weights)),
        GRADIENT_TOLERANCE,
      );
    },
  );
});

test('Each variant has a fixture, and each fixture a variant', () => {
  const functions = Object.keys(variants).filter((name) => /^[a-z]/.test(name));
  expect([...new Set(VARIANT_FIXTURES.map(({ cell }) => cell))].sort()).toEqual(functions.sort());
});
