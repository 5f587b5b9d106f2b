import * as tf from '@tensorflow/tfjs';
import { toBuiltIn, toExplicit } from '../../src/convert/index';
import { lstm } from '../../src/index';
import { useBackend } from '../../tools/backends';
import { builtIn, dense, expectClose, randomizeWeights, type Symbolic, weightValues } from './support/models';

beforeAll(() => useBackend('cpu'));

const CONVERSIONS = {
  toExplicit: { make: builtIn, convert: toExplicit },
  toBuiltIn: { make: lstm, convert: toBuiltIn },
};

const OPTIMIZERS: Record<string, () => tf.Optimizer | string> = {
  sgd: () => tf.train.sgd(0.1),
  momentum: () => tf.train.momentum(0.05, 0.8),
  'momentum after Nesterov': () => tf.train.momentum(0.05, 0.8, true),
  adam: () => tf.train.adam(0.02, 0.8, 0.9),
  rmsprop: () => tf.train.rmsprop(0.02, 0.8),
  'centered rmsprop with momentum': () => tf.train.rmsprop(0.001, 0.8, 0.5, 1e-12, true),
  adamax: () => tf.train.adamax(0.02, 0.8, 0.9, 1e-6, 0.1),
  adadelta: () => tf.train.adadelta(0.5, 0.8),
  adagrad: () => tf.train.adagrad(0.1, 0.2),
  'adam by name': () => 'adam',
};

function sequential(make: typeof builtIn | typeof lstm): tf.LayersModel {
  const layers = [make({ units: 3, inputShape: [3, 3] }), dense(2)];
  const model = tf.sequential({ layers });
  randomizeWeights(model);
  return model;
}

const x = () => tf.randomNormal([4, 3, 3], 0, 1, 'float32', 3);
const y = () => tf.randomNormal([4, 2], 0, 1, 'float32', 4);

async function train(model: tf.LayersModel, epochs: number): Promise<void> {
  const [inputs, labels] = [x(), y()];
  await model.fit(inputs, labels, { epochs, batchSize: 2, shuffle: false, verbose: 0 });
  tf.dispose([inputs, labels]);
}

