import * as tf from '@tensorflow/tfjs';
import { NO_DROPOUT } from '../../src/core/weighted-sum.js';
import * as choose from '../../src/fused/choose.js';
import { lstmCell } from '../../src/index.js';
import type { LSTMCell } from '../../src/layers/lstm-cell.js';
import { stepOnFusedKernel } from '../../src/sequence/fused-step.js';
import { observe } from '../../src/sequence/observe.js';
import { stepCell } from '../../src/sequence/step-cell.js';
import { NODE_BACKENDS, useBackend } from '../../tools/backends.js';
import { expectAllClose } from '../support/close.js';
import { randomizeWeights, randomTensor } from '../support/random.js';

const [BATCH, FEATURES, UNITS] = [2, 3, 4];

beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

function built(cell = lstmCell({ units: UNITS, recurrentActivation: 'sigmoid' })): LSTMCell {
  cell.build([null, FEATURES]);
  randomizeWeights(cell, 5);
  return cell;
}

const x = (batch = BATCH) => randomTensor<tf.Rank.R2>([batch, FEATURES], 1);
const states = (batch = BATCH) => [2, 3].map((seed) => randomTensor<tf.Rank.R2>([batch, UNITS], seed));
const step = (cell: LSTMCell, batch = BATCH) =>
  stepOnFusedKernel(cell, x(batch), states(batch), () => NO_DROPOUT, false) as tf.Tensor2D[] | null;

test.each(NODE_BACKENDS)(
  'On %s, a step on a fused kernel is that of plain ops, after a choice for one step',
  async (backend) => {
    await useBackend(backend);
    const cell = built();
    const chosen = jest.spyOn(choose, 'chooseImplementation');
    try {
      const result = step(cell);
      expect(chosen.mock.calls.map(([, , , problem]) => problem)).toMatchObject([
        { batch: BATCH, timesteps: 1, features: FEATURES, units: UNITS, isMasked: false, keepsGates: false },
      ]);
      const { h, c } = stepCell(cell, x(), states(), NO_DROPOUT);
      expectAllClose(result as tf.Tensor[], [h, c] as tf.Tensor[]);
    } finally {
      chosen.mockRestore();
    }
  },
);

describe('On cpu', () => {
  beforeAll(() => useBackend('cpu'));

  test('a step runs on the dropout masks that are drawn for it, and none are drawn where no fused kernel applies', () => {
    const masks = { input: [tf.fill([BATCH, FEATURES], 2)], recurrent: [] };
    const draw = jest.fn(() => masks);
    const cell = built();
    const { h, c } = stepCell(cell, x(), states(), masks);
    expectAllClose(stepOnFusedKernel(cell, x(), states(), draw, true) as tf.Tensor[], [h, c] as tf.Tensor[]);
    const other = built(lstmCell({ units: UNITS, activation: 'softmax' }));
    expect(stepOnFusedKernel(other, x(), states(), draw, true)).toBeNull();
    expect(draw).toHaveBeenCalledTimes(1);
  });

  test('no fused kernel takes a step of no sample, or one that somebody looks into', () => {
    const cell = built();
    expect(step(cell, 0)).toBeNull();
    const end = observe(cell, { afterStep: () => {} });
    expect(step(cell)).toBeNull();
    end();
    expect(step(cell)).not.toBeNull();
  });
});
