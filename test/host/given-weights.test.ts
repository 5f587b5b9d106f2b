import * as tf from '@tensorflow/tfjs';
import { giveWeights } from '../../src/host/given-weights.js';
import { useBackend } from '../../tools/backends.js';
import { expectAllClose, expectClose } from '../support/close.js';
import { randomTensor } from '../support/random.js';

beforeAll(() => useBackend('cpu'));
beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

test.each([
  ['dense', () => tf.layers.dense({ units: 4, kernelConstraint: 'nonNeg', kernelInitializer: 'ones' })],
  ['embedding', () => tf.layers.embedding({ inputDim: 5, outputDim: 2 })],
  ['lstm', () => tf.layers.lstm({ units: 2 }).cell as unknown as tf.layers.Layer],
] as [string, () => tf.layers.Layer][])('A layer of %s begins with the weights that it is given', (_name, make) => {
  const layer = make();
  const asked: [string, number[]][] = [];
  const given: tf.Tensor[] = [];
  const end = giveWeights(layer, (name, shape) => {
    asked.push([name, shape]);
    const weight = randomTensor(shape, 1 + asked.length);
    given.push(tf.clone(weight));
    return weight;
  });
  layer.build([null, 3]);
  end();
  expect(asked.map(([, shape]) => shape)).toEqual(layer.weights.map(({ shape }) => shape));
  expect(layer.weights.map(({ originalName }) => originalName.split('/').at(-1))).toEqual(
    asked.map(([name]) => name.split('/').at(-1)),
  );
  // No constraint has changed them.
  expectAllClose(layer.getWeights(), given, 0);
});

test('Given weights come before zeros, where a layer is told that it will be loaded', () => {
  const layer = tf.layers.dense({ units: 2, useBias: false });
  layer.setFastWeightInitDuringBuild(true);
  const end = giveWeights(layer, (_name, shape) => tf.fill(shape, 7));
  layer.build([null, 3]);
  end();
  expectClose(layer.getWeights()[0] as tf.Tensor, tf.fill([3, 2], 7), 0);
});

test('A layer to which nothing is given any more initializes its weights itself, and shows no trace', () => {
  const layer = tf.layers.dense({ units: 2, kernelInitializer: 'ones' });
  const keys = Object.keys(layer);
  giveWeights(layer, () => {
    throw new Error('asked');
  })();
  expect(Object.keys(layer)).toEqual(keys);
  layer.build([null, 3]);
  expectClose(layer.getWeights()[0] as tf.Tensor, tf.ones([3, 2]), 0);
});

test('What is thrown instead of a weight is thrown before there is any', () => {
  const layer = tf.layers.dense({ units: 2 });
  const before = tf.memory().numTensors;
  const end = giveWeights(layer, () => {
    throw new Error('no such weight');
  });
  expect(() => layer.build([null, 3])).toThrow('no such weight');
  end();
  expect(tf.memory().numTensors).toBe(before);
});

test('A version of tfjs in which layers make weights otherwise is refused', () => {
  expect(() => giveWeights({} as never, () => tf.scalar(0))).toThrow(
    'this version of tfjs does not reveal how layers make weights',
  );
});