describe.each(Object.entries(CONVERSIONS))('%s of a compiled model', (_name, { make, convert }) => {
  describe.each(Object.entries(OPTIMIZERS))('with %s', (_optimizerName, makeOptimizer) => {
    const compiled = () => {
      const model = sequential(make);
      model.compile({ optimizer: makeOptimizer(), loss: 'meanSquaredError' });
      return model;
    };

    test('goes on with training as the original would have', async () => {
      const model = compiled();
      const uninterrupted = compiled();
      await train(uninterrupted, 4);
      await train(model, 2);
      const atConversion = weightValues(model);
      const copy = convert(model);
      await train(copy, 2);
      expectClose(weightValues(copy), weightValues(uninterrupted));
      expect(weightValues(model)).toEqual(atConversion);
      await train(model, 2);
      expectClose(weightValues(model), weightValues(uninterrupted));
    });

    test('has an optimizer of its own, of the same class and config', () => {
      const model = compiled();
      const copy = convert(model);
      expect(copy.optimizer).not.toBe(model.optimizer);
      expect(copy.optimizer.constructor).toBe(model.optimizer.constructor);
      expect(copy.optimizer.getConfig()).toEqual(model.optimizer.getConfig());
    });

    test('is disposed with its optimizer', async () => {
      const model = compiled();
      await train(model, 1);
      const before = tf.memory().numTensors;
      convert(model).dispose();
      // tfjs's own MomentumOptimizer.dispose leaves its learning rate behind.
      expect(tf.memory().numTensors - before).toBe(model.optimizer.getClassName() === 'Momentum' ? 1 : 0);
    });
  });

  test('counts the iterations on and keeps the names of the slots', async () => {
    const model = sequential(make);
    model.compile({ optimizer: 'adam', loss: 'meanSquaredError' });
    await train(model, 2);
    const [slots, copySlots] = [await model.optimizer.getWeights(), await convert(model).optimizer.getWeights()];
    expect(copySlots.map(({ name }) => name)).toEqual(slots.map(({ name }) => name));
    expect(copySlots[0]?.tensor.dataSync()[0]).toBe(4);
  });

  test('keeps a loss that is a function, and metrics', () => {
    const loss = (label: tf.Tensor, output: tf.Tensor) => tf.mean(tf.abs(tf.sub(label, output)));
    const metric = (label: tf.Tensor, output: tf.Tensor) => tf.max(tf.sub(label, output));
    const model = sequential(make);
    model.compile({ optimizer: 'sgd', loss, metrics: ['mse', metric] });
    const copy = convert(model);
    expect(copy.loss).toBe(loss);
    expect(copy.metrics).toEqual(['mse', metric]);
    expect(copy.metricsNames).toEqual(model.metricsNames);
    expectClose([scores(copy, [y()])], [scores(model, [y()])]);
  });

  test.each([
    ['by output', { first: 'meanSquaredError', second: 'meanAbsoluteError' }],
    ['in a list', ['meanAbsoluteError', 'meanSquaredError']],
  ])('keeps losses given %s', (_way, loss) => {
    const input = tf.input({ shape: [3, 3] });
    const h = make({ units: 4 }).apply(input) as Symbolic;
    const outputs = ['first', 'second'].map((name) => dense(2, name).apply(h) as Symbolic);
    const model = tf.model({ inputs: input, outputs });
    randomizeWeights(model);
    model.compile({ optimizer: 'sgd', loss, metrics: { second: 'mse' } as never });
    const copy = convert(model);
    expect(copy.loss).toEqual(loss);
    expectClose([scores(copy, [y(), y()])], [scores(model, [y(), y()])]);
  });

  test('trains what was trainable when the original was compiled, whatever was frozen since', async () => {
    const compiledThenFrozen = () => {
      const discriminator = sequential(make);
      discriminator.compile({ optimizer: 'adam', loss: 'meanSquaredError' });
      discriminator.trainable = false;
      const input = tf.input({ shape: [3, 3] });
      const generated = make({ units: 3, returnSequences: true }).apply(input) as Symbolic;
      const model = tf.model({ inputs: input, outputs: discriminator.apply(generated) as Symbolic });
      randomizeWeights(model);
      model.compile({ optimizer: 'adam', loss: 'meanSquaredError' });
      return { model, discriminator };
    };
    const original = compiledThenFrozen();
    const copy = convert(original.model);
    const discriminator = copy.getLayer(original.discriminator.name) as tf.LayersModel;
    expect(copy.trainableWeights).toHaveLength(3);
    const warn = jest.spyOn(console, 'warn').mockImplementation(() => {});
    for (const models of [original, { model: copy, discriminator }]) {
      await train(models.discriminator, 2);
      await train(models.model, 2);
    }
    warn.mockRestore();
    expectClose(weightValues(copy), weightValues(original.model));
  });

  test('is not compiled where the original is not', () => {
    expect(convert(sequential(make)).optimizer).toBeUndefined();
  });
});

test('an optimizer that two models share is shared by their copies, and disposed once', async () => {
  const optimizer = tf.train.adam(0.01);
  const inner = sequential(builtIn);
  const input = tf.input({ shape: [3, 3] });
  const outer = tf.model({ inputs: input, outputs: dense(2).apply(inner.apply(input)) as Symbolic });
  for (const model of [inner, outer]) model.compile({ optimizer, loss: 'meanSquaredError' });
  await train(outer, 1);
  const before = tf.memory().numTensors;
  const copy = toExplicit(outer);
  expect((copy.getLayer(inner.name) as tf.LayersModel).optimizer).toBe(copy.optimizer);
  copy.dispose();
  expect(tf.memory().numTensors).toBe(before);
});

test("an optimizer of a user's class keeps its config and starts anew", async () => {
  class Halving extends tf.SGDOptimizer {
    static override get className() {
      return 'TestHalving';
    }
  }
  const model = sequential(builtIn);
  model.compile({ optimizer: new Halving(0.25), loss: 'meanSquaredError' });
  await train(model, 1);
  const { optimizer } = toExplicit(model);
  expect(optimizer.constructor).toBe(Halving);
  expect(optimizer.getConfig()).toEqual({ learningRate: 0.25 });
  expect([model.optimizer.iterations, optimizer.iterations]).toEqual([2, 0]);
});

test('user-defined metadata is copied', () => {
  const model = sequential(builtIn);
  model.setUserDefinedMetadata({ vocabulary: { a: 1 } });
  const metadata = toExplicit(model).getUserDefinedMetadata();
  expect(metadata).toEqual({ vocabulary: { a: 1 } });
  expect(metadata).not.toBe(model.getUserDefinedMetadata());
});

function scores(model: tf.LayersModel, labels: tf.Tensor[]): number[] {
  const inputs = x();
  const result = model.evaluate(inputs, labels.length === 1 ? (labels[0] as tf.Tensor) : labels);
  return [result].flat().map((score) => score.dataSync()[0] as number);
}
