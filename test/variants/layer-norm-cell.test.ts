import * as tf from '@tensorflow/tfjs';
import { lstm } from '../../src/index.js';
import {
  LayerNormCell,
  type LayerNormCellArgs,
  type LayerNormConvention,
  layerNormCell,
} from '../../src/variants/index.js';
import { useBackend } from '../../tools/backends.js';
import { expectClose } from '../support/close.js';
import { randomizeWeights, randomTensor } from '../support/random.js';

const [BATCH, TIMESTEPS, FEATURES, UNITS] = [2, 4, 3, 5];
const CONVENTIONS: LayerNormConvention[] = ['ba', 'addons', 'haste'];

const x = () => randomTensor<tf.Rank.R3>([BATCH, TIMESTEPS, FEATURES], 1);

function built(args: Omit<LayerNormCellArgs, 'units'>): LayerNormCell {
  const cell = layerNormCell({ units: UNITS, ...args });
  cell.build([null, FEATURES]);
  return cell;
}

beforeAll(() => useBackend('cpu'));
beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

describe.each(CONVENTIONS)('layerNormCell by the convention %s', (convention) => {
  test('starts with scales of 1 and shifts of 0, or what its initializers say, in its order', () => {
    const shifts = convention === 'haste' ? [] : ['kernel_beta', 'recurrent_beta'];
    const cell = built({ convention, gammaInitializer: tf.initializers.constant({ value: 0.3 }) });
    const names = cell.weightFacts.map(({ storedName }) => storedName);
    expect([...names].sort()).toEqual(
      [
        'kernel',
        'recurrent_kernel',
        'bias',
        'kernel_gamma',
        'recurrent_gamma',
        'state_gamma',
        'state_beta',
        ...shifts,
      ].sort(),
    );
    const weightOf = (of: LayerNormCell, name: string) => of.getWeights()[names.indexOf(name)] as tf.Tensor;
    for (const name of names.filter((one) => one.endsWith('gamma'))) {
      const value = weightOf(cell, name);
      expect(value.shape).toEqual([name === 'state_gamma' ? UNITS : 4 * UNITS]);
      expectClose(value, tf.fill(value.shape, 0.3));
      expectClose(weightOf(built({ convention }), name), tf.ones(value.shape), 0);
    }
    for (const name of names.filter((one) => one.endsWith('beta'))) {
      expectClose(weightOf(cell, name), tf.zeros(weightOf(cell, name).shape), 0);
    }
  });

  test('does not see the scale of its input and of its kernel, but for epsilon', () => {
    const cell = built({ convention, epsilon: 1e-9 });
    randomizeWeights(cell, 5);
    const layer = lstm({ cell });
    const output = layer.apply(x()) as tf.Tensor;
    expectClose(layer.apply(tf.mul(x(), 50)) as tf.Tensor, output, 1e-4);
    const coarse = built({ convention, epsilon: 0.5 });
    randomizeWeights(coarse, 5);
    expect(() => expectClose(lstm({ cell: coarse }).apply(x()) as tf.Tensor, output, 1e-3)).toThrow('apart');
  });

  test('is made again from its config, through JSON', () => {
    for (const args of [{}, { epsilon: 0.01, betaInitializer: 'ones', candidateDropout: 0.2, useBias: false }]) {
      const config = layerNormCell({ units: UNITS, convention, ...(args as object) }).getConfig();
      const read = JSON.parse(JSON.stringify(config));
      const again = LayerNormCell.fromConfig(LayerNormCell as never, read) as LayerNormCell;
      expect(JSON.parse(JSON.stringify(again.getConfig()))).toEqual(JSON.parse(JSON.stringify(config)));
      expect(again.weightFacts.map(({ storedName }) => storedName).includes('kernel_beta')).toBe(
        convention !== 'haste',
      );
    }
  });

  test('is finite on an input of zeros and on what is masked, and leaves no tensors behind', () => {
    const cell = built({ convention, candidateDropout: 0.5, dropout: 0.2, recurrentDropout: 0.3 });
    const layer = lstm({ cell, returnSequences: true });
    const zeros = tf.zeros<tf.Rank.R3>([BATCH, TIMESTEPS, FEATURES]);
    const mask = tf.tensor2d([1, 0, 1, 1, 0, 0, 1, 1], [BATCH, TIMESTEPS]);
    const nanAtMasked = tf.where(
      tf.cast(tf.tile(tf.expandDims(mask, 2), [1, 1, FEATURES]), 'bool'),
      x(),
      tf.fill(zeros.shape, NaN),
    ) as tf.Tensor3D;
    const allFinite = (tensor: tf.Tensor) => tf.all(tf.isFinite(tensor)).dataSync()[0];
    for (const [input, kwargs] of [
      [zeros, {}],
      [nanAtMasked, { mask }],
    ] as const) {
      const { value, grads } = tf.variableGrads(
        () => tf.sum(layer.apply(input, kwargs as never) as tf.Tensor) as tf.Scalar,
      );
      for (const tensor of [value, ...Object.values(grads)]) expect(allFinite(tensor)).toBe(1);
    }
    const before = tf.memory().numTensors;
    (layer.apply(zeros, { training: true }) as tf.Tensor).dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});

test('The default epsilon is the one of whose convention it is', () => {
  const outputOf = (args: Omit<LayerNormCellArgs, 'units'>) => {
    const cell = built(args);
    randomizeWeights(cell, 5);
    return lstm({ cell }).apply(tf.mul(x(), 0.01)) as tf.Tensor;
  };
  const given = { ba: 1e-5, addons: 1e-3, haste: 1e-5 };
  for (const convention of CONVENTIONS) {
    expectClose(outputOf({ convention }), outputOf({ convention, epsilon: given[convention] }), 0);
    expect(() => expectClose(outputOf({ convention }), outputOf({ convention, epsilon: 1e-4 }))).toThrow('apart');
  }
});

test('Bad arguments are refused', () => {
  const make = (args: object) => () => layerNormCell({ units: 2, ...args } as never);
  const rule = "layerNormCell: convention must be 'ba', 'addons' or 'haste', got";
  expect(make({})).toThrow(`${rule} undefined`);
  expect(make({ convention: 'keras' })).toThrow(`${rule} 'keras'`);
  expect(make({ convention: 'ba', epsilon: 0 })).toThrow('layerNormCell: epsilon must be a positive number, got 0');
  expect(make({ convention: 'ba', gammaInitializer: 'one' })).toThrow('gammaInitializer must be known to tfjs');
});
