import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { toExplicit } from '../../src/convert/index.js';
import { clipGradients, type GradientLimit, gradientLimit } from '../../src/index.js';
import { NODE_BACKENDS, useBackend } from '../../tools/backends.js';
import { expectClose } from '../support/close.js';
import { BUILT_IN } from '../support/factories.js';
import { OPTIMIZERS } from '../support/optimizers.js';
import { randomizeWeights, randomTensor } from '../support/random.js';

/** Weights of two shapes, and gradients for them that depend on the seed. */
function problem(seed: number, size = 1) {
  const weights = [randomTensor([2, 3], seed), randomTensor([4], seed + 1)].map((value) => tf.variable(value));
  const gradients = [randomTensor([2, 3], seed + 2), randomTensor([4], seed + 3)].map((value) => tf.mul(value, size));
  return { weights, gradients };
}

type Named = { name: string; tensor: tf.Tensor }[];
const named = (weights: tf.Variable[], gradients: tf.Tensor[]): Named =>
  weights.map(({ name }, n) => ({ name, tensor: gradients[n] as tf.Tensor }));
const normOf = (tensors: tf.Tensor[]) =>
  Math.sqrt(tensors.flatMap((tensor) => [...tensor.dataSync()]).reduce((sum, value) => sum + value * value, 0));

/** What an optimizer that only looks is given, by `applyGradients` of the clipped optimizer. */
function clippedBy(limit: GradientLimit, gradients: Named | tf.NamedTensorMap): Named | tf.NamedTensorMap {
  const optimizer = tf.train.sgd(1);
  let seen: Named | tf.NamedTensorMap = [];
  const copy = (tensor: tf.Tensor) => (tensor == null ? tensor : tf.clone(tensor));
  Object.assign(optimizer, {
    applyGradients: (given: Named | tf.NamedTensorMap) => {
      seen = Array.isArray(given)
        ? given.map(({ name, tensor }) => ({ name, tensor: copy(tensor) }))
        : Object.fromEntries(Object.entries(given).map(([name, tensor]) => [name, copy(tensor)]));
    },
  });
  clipGradients(optimizer, limit).applyGradients(gradients);
  return seen;
}

describe.each(NODE_BACKENDS)('On %s, clipping', (backend) => {
  beforeAll(() => useBackend(backend));
  beforeEach(() => tf.engine().startScope());
  afterEach(() => tf.engine().endScope());

  test.each(Object.keys(OPTIMIZERS))('makes %s step along the scaled gradient', (name) => {
    const make = OPTIMIZERS[name] as () => tf.Optimizer;
    const [clipped, plain] = [problem(5, 30), problem(5, 30)];
    const limit = 2;
    clipGradients(make(), { globalNorm: limit }).applyGradients(named(clipped.weights, clipped.gradients));
    const factor = limit / normOf(plain.gradients);
    const scaled = plain.gradients.map((gradient) => tf.mul(gradient, factor));
    make().applyGradients(named(plain.weights, scaled));
    for (const [n, weight] of clipped.weights.entries()) expectClose(weight, plain.weights[n] as tf.Tensor);
  });

  test('leaves gradients with NaN or infinity as they are', () => {
    const { weights, gradients } = problem(5, 30);
    for (const broken of [Number.NaN, Number.POSITIVE_INFINITY]) {
      const given = [gradients[0] as tf.Tensor, tf.tensor1d([broken, 1, 2, 3])];
      const seen = clippedBy({ globalNorm: 1 }, named(weights, given)) as Named;
      expectClose(seen[0]?.tensor as tf.Tensor, given[0] as tf.Tensor, 0);
      expect([...(seen[1] as { tensor: tf.Tensor }).tensor.dataSync()]).toEqual([broken, 1, 2, 3]);
    }
  });

  test('scales gradients whose squares are beyond float32', () => {
    const { weights } = problem(5);
    const given = [tf.fill([2, 3], 3e25), tf.fill([4], -4e25)];
    const seen = clippedBy({ globalNorm: 1 }, named(weights, given)) as Named;
    const length = Math.sqrt(6 * 9 + 4 * 16);
    expectClose((seen[0] as { tensor: tf.Tensor }).tensor, tf.fill([2, 3], 3 / length));
    expectClose((seen[1] as { tensor: tf.Tensor }).tensor, tf.fill([4], -4 / length));
  });
});

