import * as tf from '@tensorflow/tfjs';
import { lstm } from '../../../src/index.js';
import { lookAtLSTMs } from '../../../src/inspect/diagnose/look-at-lstms.js';
import { withDefaults } from '../../../src/inspect/diagnose/thresholds.js';
import { weightNormsByGate } from '../../../src/inspect/index.js';
import { findLSTMs } from '../../../src/inspect/model/find-lstms.js';
import { useBackend } from '../../../tools/backends.js';
import { randomTensor } from '../../support/random.js';

const [SAMPLES, TIMESTEPS] = [2, 4];

type Input = [symbolic: tf.SymbolicTensor, given: tf.Tensor];

/** The size of what an LSTM reads, without labels, in a model that has another input beside its sequence. */
async function sizeOfInputBeside(sequence: tf.Tensor, other: Input | null): Promise<number | null> {
  const x = tf.input({ shape: sequence.shape.slice(1) });
  const outputs = [lstm({ units: 3 }).apply(x) as tf.SymbolicTensor];
  if (other !== null) outputs.push(tf.layers.activation({ activation: 'linear' }).apply(other[0]) as tf.SymbolicTensor);
  const inputs = other === null ? [x] : [x, other[0]];
  const model = tf.model({ inputs, outputs });
  const lstms = findLSTMs(model);
  const weightNorms = await Promise.all(lstms.map(({ lstmCell }) => weightNormsByGate(lstmCell)));
  const data = { inputs: other === null ? [sequence] : [sequence, other[1]], labels: null, samples: SAMPLES };
  const look = { weightNorms, thresholds: withDefaults(undefined), backward: false };
  const [evidence] = await lookAtLSTMs('test', model, data, lstms, look);
  return evidence!.inputSize;
}

describe('The size of what an LSTM reads, where no gradient is followed,', () => {
  beforeAll(() => useBackend('cpu'));
  beforeEach(() => tf.engine().startScope());
  afterEach(() => tf.engine().endScope());

  const sequence = () => randomTensor<tf.Rank.R3>([SAMPLES, TIMESTEPS, 3], 1);
  const expected = () => tf.sqrt(tf.mean(tf.square(sequence()))).arraySync() as number;

  const others: [string, () => Input][] = [
    [
      'a vector as wide as the sequence is long',
      () => [tf.input({ shape: [TIMESTEPS] }), tf.fill([SAMPLES, TIMESTEPS], 100)],
    ],
    ['another, shorter sequence', () => [tf.input({ shape: [2, 3] }), tf.fill([SAMPLES, 2, 3], 100)]],
    [
      'whole numbers, a sequence as long',
      () => [tf.input({ shape: [TIMESTEPS, 1], dtype: 'int32' }), tf.fill([SAMPLES, TIMESTEPS, 1], 100, 'int32')],
    ],
  ];

  test('is the root mean square of its sequence', async () => {
    expect(await sizeOfInputBeside(sequence(), null)).toBeCloseTo(expected(), 5);
  });

  test.each(others)('leaves out of the model: %s', async (_, makeOther) => {
    expect(await sizeOfInputBeside(sequence(), makeOther())).toBeCloseTo(expected(), 5);
  });

  test('takes in another sequence of numbers that is as long, as the LSTM might read it', async () => {
    const other: Input = [tf.input({ shape: [TIMESTEPS, 3] }), tf.fill([SAMPLES, TIMESTEPS, 3], 100)];
    expect(await sizeOfInputBeside(sequence(), other)).toBeCloseTo(Math.sqrt((100 ** 2 + expected() ** 2) / 2), 3);
  });
});

test('Of a shared LSTM, sizes are those at the valid steps of all calls, and the flow is that of a call that has one', async () => {
  await useBackend('cpu');
  tf.engine().startScope();
  const shape: [number, number, number] = [SAMPLES, TIMESTEPS, 3];
  const inputs = [1, 2].map(() => tf.input({ shape: [TIMESTEPS, 3] }));
  const masking = tf.layers.masking({ maskValue: -1 });
  const shared = lstm({ units: 3 });
  // The second head passes no gradient.
  const outputs = inputs.map((x, n) => {
    const head = tf.layers.dense({ units: 1, kernelInitializer: n === 0 ? 'glorotNormal' : 'zeros' });
    return head.apply(shared.apply(masking.apply(x) as tf.SymbolicTensor)) as tf.SymbolicTensor;
  });
  const model = tf.model({ inputs, outputs });
  model.compile({ loss: 'meanSquaredError', optimizer: 'sgd' });
  const isValid = tf.tensor([1, 0, 1, 1, 1, 1, 0, 0], [SAMPLES, TIMESTEPS, 1], 'bool').tile([1, 1, 3]);
  const sequences = [1, 2].map((seed) => randomTensor<tf.Rank.R3>(shape, seed));
  const lstms = findLSTMs(model);
  const weightNorms = await Promise.all(lstms.map(({ lstmCell }) => weightNormsByGate(lstmCell)));
  const data = {
    inputs: sequences.map((values) => tf.where(isValid, values, tf.fill(shape, -1))),
    labels: [tf.zeros([SAMPLES, 1]), tf.ones([SAMPLES, 1])],
    samples: SAMPLES,
  };
  const look = { weightNorms, thresholds: withDefaults(undefined), backward: true };
  const [evidence] = await lookAtLSTMs('test', model, data, lstms, look);
  const squares = sequences.flatMap((values) => [...tf.where(isValid, tf.square(values), tf.zeros(shape)).dataSync()]);
  const valid = 2 * 3 * 5;
  expect(evidence?.inputSize).toBeCloseTo(Math.sqrt(squares.reduce((sum, square) => sum + square, 0) / valid), 5);
  expect(evidence?.flow?.verdict).toEqual(expect.any(String));
  tf.engine().endScope();
});
