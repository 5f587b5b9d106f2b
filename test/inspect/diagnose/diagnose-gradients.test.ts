import * as tf from '@tensorflow/tfjs';
import { lstm } from '../../../src/index.js';
import { diagnose, type Finding } from '../../../src/inspect/index.js';
import { NODE_BACKENDS, useBackend } from '../../../tools/backends.js';
import { EXPLICIT, KINDS } from '../../support/factories.js';
import { randomizeWeights, randomTensor } from '../../support/random.js';

const [BATCH, TIMESTEPS, FEATURES, UNITS] = [4, 14, 3, 4];
const data = () => [randomTensor([BATCH, TIMESTEPS, FEATURES], 1), randomTensor([BATCH, 2], 2)] as const;
const gradientKinds = (findings: Finding[]) =>
  findings.filter(({ kind }) => kind.includes('gradient')).map(({ kind, layerName }) => `${layerName}: ${kind}`);

function modelWith(forgetBias: number, make = EXPLICIT): tf.LayersModel {
  const layer = make.lstm({
    units: UNITS,
    inputShape: [TIMESTEPS, FEATURES],
    name: 'memory',
    recurrentActivation: 'sigmoid',
  });
  const model = tf.sequential({ layers: [layer, tf.layers.dense({ units: 2 })] });
  randomizeWeights(model, 5, 0.3);
  const { cell } = layer as unknown as { cell: { bias: tf.LayerVariable } };
  cell.bias.write(tf.tensor1d([0, forgetBias, 0, 0].flatMap((value) => Array(UNITS).fill(value))));
  return model;
}

describe.each(NODE_BACKENDS)('On %s, a diagnosis with labels', (backend) => {
  beforeAll(() => useBackend(backend));
  beforeEach(() => tf.engine().startScope());
  afterEach(() => tf.engine().endScope());

  test.each(KINDS)('finds a gradient that vanishes in a layer of %s, by the loss of the model', async (_kind, make) => {
    const model = modelWith(-3, make);
    model.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });
    const [x, y] = data();
    const findings = await diagnose(model, x, y);
    expect(gradientKinds(findings)).toEqual(['memory: vanishing gradient']);
    const { evidence } = findings.find(({ kind }) => kind === 'vanishing gradient') as Finding;
    expect(evidence['multiplied by']).toBeLessThan(1e-3);
    expect(evidence['over steps']).toBe(TIMESTEPS);
  });
});

describe('A diagnosis with labels', () => {
  beforeAll(() => useBackend('cpu'));
  beforeEach(() => tf.engine().startScope());
  afterEach(() => tf.engine().endScope());

  test('takes a loss for a model that is not compiled, and without one looks forward only', async () => {
    const [x, y] = data();
    const model = modelWith(-3);
    expect(gradientKinds(await diagnose(model, x, y, { loss: 'meanAbsoluteError' }))).toHaveLength(1);
    expect(gradientKinds(await diagnose(model, x, y))).toEqual([]);
    expect(gradientKinds(await diagnose(model, x, null, { loss: 'meanAbsoluteError' }))).toEqual([]);
  });

  test('finds nothing where forget gates are open, and has thresholds that can be set', async () => {
    const [x, y] = data();
    const model = modelWith(3);
    const loss = 'meanSquaredError';
    expect(gradientKinds(await diagnose(model, x, y, { loss }))).toEqual([]);
    const strict = { vanishingGradient: 0.99 };
    expect(gradientKinds(await diagnose(model, x, y, { loss, thresholds: strict }))).toHaveLength(1);
    const impatient = { explodingGradient: 1.00001, vanishingGradient: 1e-9 };
    const closed = await diagnose(modelWith(-3), x, y, { loss, thresholds: impatient });
    expect(gradientKinds(closed)).toEqual([]);
  });

  test.each([
    ['first', [TIMESTEPS, 2]],
    ['last', [2, TIMESTEPS]],
  ])('tells once what calls of a shared layer have in common, by the worst, the %s', async (_which, lengths) => {
    const inputs = lengths.map((length) => tf.input({ shape: [length, FEATURES] }));
    const shared = lstm({ units: UNITS, recurrentActivation: 'sigmoid', name: 'shared' });
    const outputs = inputs.map((input) => shared.apply(input) as tf.SymbolicTensor);
    const model = tf.model({ inputs, outputs: tf.layers.add().apply(outputs) as tf.SymbolicTensor });
    randomizeWeights(model, 5, 0.1);
    shared.cell.bias?.write(tf.tensor1d([0, -3, 0, 0].flatMap((value) => Array(UNITS).fill(value))));
    const x = lengths.map((length) => randomTensor([BATCH, length, FEATURES], length));
    const findings = await diagnose(model, x, randomTensor([BATCH, UNITS], 3), { loss: 'meanSquaredError' });
    expect(gradientKinds(findings)).toEqual(['shared: vanishing gradient']);
    expect(findings.find(({ kind }) => kind === 'vanishing gradient')?.evidence['over steps']).toBe(TIMESTEPS);
  });

  test('finds gradients that are not finite, after the data that they come from', async () => {
    const [x] = data();
    const findings = await diagnose(modelWith(1), x, tf.fill([BATCH, 2], Number.NaN), { loss: 'meanSquaredError' });
    expect(findings.map(({ kind }) => kind).slice(0, 2)).toEqual(['non-finite label', 'non-finite gradient']);
  });

  test('leaves nothing behind', async () => {
    const [x, y] = data();
    const model = modelWith(1);
    const count = tf.memory().numTensors;
    await diagnose(model, x, y, { loss: 'meanSquaredError' });
    expect(tf.memory().numTensors).toBe(count);
    await expect(diagnose(model, x, tf.zeros([BATCH, 3]), { loss: 'meanSquaredError' })).rejects.toThrow(RangeError);
  });
});