describe('Clipping', () => {
  beforeAll(() => useBackend('cpu'));
  beforeEach(() => tf.engine().startScope());
  afterEach(() => tf.engine().endScope());

  const aLimit = fc.double({ min: 0.01, max: 50, noNaN: true });

  test('keeps the direction of the whole gradient, and its length up to the limit', () => {
    fc.assert(
      fc.property(fc.nat(), aLimit, (seed, limit) => {
        const { weights, gradients } = problem(seed, 5);
        const seen = (clippedBy({ globalNorm: limit }, named(weights, gradients)) as Named).map(({ tensor }) => tensor);
        const factor = Math.min(1, limit / normOf(gradients));
        for (const [n, tensor] of seen.entries()) expectClose(tensor, tf.mul(gradients[n] as tf.Tensor, factor));
      }),
      { numRuns: 30 },
    );
  });

  test('by the norm of each variable scales each by itself', () => {
    fc.assert(
      fc.property(fc.nat(), aLimit, (seed, limit) => {
        const { weights, gradients } = problem(seed, 5);
        const seen = clippedBy({ variableNorm: limit }, named(weights, gradients)) as Named;
        for (const [n, { tensor }] of seen.entries()) {
          const gradient = gradients[n] as tf.Tensor;
          expectClose(tensor, tf.mul(gradient, Math.min(1, limit / normOf([gradient]))));
        }
      }),
      { numRuns: 30 },
    );
  });

  test('takes a map of gradients as well, and weights that have none', () => {
    const { gradients } = problem(5, 30);
    const [a, b] = gradients as [tf.Tensor, tf.Tensor];
    const seen = clippedBy({ globalNorm: 1 }, { a, nothing: null as never, b }) as tf.NamedTensorMap;
    expect(Object.keys(seen)).toEqual(['a', 'nothing', 'b']);
    expect(seen.nothing).toBeNull();
    expect(normOf([seen.a, seen.b] as tf.Tensor[])).toBeCloseTo(1, 5);
    expect(clippedBy({ variableNorm: 1 }, [{ name: 'nothing', tensor: null as never }])).toEqual([
      { name: 'nothing', tensor: null },
    ]);
    expect(clippedBy({ globalNorm: 1 }, [])).toEqual([]);
    const zeros = clippedBy({ globalNorm: 1 }, [{ name: 'z', tensor: tf.zeros([2]) }]) as Named;
    expect([...(zeros[0] as { tensor: tf.Tensor }).tensor.dataSync()]).toEqual([0, 0]);
  });

  test('can be set anew and taken off, and tells its limit', () => {
    const optimizer = tf.train.sgd(1);
    const step = () => {
      const weight = tf.variable(tf.tensor1d([0, 0]));
      optimizer.applyGradients([{ name: weight.name, tensor: tf.tensor1d([-6, -8]) }]);
      return [...weight.dataSync()];
    };
    expect(gradientLimit(optimizer)).toBeNull();
    expect(clipGradients(optimizer, { globalNorm: 5 })).toBe(optimizer);
    expect(gradientLimit(optimizer)).toEqual({ globalNorm: 5 });
    expect(step()).toEqual([3, 4]);
    clipGradients(optimizer, { variableNorm: 20 });
    expect(step()).toEqual([6, 8]);
    clipGradients(optimizer, null);
    expect(gradientLimit(optimizer)).toBeNull();
    expect(Object.hasOwn(optimizer, 'applyGradients')).toBe(false);
    clipGradients(optimizer, null);
    expect(step()).toEqual([6, 8]);
  });

  test('leaves no trace on an optimizer, and none that a listing shows while it clips', () => {
    const optimizer = tf.train.momentum(1, 0.5);
    const before = Reflect.ownKeys(optimizer);
    const shown = Object.keys(optimizer);
    clipGradients(optimizer, { globalNorm: 5 });
    expect(Object.keys(optimizer)).toEqual(shown);
    clipGradients(clipGradients(optimizer, { variableNorm: 5 }), null);
    expect(Reflect.ownKeys(optimizer)).toEqual(before);
    expect(optimizer.applyGradients).toBe(tf.MomentumOptimizer.prototype.applyGradients);
  });

  test('takes null for a limit that is not given', () => {
    const { weights, gradients } = problem(5, 30);
    const limit = { globalNorm: null, variableNorm: 2 } as unknown as GradientLimit;
    expect(gradientLimit(clipGradients(tf.train.sgd(1), limit))).toEqual({ variableNorm: 2 });
    const norms = (clippedBy(limit, named(weights, gradients)) as Named).map(({ tensor }) => normOf([tensor]));
    for (const norm of norms) expect(norm).toBeCloseTo(2, 4);
  });

  test('gives an optimizer back the method that was its own', () => {
    const optimizer = tf.train.sgd(1);
    const own = () => {};
    optimizer.applyGradients = own;
    clipGradients(clipGradients(optimizer, { globalNorm: 1 }), null);
    expect(optimizer.applyGradients).toBe(own);
  });

  test('holds in a training, and neither in what is saved of the optimizer nor in its config', async () => {
    const model = tf.sequential({ layers: [BUILT_IN.lstm({ units: 3, inputShape: [4, 2] })] });
    randomizeWeights(model, 3);
    const optimizer = clipGradients(tf.train.momentum(1, 0.5), { globalNorm: 1e-3 });
    model.compile({ optimizer, loss: 'meanSquaredError' });
    const before = model.getWeights().map((weight) => tf.clone(weight));
    const [x, y] = [randomTensor([5, 4, 2], 8), randomTensor([5, 3], 9)];
    await model.fit(x, y, { epochs: 1, verbose: 0 });
    const moved = model.getWeights().map((weight, n) => tf.sub(weight, before[n] as tf.Tensor));
    expect(normOf(moved)).toBeCloseTo(1e-3, 6);
    expect(optimizer.getConfig()).toEqual(tf.train.momentum(1, 0.5).getConfig());
    let artifacts: tf.io.ModelArtifacts = {};
    const save = async (given: tf.io.ModelArtifacts) => {
      artifacts = given;
      return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' as const } };
    };
    await model.save({ save }, { includeOptimizer: true });
    const loaded = await tf.loadLayersModel({ load: async () => artifacts });
    expect(loaded.optimizer.getConfig()).toEqual(optimizer.getConfig());
    expect(gradientLimit(loaded.optimizer)).toBeNull();
  });

  test('goes along when a model is converted', () => {
    const model = tf.sequential({ layers: [BUILT_IN.lstm({ units: 3, inputShape: [4, 2] })] });
    model.compile({ optimizer: clipGradients(tf.train.adam(), { variableNorm: 2 }), loss: 'meanSquaredError' });
    expect(gradientLimit(toExplicit(model).optimizer)).toEqual({ variableNorm: 2 });
  });

  test('leaves nothing behind, also when the step throws', () => {
    const { weights, gradients } = problem(5, 30);
    const optimizer = clipGradients(tf.train.sgd(0.1), { globalNorm: 1 });
    const failing = tf.train.sgd(0.1);
    failing.applyGradients = () => {
      throw new Error('no step');
    };
    clipGradients(failing, { variableNorm: 1 });
    const count = tf.memory().numTensors;
    optimizer.applyGradients(named(weights, gradients));
    expect(() => failing.applyGradients(named(weights, gradients))).toThrow('no step');
    expect(tf.memory().numTensors).toBe(count);
  });

  const RULE = 'clipGradients: limit must have either globalNorm or variableNorm, got ';
  const REFUSED: [string, unknown, unknown, string][] = [
    [
      'what is no optimizer',
      'adam',
      { globalNorm: 1 },
      "clipGradients: optimizer must be an instance of tf.Optimizer, got 'adam'",
    ],
    ['no limit', tf.train.sgd(1), undefined, 'clipGradients: options must be an object, got undefined'],
    ['an empty limit', tf.train.sgd(1), {}, `${RULE}an object of class Object with keys []`],
    [
      'both limits',
      tf.train.sgd(1),
      { globalNorm: 1, variableNorm: 1 },
      `${RULE}an object of class Object with keys ['globalNorm', 'variableNorm']`,
    ],
    ['an unknown limit', tf.train.sgd(1), { value: undefined }, `${RULE}an object of class Object with keys ['value']`],
    ['a limit of 0', tf.train.sgd(1), { globalNorm: 0 }, 'clipGradients: globalNorm must be a positive number, got 0'],
    [
      'a limit of NaN',
      tf.train.sgd(1),
      { variableNorm: Number.NaN },
      'clipGradients: variableNorm must be a positive number, got NaN',
    ],
    ["Python's spelling", tf.train.sgd(1), { global_norm: 1 }, "the option must be spelt 'globalNorm'"],
  ];
  test.each(REFUSED)('refuses %s', (_title, optimizer, limit, message) => {
    const clip = () => clipGradients(optimizer as tf.Optimizer, limit as GradientLimit);
    expect(clip).toThrow(RangeError);
    expect(clip).toThrow(message);
  });

  test('refuses to tell the limit of what is no optimizer', () => {
    expect(() => gradientLimit(null as never)).toThrow(
      'gradientLimit: optimizer must be an instance of tf.Optimizer, got null',
    );
  });
});
