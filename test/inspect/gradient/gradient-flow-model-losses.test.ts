import * as tf from '@tensorflow/tfjs';
import { lstm } from '../../../src/index.js';
import { gradientFlowModel, type ModelLabels, type ModelLoss } from '../../../src/inspect/index.js';
import { useBackend } from '../../../tools/backends.js';
import { expectClose } from '../../support/close.js';
import { randomizeWeights, randomTensor } from '../../support/random.js';
import {
  BATCH,
  classes,
  classifier,
  expectGradientsOfLayer,
  FEATURES,
  gradientsOf,
  onlyFlow,
  SEQUENCE,
  TIMESTEPS,
  wholeOf,
} from './support/model-flows.js';

describe('gradientFlowModel', () => {
  beforeAll(() => useBackend('cpu'));
  beforeEach(() => tf.engine().startScope());
  afterEach(() => tf.engine().endScope());

  const losses: [string, ModelLoss, () => tf.Tensor][] = [
    ['meanSquaredError', 'meanSquaredError', () => randomTensor([BATCH, 3], 9)],
    ['meanAbsoluteError', 'meanAbsoluteError', () => randomTensor([BATCH, 3], 9)],
    ['meanAbsolutePercentageError', 'meanAbsolutePercentageError', () => randomTensor([BATCH, 3], 9)],
    ['meanSquaredLogarithmicError', 'meanSquaredLogarithmicError', () => tf.abs(randomTensor([BATCH, 3], 9))],
    ['squaredHinge', 'squaredHinge', () => tf.sign(randomTensor([BATCH, 3], 9))],
    ['hinge', 'hinge', () => tf.sign(randomTensor([BATCH, 3], 9))],
    ['categoricalHinge', 'categoricalHinge', classes],
    ['logcosh', 'logcosh', () => randomTensor([BATCH, 3], 9)],
    ['categoricalCrossentropy', 'categoricalCrossentropy', classes],
    ['sparseCategoricalCrossentropy', 'sparseCategoricalCrossentropy', () => tf.tensor2d([[0], [2], [1], [2]])],
    ['binaryCrossentropy', 'binaryCrossentropy', classes],
    ['kullbackLeiblerDivergence', 'kullbackLeiblerDivergence', classes],
    ['poisson', 'poisson', classes],
    ['cosineProximity', 'cosineProximity', () => randomTensor([BATCH, 3], 9)],
    ['a function', (y, p) => tf.mean(tf.abs(tf.pow(tf.sub(y, p), 3)), -1), () => randomTensor([BATCH, 3], 9)],
  ];

  test.each(losses)('goes back from the loss that the model was compiled with: %s', async (_, loss, labels) => {
    const model = classifier();
    model.compile({ loss, optimizer: tf.train.sgd(1) });
    const [x, y] = [SEQUENCE(), labels()];
    const flow = onlyFlow(gradientFlowModel(model, x, y));
    const evaluated = model.evaluate(x, y) as tf.Scalar;
    expectClose(flow.loss, evaluated);
    // One step of gradient descent at a rate of 1 subtracts the gradient.
    const before = model
      .getLayer('lstm')
      .getWeights()
      .map((weight) => tf.clone(weight));
    await model.trainOnBatch(x, y);
    const after = model.getLayer('lstm').getWeights();
    for (const [n, byGate] of [flow.dWeights.kernel, flow.dWeights.recurrentKernel, flow.dWeights.bias!].entries()) {
      expectClose(wholeOf(byGate), tf.sub(before[n]!, after[n]!), 3e-5);
    }
  });

  test("has tfjs look up a loss by its name once, and not again for another model's", () => {
    const lookUp = jest.spyOn(tf.LayersModel.prototype, 'compile');
    const losses = [1, 2].map((seed) => {
      const model = classifier();
      randomizeWeights(model, seed);
      return [model, gradientFlowModel(model, SEQUENCE(), classes(), { loss: 'cosineProximity' })] as const;
    });
    expect(lookUp.mock.calls.length).toBeLessThanOrEqual(1);
    lookUp.mockRestore();
    for (const [model, [entry]] of losses) {
      const expected = tf.metrics.cosineProximity(classes(), model.predict(SEQUENCE()) as tf.Tensor);
      expectClose((entry as (typeof losses)[0][1][0]).flow.loss, tf.mean(expected));
    }
  });

  test('prefers a loss that is given, and leaves the one that the model was compiled with', () => {
    const model = classifier();
    model.compile({ loss: 'meanSquaredError', optimizer: 'sgd' });
    const [x, y] = [SEQUENCE(), randomTensor([BATCH, 3], 9)];
    const flow = onlyFlow(gradientFlowModel(model, x, y, { loss: 'meanAbsoluteError' }));
    const expected = tf.metrics.meanAbsoluteError(y, model.predict(x) as tf.Tensor).mean();
    expectClose(flow.loss, expected);
    expect(model.loss).toBe('meanSquaredError');
  });

  /** Two outputs, of which one is a sequence. */
  function forked(): tf.LayersModel {
    const x = tf.input({ shape: [TIMESTEPS, FEATURES], name: 'x' });
    const sequence = lstm({ units: 4, returnSequences: true, name: 'lstm' }).apply(x) as tf.SymbolicTensor;
    const each = tf.layers.dense({ units: 2, name: 'each' }).apply(sequence) as tf.SymbolicTensor;
    const all = tf.layers.globalAveragePooling1d({ name: 'all' }).apply(sequence) as tf.SymbolicTensor;
    const model = tf.model({ inputs: x, outputs: [each, all] });
    randomizeWeights(model, 8);
    return model;
  }

  const forkedLabels = () => [randomTensor([BATCH, TIMESTEPS, 2], 11), randomTensor([BATCH, 4], 12)] as const;
  const forms: [string, ModelLoss, (y: readonly tf.Tensor[]) => ModelLabels][] = [
    ['lists', ['meanSquaredError', 'meanAbsoluteError'], (y) => [...y]],
    [
      'names',
      { all: 'meanAbsoluteError', each: 'meanSquaredError' } as never,
      ([each, all]) => ({ all: all!, each: each! }),
    ],
  ];

  test.each(forms)('sums the losses of several outputs, by %s', (_, loss, labelsOf) => {
    const [model, x, y] = [forked(), SEQUENCE(), forkedLabels()];
    const flow = onlyFlow(gradientFlowModel(model, x, labelsOf(y), { loss }));
    const expected = gradientsOf(model, () => {
      const [each, all] = model.apply(x) as [tf.Tensor, tf.Tensor];
      return tf.add(tf.mean(tf.square(tf.sub(y[0], each))), tf.mean(tf.abs(tf.sub(y[1], all))));
    });
    expectGradientsOfLayer(flow, model.getLayer('lstm'), expected);
  });

  test("multiplies each sample's loss by its weight, per output", () => {
    const [model, x, y] = [forked(), SEQUENCE(), forkedLabels()];
    const weight = tf.tensor1d([1, 0, 2, 0.5]);
    const options = { loss: 'meanSquaredError', sampleWeight: [weight, null] } as const;
    const flow = onlyFlow(gradientFlowModel(model, x, [...y], options as never));
    const expected = gradientsOf(model, () => {
      const [each, all] = model.apply(x) as [tf.Tensor, tf.Tensor];
      const weighted = tf.mul(tf.square(tf.sub(y[0], each)), tf.reshape(weight, [-1, 1, 1]));
      return tf.add(tf.mean(weighted), tf.mean(tf.square(tf.sub(y[1], all))));
    });
    expectGradientsOfLayer(flow, model.getLayer('lstm'), expected);
  });
});
