import * as tf from '@tensorflow/tfjs';
import type { DropoutMasks, StepMasks } from '../../src/core/weighted-sum.js';
import { NO_DROPOUT } from '../../src/core/weighted-sum.js';
import { lstmCell } from '../../src/index.js';
import type { LSTMCellArgs } from '../../src/layers/arguments.js';
import { LSTMCell } from '../../src/layers/lstm-cell.js';
import { hasZoneout, stepCell, stepCellFrom } from '../../src/sequence/step-cell.js';
import { useBackend } from '../../tools/backends.js';
import { expectClose } from '../support/close.js';
import { randomizeWeights, randomTensor } from '../support/random.js';

const [BATCH, FEATURES, UNITS] = [3, 4, 2];

beforeAll(() => useBackend('cpu'));
beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

const x = () => randomTensor<tf.Rank.R2>([BATCH, FEATURES], 1);
const states = () => [2, 3].map((seed) => randomTensor<tf.Rank.R2>([BATCH, UNITS], seed)) as [tf.Tensor2D, tf.Tensor2D];

/** Forgets half of what another cell would keep, in a step of its own. */
class OwnStepCell extends LSTMCell {
  static override readonly className = 'OwnStepCell';
  override step(x: tf.Tensor2D, [h, c]: readonly [tf.Tensor2D, tf.Tensor2D]) {
    return super.step(x, [h, tf.mul(c, 0.5)]);
  }
}

/** Computes its candidate without asking whether it is dropped. */
class DeafCell extends LSTMCell {
  static override readonly className = 'DeafCell';
  override stepFromProjectedInput(...[projected, before, masks]: Parameters<LSTMCell['stepFromProjectedInput']>) {
    return super.stepFromProjectedInput(projected, before, masks);
  }
}

function built<Cell extends LSTMCell>(cell: Cell): Cell {
  cell.build([null, FEATURES]);
  randomizeWeights(cell, 5);
  return cell;
}

const some = (args: Partial<LSTMCellArgs> = {}) => built(lstmCell({ units: UNITS, ...args }));

function drawing(step: Partial<StepMasks>) {
  const batches: number[] = [];
  const drawStep = (batch: number): StepMasks => {
    batches.push(batch);
    return { candidate: null, updates: {}, ...step };
  };
  return { batches, dropoutMasks: { ...NO_DROPOUT, drawStep } as DropoutMasks };
}

test.each([
  [{ zoneout: 0, zoneoutCell: 0 }, false],
  [{ zoneout: 0.1, zoneoutCell: 0 }, true],
  [{ zoneout: 0, zoneoutCell: 0.1 }, true],
])('Zoneout of %p counts as such: %p', (rates, expected) => {
  expect(hasZoneout(rates)).toBe(expected);
});

test('In inference each state is the mean of what its own rate of zoneout makes of it', () => {
  const [h, c] = states();
  const plain = stepCell(some(), x(), [h, c], NO_DROPOUT);
  const step = stepCell(some({ zoneout: 0.3, zoneoutCell: 0.45 }), x(), [h, c], NO_DROPOUT);
  expectClose(step.h as tf.Tensor, tf.add(tf.mul(h, 0.3), tf.mul(plain.h as tf.Tensor, 0.7)));
  expectClose(step.c as tf.Tensor, tf.add(tf.mul(c, 0.45), tf.mul(plain.c as tf.Tensor, 0.55)));
  for (const gate of ['i', 'f', 'g', 'o']) expectClose(step[gate] as tf.Tensor, plain[gate] as tf.Tensor);
});

test.each([
  ['h', { zoneout: 0.3 }],
  ['c', { zoneoutCell: 0.3 }],
] as const)('Zoneout of %s leaves the other state as it is', (zoned, rates) => {
  const before = states();
  const plain = stepCell(some(), x(), before, NO_DROPOUT);
  const step = stepCell(some(rates), x(), before, NO_DROPOUT);
  const other = zoned === 'h' ? 'c' : 'h';
  expectClose(step[other] as tf.Tensor, plain[other] as tf.Tensor);
  expect(() => expectClose(step[zoned] as tf.Tensor, plain[zoned] as tf.Tensor)).toThrow('apart');
});

test('In training a state is new where it is drawn so, and as before elsewhere, to the bit', () => {
  const [h, c] = states();
  const draws = [
    [true, false],
    [false, true],
    [true, true],
  ];
  const updates = { h: tf.tensor2d(draws, [BATCH, UNITS], 'bool') as tf.Tensor2D };
  const { dropoutMasks, batches } = drawing({ updates });
  const plain = stepCell(some(), x(), [h, c], NO_DROPOUT);
  const step = stepCell(some({ zoneout: 0.9 }), x(), [h, c], dropoutMasks);
  const [drawn, after, before] = [draws.flat(), (plain.h as tf.Tensor).dataSync(), h.dataSync()];
  expect([...(step.h as tf.Tensor).dataSync()]).toEqual(drawn.map((isNew, n) => (isNew ? after : before)[n]));
  expectClose(step.c as tf.Tensor, plain.c as tf.Tensor);
  expect(batches).toEqual([BATCH]);
});

test('A drawn dropout mask multiplies the candidate, and with it what the cell state takes up', () => {
  const [h, c] = states();
  const candidate = randomTensor<tf.Rank.R2>([BATCH, UNITS], 7);
  const plain = stepCell(some(), x(), [h, c], NO_DROPOUT) as Record<string, tf.Tensor>;
  const step = stepCell(some(), x(), [h, c], drawing({ candidate }).dropoutMasks) as Record<string, tf.Tensor>;
  const { i, f, g, o } = plain as Record<'i' | 'f' | 'g' | 'o', tf.Tensor>;
  expectClose(step.g as tf.Tensor, tf.mul(g, candidate));
  const newC = tf.add(tf.mul(f, c), tf.mul(i, tf.mul(g, candidate)));
  expectClose(step.c as tf.Tensor, newC);
  expectClose(step.h as tf.Tensor, tf.mul(o, tf.tanh(newC)));
});

test('A cell that would not drop its candidate is refused where one is drawn, and runs where none is', () => {
  const deaf = built(new DeafCell({ units: UNITS, name: 'deaf' }));
  const step = (masks: DropoutMasks) => stepCell(deaf, x(), states(), masks);
  expect(() => step(drawing({ candidate: tf.ones([BATCH, UNITS]) }).dropoutMasks)).toThrow(
    "LSTMCell.call: candidateDropout must be 0 for a cell of class DeafCell, whose stepFromProjectedInput does not call its dropCandidate (layer 'deaf')",
  );
  expectClose(
    step(drawing({}).dropoutMasks).h as tf.Tensor,
    stepCell(some(), x(), states(), NO_DROPOUT).h as tf.Tensor,
  );
});

test("A step that is all the cell's own reads the input itself, with one dropout mask for it and one for h", () => {
  const own = built(new OwnStepCell({ units: UNITS }));
  const [h, c] = states();
  const input = [randomTensor([BATCH, FEATURES], 8)];
  const recurrent = [randomTensor([BATCH, UNITS], 9)];
  const expected = own.step(tf.mul(x(), input[0] as tf.Tensor), [tf.mul(h, recurrent[0] as tf.Tensor), c]);
  for (const step of [stepCell, stepCellFrom]) {
    expectClose(step(own, x(), [h, c], { input, recurrent }).h as tf.Tensor, expected.h);
    expectClose(step(own, x(), [h, c], NO_DROPOUT).c as tf.Tensor, own.step(x(), [h, c]).c);
  }
});
