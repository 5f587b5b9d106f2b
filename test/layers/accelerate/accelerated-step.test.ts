import * as tf from '@tensorflow/tfjs';
import { builtInCellClass, builtInLSTMClass, builtInStackClass } from '../../../src/host/built-in-classes.js';
import type { BuiltInCell } from '../../../src/host/types.js';
import { stepAccelerated } from '../../../src/layers/accelerate/accelerated-step.js';
import { NODE_BACKENDS, useBackend } from '../../../tools/backends.js';
import { expectAllClose } from '../../support/close.js';
import { randomizeWeights, randomTensor } from '../../support/random.js';

const [BATCH, FEATURES, UNITS] = [2, 3, 4];

beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

function built(args: Partial<tf.LSTMCellLayerArgs> = {}): BuiltInCell {
  const cell = tf.layers.lstmCell({ units: UNITS, recurrentActivation: 'sigmoid', ...args });
  cell.build([null, FEATURES]);
  randomizeWeights(cell, 5);
  return cell as unknown as BuiltInCell;
}

const x = (batch = BATCH) => randomTensor([batch, FEATURES], 1);
const states = (batch = BATCH) => [2, 3].map((seed) => randomTensor([batch, UNITS], seed));

function step(cell: BuiltInCell, inputs: tf.Tensor | tf.Tensor[], kwargs: object | null = {}) {
  const classes = { lstm: builtInLSTMClass(), cell: builtInCellClass(), stack: builtInStackClass() };
  return stepAccelerated(classes, cell, inputs, kwargs as never);
}

test.each(NODE_BACKENDS)(
  "On %s, a tfjs cell's step is the cell's own, and leaves only its results behind",
  async (backend) => {
    await useBackend(backend);
    for (const cell of [built(), built({ useBias: false, activation: 'relu' })]) {
      const inputs = [x(), ...states()];
      const before = tf.memory().numTensors;
      const result = step(cell, inputs) as tf.Tensor[];
      expect(tf.memory().numTensors - before).toBe(2);
      expect(result[0]).toBe(result[1]);
      expectAllClose(result, cell.call(inputs, {}) as tf.Tensor[]);
    }
  },
);

describe('On cpu', () => {
  beforeAll(() => useBackend('cpu'));

  test.each([
    ['dropout alone', { dropout: 0.5 }],
    ['recurrent dropout alone', { recurrentDropout: 0.5 }],
  ])('a step with %s is that with the masks that the cell keeps', (_which, rates) => {
    const cell = built(rates);
    const inputs = [x(), ...states()];
    const result = step(cell, inputs, { training: true }) as tf.Tensor[];
    expectAllClose(result, cell.call(inputs, { training: true }) as tf.Tensor[]);
    expect(() => expectAllClose(result, built().call(inputs, {}) as tf.Tensor[])).toThrow('apart');
    // They are of the first batch size.
    expect(step(cell, [x(1), ...states(1)], { training: true })).toBeNull();
    expect(step(cell, [tf.cast(x(), 'int32'), ...states()])).toBeNull();
  });

  const strange: [string, (cell: BuiltInCell) => [tf.Tensor | tf.Tensor[], object | null]][] = [
    ['no keyword arguments', () => [[x(), ...states()], null]],
    ['x alone', () => [x(), {}]],
    ['one state', () => [[x(), ...states().slice(1)], {}]],
    ['three states', () => [[x(), ...states(), x()], {}]],
    ['a state of another batch size', () => [[x(), states()[0] as tf.Tensor, states(1)[1] as tf.Tensor], {}]],
    ['a state of another width', () => [[x(), x(), states()[1] as tf.Tensor], {}]],
    ['an input of other features', () => [[tf.ones([BATCH, FEATURES + 1]), ...states()], {}]],
    ['a sequence', () => [[tf.ones([BATCH, 5, FEATURES]), ...states()], {}]],
    ['a text', () => [[tf.fill([BATCH, FEATURES], 'x' as never, 'string'), ...states()], {}]],
    [
      'a disposed state',
      () => {
        const [h, c] = states() as [tf.Tensor, tf.Tensor];
        c.dispose();
        return [[x(), h, c], {}];
      },
    ],
    [
      'a cell whose weights are disposed',
      (cell) => {
        tf.dispose(cell.getWeights());
        return [[x(), ...states()], {}];
      },
    ],
  ];

  test.each(strange)('%s is left to the cell', (_what, given) => {
    const cell = built();
    expect(step(cell, [x(), ...states()])).not.toBeNull();
    expect(step(cell, ...given(cell))).toBeNull();
  });

  test('a cell that is not built, of a derived class, or with an activation of no fused kernel is left to itself', () => {
    class Derived extends builtInCellClass() {}
    const derived = new Derived({ units: UNITS });
    derived.build([null, FEATURES]);
    const unbuilt = tf.layers.lstmCell({ units: UNITS }) as unknown as BuiltInCell;
    for (const cell of [derived, unbuilt, built({ activation: 'softmax' })]) {
      expect(step(cell, [x(), ...states()])).toBeNull();
    }
  });
});
