import * as tf from '@tensorflow/tfjs';
import { LSTM, type LSTMArgs, lstm, lstmCell } from '../../src/index.js';
import { useBackend } from '../../tools/backends.js';
import { warningsOf } from '../support/warnings.js';

beforeAll(() => useBackend('cpu'));

test('A layer is made with a warning of each argument that nobody reads, and loaded without one', async () => {
  const args = { units: 2, return_sequences: true, recurrent_activation: 'sigmoid', peephole: true } as LSTMArgs;
  expect(await warningsOf(() => lstm(args))).toEqual([
    "lstm: the argument 'return_sequences' is unknown and has no effect. Did you mean 'returnSequences'?",
    "lstm: the argument 'recurrent_activation' is unknown and has no effect. Did you mean 'recurrentActivation'?",
    "lstm: the argument 'peephole' is unknown and has no effect.",
  ]);
  expect(await warningsOf(() => LSTM.fromConfig(LSTM as never, args as never))).toEqual([]);
});

test('A cell is made with a warning of each argument that nobody reads', async () => {
  const warnings = await warningsOf(() => lstmCell({ units: 2, returnSequences: true, use_bias: false } as never));
  expect(warnings).toEqual([
    "lstmCell: the argument 'returnSequences' is unknown and has no effect.",
    "lstmCell: the argument 'use_bias' is unknown and has no effect. Did you mean 'useBias'?",
  ]);
});

test("What is made uses up no automatic name of tfjs's own cells", () => {
  const numberOf = ({ name }: tf.layers.Layer) => Number(/\d+$/.exec(name)?.[0]);
  const before = numberOf(tf.layers.lstmCell({ units: 1 }));
  lstm({ units: 2, kernelRegularizer: 'l1l2', activityRegularizer: 'l1l2', recurrentActivation: 'sigmoid' });
  lstmCell({ units: 2, biasConstraint: 'nonNeg' });
  expect(numberOf(tf.layers.lstmCell({ units: 1 }))).toBe(before + 1);
});
