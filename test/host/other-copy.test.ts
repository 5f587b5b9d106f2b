import * as tf from '@tensorflow/tfjs';
import { toBuiltIn, toExplicit } from '../../src/convert/index.js';
import { accelerateBuiltIn, chronoInitializer, lastImplementation, lstm, lstmCell } from '../../src/index.js';
import * as inspect from '../../src/inspect/index.js';
import { useBackend } from '../../tools/backends.js';
import { warningsOf } from '../support/warnings.js';

type Tfjs = typeof tf;

/** tfjs, or this package with tfjs, anew: as an application has it that has two. */
function loadAgain<Module>(name: string): Module {
  let module: unknown;
  const warn = jest.spyOn(console, 'warn').mockImplementation();
  jest.isolateModules(() => {
    module = require(name);
  });
  warn.mockRestore();
  return module as Module;
}

const PACKAGE = '../../src/index.js';
const OF_OTHER_COPY =
  /\. It belongs to another copy of @tensorflow\/tfjs than the one that explicit-lstm uses\. .*npm ls.*overrides/;

let other: Tfjs;

beforeAll(() => useBackend('cpu'));
beforeAll(() => {
  other = loadAgain('@tensorflow/tfjs');
});

const foreignModel = () => {
  const model = other.sequential({ layers: [other.layers.lstm({ units: 3, inputShape: [4, 2] })] });
  model.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });
  return model;
};
const x = () => tf.ones<tf.Rank.R3>([1, 4, 2]);
const y = () => tf.ones([1, 3]);

const CALLS: Record<string, () => unknown> = {
  'a model of the other copy that is given a layer': () =>
    other.sequential().add(lstm({ units: 3, inputShape: [4, 2] }) as tf.layers.Layer),
  'apply to a symbolic tensor': () => lstm({ units: 3 }).apply(other.input({ shape: [4, 2] })),
  'apply to symbolic tensors of both': () =>
    lstm({ units: 3 }).apply([tf.input({ shape: [4, 2] }), other.input({ shape: [3] }), other.input({ shape: [3] })]),
  'a layer with an initializer': () => lstm({ units: 3, kernelInitializer: other.initializers.zeros() }),
  'a layer with a regularizer': () => lstm({ units: 3, activityRegularizer: other.regularizers.l2() }),
  'a cell with a constraint': () => lstmCell({ units: 3, kernelConstraint: other.constraints.nonNeg() as never }),
  lastImplementation: () => lastImplementation(foreignModel().layers[0] as tf.layers.Layer),
  toExplicit: () => toExplicit(foreignModel()),
  toBuiltIn: () => toBuiltIn(foreignModel()),
  traceLayer: () => inspect.traceLayer(foreignModel().layers[0] as never, x()),
  traceModel: () => inspect.traceModel(foreignModel(), x()),
  traceBytes: () => inspect.traceBytes(foreignModel(), x() as never),
  gradientFlow: () => inspect.gradientFlow(foreignModel().layers[0] as never, x(), (h) => tf.sum(h) as tf.Scalar),
  gradientFlowModel: () => inspect.gradientFlowModel(foreignModel(), x(), y()),
  inputSensitivity: () => inspect.inputSensitivity(foreignModel().layers[0] as never, x()),
  weightsByGate: () => inspect.weightsByGate(foreignModel().layers[0] as never),
  weightNormsByGate: () => inspect.weightNormsByGate(foreignModel().layers[0] as never),
  editGates: () =>
    inspect.editGates(
      foreignModel().layers[0] as never,
      () => ({}),
      () => 0,
    ),
  ablateUnits: () => inspect.ablateUnits(foreignModel(), x(), { layerName: 'lstm' }),
  diagnose: () => inspect.diagnose(foreignModel(), x(), y()),
};

test.each(Object.entries(CALLS))('%s: an object of another copy of tfjs is told to be that', async (_name, call) => {
  await expect((async () => call())()).rejects.toThrow(OF_OTHER_COPY);
});

test('What is of this copy, or of none, is not told to be of another', async () => {
  const messages: string[] = [];
  const values: unknown[] = [
    tf.layers.dense({ units: 1 }),
    tf.sequential(),
    tf.input({ shape: [1] }),
    {},
    null,
    [1],
    'x',
  ];
  values.push(
    tf.initializers.zeros(),
    chronoInitializer({ maxTimesteps: 5 }),
    lstm({ units: 1 }),
    class {},
    tf.train.sgd(1),
    { getClassName: () => 'Dense' },
    { getConfig: () => ({}) },
  );
  for (const value of values) {
    try {
      toExplicit(value as never);
    } catch (error) {
      messages.push(String(error));
    }
  }
  expect(messages.length).toBe(values.length);
  expect(messages.join()).not.toMatch('copy');
});

test('Tensors are shared by all copies', () => {
  const layer = lstm({ units: 3, kernelInitializer: 'ones', recurrentInitializer: 'ones' });
  const output = layer.apply(other.ones([1, 4, 2])) as tf.Tensor;
  expect(output.shape).toEqual([1, 3]);
});

describe('accelerateBuiltIn', () => {
  const warnings = (accelerate: typeof accelerateBuiltIn) =>
    warningsOf(() => {
      accelerate()();
      accelerate()();
    });
  const ONE_WARNING = [expect.stringMatching(/^accelerateBuiltIn: .*another copy of @tensorflow\/tfjs.*npm ls/)];

  test('says once that there is another copy of tfjs, where that was loaded after this one', async () => {
    expect(await warnings(accelerateBuiltIn)).toEqual(ONE_WARNING);
  });

  test('says so where the other copy was loaded first', async () => {
    expect(
      await warnings(loadAgain<{ accelerateBuiltIn: typeof accelerateBuiltIn }>(PACKAGE).accelerateBuiltIn),
    ).toEqual(ONE_WARNING);
  });
});
