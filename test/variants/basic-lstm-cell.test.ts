import * as tf from '@tensorflow/tfjs';
import { lstm, lstmCell } from '../../src/index.js';
import { BasicLSTMCell, basicLSTMCell } from '../../src/variants/index.js';
import { useBackend } from '../../tools/backends.js';
import { expectClose } from '../support/close.js';
import { randomTensor } from '../support/random.js';
import { warningsOf } from '../support/warnings.js';

const [BATCH, TIMESTEPS, FEATURES, UNITS] = [2, 4, 3, 5];

beforeAll(() => useBackend('cpu'));
beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

test('Its forget bias does what the same number in the stored bias does, and is not stored', () => {
  const cell = basicLSTMCell({ units: UNITS, forgetBias: 0.7 });
  const x = randomTensor<tf.Rank.R3>([BATCH, TIMESTEPS, FEATURES], 1);
  const output = lstm({ cell }).apply(x) as tf.Tensor;
  const plain = lstmCell({ units: UNITS, recurrentActivation: 'sigmoid' });
  const layer = lstm({ cell: plain });
  layer.apply(x);
  const [kernel, recurrentKernel, bias] = cell.getWeights() as [tf.Tensor, tf.Tensor, tf.Tensor];
  expectClose(bias, tf.zeros([4 * UNITS]), 0);
  plain.setWeights([kernel, recurrentKernel, bias]);
  expect(() => expectClose(layer.apply(x) as tf.Tensor, output)).toThrow('apart');
  const added = ['i', 'f', 'g', 'o'].map((gate) => tf.fill([UNITS], gate === 'f' ? 0.7 : 0));
  plain.setWeights([kernel, recurrentKernel, tf.concat(added)]);
  expectClose(layer.apply(x) as tf.Tensor, output);
});

test('By default the forget bias is 1, the gates are logistic and the kernel is glorotUniform, as in TF1', () => {
  const cell = basicLSTMCell({ units: UNITS });
  cell.build([null, FEATURES]);
  expect(cell.recurrentActivation.getClassName()).toBe('sigmoid');
  const [h, c] = [tf.zeros<tf.Rank.R2>([BATCH, UNITS]), tf.ones<tf.Rank.R2>([BATCH, UNITS])];
  const { f, i } = cell.step(tf.zeros([BATCH, FEATURES]), [h, c]);
  expectClose(f, tf.sigmoid(tf.ones([BATCH, UNITS])));
  expectClose(i, tf.fill([BATCH, UNITS], 0.5));
  // glorotUniform is bounded, glorotNormal of the same variance is not within this.
  const bound = Math.sqrt(6 / (FEATURES + 4 * 200));
  const wide = basicLSTMCell({ units: 200, recurrentInitializer: 'zeros' });
  wide.build([null, FEATURES]);
  expect(tf.max(tf.abs(wide.kernel.read())).dataSync()[0]).toBeLessThanOrEqual(bound);
});

test('It is made again from its config, through JSON', () => {
  for (const args of [{}, { forgetBias: 0.25, recurrentActivation: 'hardSigmoid', zoneout: 0.1 }] as const) {
    const config = basicLSTMCell({ units: UNITS, name: 'basic', ...args }).getConfig();
    const again = BasicLSTMCell.fromConfig(BasicLSTMCell as never, JSON.parse(JSON.stringify(config))) as BasicLSTMCell;
    expect(again.getConfig()).toEqual(config);
    expect(again.recurrentActivation.getClassName()).toBe('forgetBias' in args ? 'hardSigmoid' : 'sigmoid');
  }
});

test('An argument by its name in TF1, or one that is misspelt or of another type, is an error or a warning', async () => {
  const make = (args: object) => () => basicLSTMCell(args as never);
  expect(make({ numUnits: 128 })).toThrow("basicLSTMCell: numUnits must be spelt 'units', got 128");
  expect(make({ num_units: 128 })).toThrow("basicLSTMCell: num_units must be spelt 'units', got 128");
  expect(make({})).toThrow('basicLSTMCell: units must be a positive integer, got undefined');
  expect(make({ units: 2, forgetBias: NaN })).toThrow('basicLSTMCell: forgetBias must be a finite number, got NaN');
  expect(await warningsOf(make({ units: 2, forget_bias: 1 }))).toEqual([
    "basicLSTMCell: the argument 'forget_bias' is unknown and has no effect. Did you mean 'forgetBias'?",
  ]);
});

test('A run leaves no tensors behind', () => {
  const layer = lstm({ cell: basicLSTMCell({ units: UNITS }) });
  const x = randomTensor<tf.Rank.R3>([BATCH, TIMESTEPS, FEATURES], 1);
  (layer.apply(x) as tf.Tensor).dispose();
  const before = tf.memory().numTensors;
  (layer.apply(x, { training: true }) as tf.Tensor).dispose();
  expect(tf.memory().numTensors).toBe(before);
});
