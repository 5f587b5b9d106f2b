import * as tf from '@tensorflow/tfjs';
import { lstm } from '../../../src/index.js';
import { flowStatistics, gradientFlow, gradientFlowModel } from '../../../src/inspect/index.js';
import type { AnyLSTMCell } from '../../../src/layers/lstm-cell.js';
import * as variants from '../../../src/variants/index.js';
import { NODE_BACKENDS, useBackend } from '../../../tools/backends.js';
import { expectAllClose, expectClose } from '../../support/close.js';
import { randomTensor } from '../../support/random.js';

const makers = variants as unknown as Record<string, (args: object) => AnyLSTMCell>;

/** All cells there are, and the peephole family with all of its parts. */
const CELLS: [string, () => AnyLSTMCell][] = [
  ...Object.keys(makers)
    .filter((name) => /^[a-z]/.test(name))
    .map((name): [string, () => AnyLSTMCell] => [
      name,
      () => (makers[name] as (args: object) => AnyLSTMCell)(argsOf(name)),
    ]),
  [
    'peepholeCell, coupled and projected',
    () => variants.peepholeCell({ units: 4, coupled: true, projectionUnits: 3, cellClip: 0.7, projectionClip: 0.4 }),
  ],
  ['mLSTMCell, with a head for each unit', () => variants.mLSTMCell({ units: 4, heads: 4 })],
];

function argsOf(name: string): object {
  const more: Record<string, object> = { greffCell: { variant: 'FGR' }, layerNormCell: { convention: 'addons' } };
  return { units: 4, ...more[name] };
}

/** A layer over a cell, with random weights. */
function layerOf(cell: AnyLSTMCell, args: object = {}) {
  const layer = lstm({ cell, returnSequences: true, ...args });
  layer.build([null, null, 3]);
  layer.setWeights(layer.weights.map(({ shape }, n) => tf.mul(randomTensor(shape as number[], 40 + n), 1.6)));
  return layer;
}

