import * as tf from '@tensorflow/tfjs';
import { lstm } from '../../src/index.js';
import { traceLayer } from '../../src/inspect/index.js';
import { GreffCell, type GreffVariant, greffCell, peepholeCell } from '../../src/variants/index.js';
import { useBackend } from '../../tools/backends.js';
import { expectClose } from '../support/close.js';
import { randomizeWeights, randomTensor } from '../support/random.js';

const [BATCH, TIMESTEPS, FEATURES, UNITS] = [2, 4, 3, 5];

/** Gates, the gates with peepholes, and states of each variant. */
const PARTS: Record<GreffVariant, [gates: string, peepholes: string, states: string]> = {
  V: ['ifgo', 'ifo', 'hc'],
  NIG: ['fgo', 'fo', 'hc'],
  NFG: ['igo', 'io', 'hc'],
  NOG: ['ifg', 'if', 'hc'],
  NIAF: ['ifgo', 'ifo', 'hc'],
  NOAF: ['ifgo', 'ifo', 'hc'],
  NP: ['ifgo', '', 'hc'],
  CIFG: ['igo', 'io', 'hc'],
  FGR: ['ifgo', 'ifo', 'hcifo'],
};
const VARIANTS = Object.keys(PARTS) as GreffVariant[];

const x = () => randomTensor<tf.Rank.R3>([BATCH, TIMESTEPS, FEATURES], 1);

function built(args: object): GreffCell {
  const cell = greffCell({ units: UNITS, ...args });
  cell.build([null, FEATURES]);
  randomizeWeights(cell, 5);
  return cell;
}

beforeAll(() => useBackend('cpu'));
beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

describe.each(VARIANTS)('greffCell of variant %s', (variant) => {
  const [gates, peepholes, states] = PARTS[variant];

  test('has the gates, states and weights of its equations, and no others', () => {
    const cell = built({ variant });
    expect(cell.gateNames).toEqual([...gates]);
    expect(cell.stateNames).toEqual([...states]);
    const shapes = Object.fromEntries(
      cell.weightFacts.map(({ storedName }, n) => [storedName, cell.weights[n]?.shape]),
    );
    expect(shapes).toEqual({
      kernel: [FEATURES, gates.length * UNITS],
      recurrent_kernel: [UNITS, gates.length * UNITS],
      bias: [gates.length * UNITS],
      ...(peepholes === '' ? {} : { peephole_kernel: [peepholes.length * UNITS] }),
      ...(variant === 'FGR' ? { gate_recurrent_kernel: [3 * UNITS, 3 * UNITS] } : {}),
    });
  });

  test('is made again from its config, through JSON', () => {
    for (const args of [{}, { recurrentActivation: 'hardSigmoid', peepholeInitializer: 'ones', zoneoutCell: 0.2 }]) {
      const config = greffCell({ units: UNITS, variant, ...(args as object) }).getConfig();
      const again = GreffCell.fromConfig(GreffCell as never, JSON.parse(JSON.stringify(config))) as GreffCell;
      expect(JSON.parse(JSON.stringify(again.getConfig()))).toEqual(JSON.parse(JSON.stringify(config)));
      expect(again.gateNames).toEqual([...gates]);
    }
  });

  test('drops its candidate and its inputs out, and leaves no tensors behind', () => {
    const layer = lstm({
      cell: built({ variant, candidateDropout: 0.5, dropout: 0.2, recurrentDropout: 0.3, seed: 2 }),
    });
    const input = x();
    const plain = layer.apply(input) as tf.Tensor;
    const before = tf.memory().numTensors;
    const dropped = layer.apply(input, { training: true }) as tf.Tensor;
    expect(tf.memory().numTensors).toBe(before + 1);
    expect(() => expectClose(dropped, plain, 1e-3)).toThrow('apart');
  });
});

test('V is the cell with peepholes, and every variant computes something else', () => {
  const peephole = peepholeCell({ units: UNITS });
  const output = lstm({ cell: built({ variant: 'V' }) }).apply(x()) as tf.Tensor;
  peephole.build([null, FEATURES]);
  randomizeWeights(peephole, 5);
  expectClose(lstm({ cell: peephole }).apply(x()) as tf.Tensor, output);
  const all = VARIANTS.map((variant) => [...(lstm({ cell: built({ variant }) }).apply(x()) as tf.Tensor).dataSync()]);
  expect(new Set(all.map((values) => values[0]?.toFixed(4))).size).toBe(VARIANTS.length);
});

test('The gates that FGR hands on keep their values at masked steps, in a trace too', () => {
  const layer = lstm({ cell: built({ variant: 'FGR' }), returnState: true });
  const mask = tf.tensor2d([1, 1, 0, 1, 1, 0, 0, 1], [BATCH, TIMESTEPS]);
  const trace = traceLayer(layer, x(), { mask });
  const [first, second] = tf.unstack(trace.i, 0) as [tf.Tensor2D, tf.Tensor2D];
  const rows = (sample: tf.Tensor2D) => tf.unstack(sample) as tf.Tensor1D[];
  expectClose(rows(first)[2] as tf.Tensor, rows(first)[1] as tf.Tensor, 0);
  expectClose(rows(second)[2] as tf.Tensor, rows(second)[0] as tf.Tensor, 0);
  expect(() => expectClose(rows(first)[3] as tf.Tensor, rows(first)[2] as tf.Tensor)).toThrow('apart');
  expectClose(tf.slice(trace.g, [0, 2, 0], [1, 1, -1]), tf.zeros([1, 1, UNITS]), 0);
});

test('By default it is V, with logistic gates, and peepholes that start at 0', () => {
  const cell = greffCell({ units: UNITS });
  cell.build([null, FEATURES]);
  expect(cell.recurrentActivation.getClassName()).toBe('sigmoid');
  expect(cell.gateNames).toEqual(['i', 'f', 'g', 'o']);
  expectClose((cell.peepholeKernel as tf.LayerVariable).read(), tf.zeros([3 * UNITS]), 0);
  expect(cell.gateRecurrentKernel).toBeNull();
});

test('Bad arguments are refused', () => {
  expect(() => greffCell({ units: 2, variant: 'NIX' as never })).toThrow(
    "greffCell: variant must be 'V', 'NIG', 'NFG', 'NOG', 'NIAF', 'NOAF', 'NP', 'CIFG' or 'FGR', got 'NIX'",
  );
  expect(() => greffCell({ units: 2, variant: 'NFG', unitForgetBias: true })).toThrow(
    'greffCell: unitForgetBias must be false or left out, because the forget gate has no bias',
  );
  const layer = lstm({ cell: built({ variant: 'FGR' }) });
  expect(() => layer.apply(x(), { initialState: [tf.zeros([BATCH, UNITS]), tf.zeros([BATCH, UNITS])] })).toThrow(
    'initialState must be the 5 tensors h, c, i, f and o',
  );
});