describe.each(NODE_BACKENDS)('On %s, the gradient flow through', (backend) => {
  beforeAll(() => useBackend(backend));
  beforeEach(() => tf.engine().startScope());
  afterEach(() => tf.engine().endScope());

  test.each(CELLS)('%s has the gradients that automatic differentiation has', (_, makeCell) => {
    const cell = makeCell();
    const layer = layerOf(cell, { goBackwards: true });
    const x = randomTensor([2, 5, 3], 1);
    const mask = tf.tensor2d(
      [
        [1, 1, 0, 1, 1],
        [1, 0, 1, 1, 1],
      ],
      [2, 5],
      'bool',
    );
    const states = cell.stateNames.map((name, n) => tf.abs(randomTensor([2, cell.widthOf(name)], 20 + n)));
    const outputWeights = randomTensor([2, 5, cell.widthOf('h')], 3);
    const loss = (h: tf.Tensor) => tf.sum(tf.mul(h, outputWeights)) as tf.Scalar;
    const run = (given: tf.Tensor, ...initialState: tf.Tensor[]) =>
      loss(tf.reverse(layer.apply(given, { initialState, mask } as never) as tf.Tensor3D, 1));
    const [dx, ...dStates] = tf.grads(run)([x, ...states]) as [tf.Tensor, ...tf.Tensor[]];
    const { grads } = tf.variableGrads(() => run(x, ...states));
    const before = tf.memory().numTensors;
    const flow = gradientFlow(layer, x, loss, { initialState: states, mask });
    expectClose(flow.dx, dx);
    expectAllClose(Object.values(flow.dInitialStates), dStates);
    expect(Object.keys(flow.dStates)).toEqual(cell.stateNames);
    expectAllClose([flow.dh, flow.dh0], [flow.dStates.h as tf.Tensor, flow.dInitialStates.h as tf.Tensor], 0);
    for (const { property, blocks } of cell.weightFacts) {
      const variable = (cell as unknown as Record<string, tf.LayerVariable>)[property]?.read() as tf.Variable;
      const byName = (flow.dWeights as unknown as Record<string, Record<string, tf.Tensor>>)[property];
      expect(Object.keys(byName ?? {})).toEqual(blocks(cell.units)?.map(({ name }) => name) ?? ['all']);
      const parts = Object.values(byName ?? {});
      const whole = parts.length === 1 ? (parts[0] as tf.Tensor) : tf.concat(parts, -1);
      expectClose(whole, grads[variable.name] as tf.Tensor);
      if (parts.length > 1) whole.dispose();
    }
    flow.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  test.each(CELLS)('%s crosses a step by its Jacobian', (_, makeCell) => {
    const cell = makeCell();
    const layer = layerOf(cell);
    const x = randomTensor([2, 4, 3], 1);
    const last = randomTensor([2, cell.widthOf('h')], 3);
    const flow = gradientFlow(layer, x, (h) =>
      tf.sum(tf.mul(tf.squeeze(tf.slice(h, [0, 3, 0], [-1, 1, -1]), [1]), last)),
    );
    const t = 2;
    const at = (step: number) => (tensor: tf.Tensor3D) => tf.squeeze(tf.slice(tensor, [0, step, 0], [-1, 1, -1]), [1]);
    const later = Object.values(flow.dStatesLater);
    const after = tf.expandDims(tf.concat(later.map(at(t)), 1), 1);
    const expected = tf.concat(later.map(at(t - 1)), 1);
    expectClose(tf.squeeze(tf.matMul(after, flow.stepJacobian(t)), [1]), expected);
    flow.dispose();
  });

  test.each(CELLS)('%s is told in numbers', async (_, makeCell) => {
    const cell = makeCell();
    const layer = layerOf(cell);
    const width = cell.widthOf('h');
    const x = randomTensor([2, 4, 3], 1);
    const flow = gradientFlow(layer, x, (h) =>
      tf.sum(tf.mul(tf.slice(h, [0, 3, 0], [-1, 1, -1]), [[[1, -2, 3, 4].slice(0, width)]])),
    );
    const before = tf.memory().numTensors;
    const statistics = await flowStatistics(flow, { jacobianAt: [1, 2, 3] });
    expect(tf.memory().numTensors).toBe(before);
    const normsOf = (tensor: tf.Tensor) => [...tf.mean(tf.norm(tensor, 2, 2), 0).dataSync()];
    const near = (actual: (number | null)[], tensor: tf.Tensor | undefined) => {
      const expected = tensor === undefined ? actual.map(() => null) : normsOf(tensor);
      for (const [t, value] of actual.entries()) {
        if (expected[t] === null) expect(value).toBeNull();
        else
          expect(Math.abs((value as number) - (expected[t] as number))).toBeLessThan(
            1e-5 * (1 + (expected[t] as number)),
          );
      }
    };
    near(statistics.dh, flow.dStates.h);
    near(statistics.dc, flow.dStates.c);
    // By way of the last h, which the loss looks at.
    for (const name of ['c', 'n']) {
      const gradient = flow.dStates[name];
      if (gradient !== undefined) expect(normsOf(gradient)[3]).toBeGreaterThan(0.001);
    }
    near(statistics.dhRecurrent, flow.dStatesLater.h);
    for (const [name, gradient] of Object.entries(flow.dz))
      near((statistics.dz as Record<string, (number | null)[]>)[name] ?? [], gradient);
    // Only the last step has a loss term.
    expect(statistics.lossTerms.map((term) => term !== null)).toEqual([false, false, false, true]);
    for (const { timestep, max } of statistics.jacobian) {
      expect(statistics.gain[timestep]).toBeLessThan((max as number) * 1.001);
    }
    const product = [0, 1, 2, 3].reduce((all, t) => all * (statistics.gain[t] ?? 1), 1);
    expect((statistics.fit?.attenuation as number) / product).toBeCloseTo(1, 4);
    expect(statistics.sentence).toMatch(/^gradient /);
    flow.dispose();
  });

  test.each(CELLS)('%s within a model is that through the layer', async (_, makeCell) => {
    const cell = makeCell();
    const layer = layerOf(cell, { name: 'memory' });
    const input = tf.input({ shape: [5, 3] });
    const model = tf.model({ inputs: input, outputs: layer.apply(input) as tf.SymbolicTensor });
    model.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });
    const x = randomTensor([2, 5, 3], 1);
    const y = randomTensor([2, 5, cell.widthOf('h')], 4);
    const [ofModel] = gradientFlowModel(model, x, y);
    const flow = gradientFlow(layer, x, (h) => tf.mean(tf.square(tf.sub(h, y))) as tf.Scalar);
    expectAllClose(Object.values(ofModel?.flow.dStates ?? {}), Object.values(flow.dStates));
    expectClose(ofModel?.flow.dx as tf.Tensor, flow.dx);
    ofModel?.flow.dispose();
    flow.dispose();
    model.dispose();
  });
});
