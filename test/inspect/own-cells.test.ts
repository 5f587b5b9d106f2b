import * as tf from '@tensorflow/tfjs';
import { type GateName, LSTMCell } from '../../src/index.js';
import {
  ablateUnits,
  diagnose,
  editGates,
  flowStatistics,
  type GradientFlow,
  gateMonitor,
  gateStatistics,
  gradientFlow,
  gradientFlowModel,
  inputSensitivity,
  traceLayer,
  traceModel,
  weightsByGate,
  withUnits,
} from '../../src/inspect/index.js';
import { useBackend } from '../../tools/backends.js';
import { expectClose } from '../support/close.js';
import { randomizeWeights, randomTensor } from '../support/random.js';

type States = readonly [tf.Tensor2D, tf.Tensor2D];

/** Greff et al. 2017, CIFG: f = 1 - i. */
class CoupledCell extends LSTMCell {
  static override readonly className = 'CoupledCell';
  override stepFromProjectedInput(projectedInput: tf.Tensor2D, states: States, dropoutMasks: readonly tf.Tensor[]) {
    const { i, g, o } = super.stepFromProjectedInput(projectedInput, states, dropoutMasks);
    const f = tf.sub(1, i) as tf.Tensor2D;
    const c = tf.add(tf.mul(f, states[1]), tf.mul(i, g)) as tf.Tensor2D;
    return { i, f, g, o, c, h: tf.mul(o, tf.tanh(c)) as tf.Tensor2D };
  }
}

/** The same, by nothing but `step`. */
class WholeCoupledCell extends LSTMCell {
  static override readonly className = 'WholeCoupledCell';
  override step(x: tf.Tensor2D, states: States) {
    return tf.tidy(() => {
      const z = tf.add(
        tf.add(tf.matMul(x, this.kernel.read() as tf.Tensor2D), this.bias!.read()),
        tf.matMul(states[0], this.recurrentKernel.read() as tf.Tensor2D),
      );
      const [zi, , zg, zo] = tf.split(z, 4, 1) as [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D, tf.Tensor2D];
      const i = tf.sigmoid(zi);
      const f = tf.sub(1, i) as tf.Tensor2D;
      const g = tf.tanh(zg);
      const o = tf.sigmoid(zo);
      const c = tf.add(tf.mul(f, states[1]), tf.mul(i, g)) as tf.Tensor2D;
      return { i, f, g, o, c, h: tf.mul(o, tf.tanh(c)) as tf.Tensor2D };
    });
  }
}

const [BATCH, TIMESTEPS, FEATURES, UNITS] = [2, 5, 3, 4];
const X = () => randomTensor<tf.Rank.R3>([BATCH, TIMESTEPS, FEATURES], 1);
const SQUARES = (h: tf.Tensor) => tf.sum(tf.square(h)) as tf.Scalar;

type CellClass = typeof CoupledCell | typeof WholeCoupledCell;
const CLASSES = [CoupledCell, WholeCoupledCell].map((one): [string, CellClass] => [one.className, one]);

function layerOver(Cell: CellClass): tf.layers.RNN {
  const cell = new Cell({ units: UNITS, recurrentActivation: 'sigmoid' });
  const layer = tf.layers.rnn({ cell, returnSequences: true, name: 'coupled' }) as tf.layers.RNN;
  layer.apply(tf.input({ shape: [null, FEATURES] }));
  randomizeWeights(layer, 5);
  return layer;
}

function modelOver(Cell: CellClass): tf.LayersModel {
  const input = tf.input({ shape: [TIMESTEPS, FEATURES] });
  const layer = layerOver(Cell);
  const last = tf.layers.globalAveragePooling1d({}).apply(layer.apply(input)) as tf.SymbolicTensor;
  const model = tf.model({ inputs: input, outputs: tf.layers.dense({ units: 1, name: 'last' }).apply(last) as never });
  model.compile({ loss: 'meanSquaredError', optimizer: tf.train.sgd(0) });
  return model;
}

const Y = () => randomTensor([BATCH, 1], 9);

/** One step of a unit in float64. */
type Edit = (quantity: string, value: number, unit: number) => number;
type Weights = { kernel: number[][]; recurrentKernel: number[][]; bias: number[] };

function weightsOf(layer: tf.layers.RNN): Weights {
  const [kernel, recurrentKernel, bias] = layer.getWeights().map((weight) => weight.arraySync());
  return { kernel, recurrentKernel, bias } as unknown as Weights;
}

/** The equations by hand, in float64: every quantity, [T][U] of one sample. */
function loop(weights: Weights, xs: number[][], edit: Edit = (_, value) => value) {
  let h = new Array<number>(UNITS).fill(0);
  let c = new Array<number>(UNITS).fill(0);
  return xs.map((x) => {
    const z = weights.bias.map(
      (b, n) =>
        b +
        x.reduce((sum, value, d) => sum + value * weights.kernel[d]![n]!, 0) +
        h.reduce((sum, value, u) => sum + value * weights.recurrentKernel[u]![n]!, 0),
    );
    const sigmoid = (value: number) => 1 / (1 + Math.exp(-value));
    const units = Array.from({ length: UNITS }, (_, u) => u);
    const i = units.map((u) => sigmoid(z[u]!));
    const f = units.map((u) => 1 - i[u]!);
    const g = units.map((u) => Math.tanh(z[2 * UNITS + u]!));
    const o = units.map((u) => sigmoid(z[3 * UNITS + u]!));
    const before = c;
    c = units.map((u) => f[u]! * before[u]! + i[u]! * g[u]!);
    const newC = c;
    h = units.map((u) => edit('h', o[u]! * Math.tanh(newC[u]!), u));
    return { i, f, g, o, c, h };
  });
}

function lossOf(weights: Weights, x: number[][][]): number {
  return x.flatMap((sample) => loop(weights, sample).flatMap(({ h }) => h)).reduce((sum, h) => sum + h * h, 0);
}

/** Central differences of the float64 loss. */
function differences(values: number[][] | number[], at: () => number): number[] {
  const rows = (Array.isArray(values[0]) ? values : [values]) as number[][];
  return rows.flatMap((row) =>
    row.map((value, n) => {
      const step = 1e-5;
      row[n] = value + step;
      const above = at();
      row[n] = value - step;
      const below = at();
      row[n] = value;
      return (above - below) / (2 * step);
    }),
  );
}

const joined = (byGate: Record<GateName, tf.Tensor>) => tf.concat([byGate.i, byGate.f, byGate.g, byGate.o], -1);

function expectTrueFlow(flow: GradientFlow, layer: tf.layers.RNN): void {
  const weights = weightsOf(layer);
  const x = X().arraySync();
  const at = () => lossOf(weights, x);
  for (const [sample, gradient] of x.entries()) {
    expectClose(tf.slice(flow.dx, [sample, 0, 0], [1, -1, -1]), differences(gradient, at), 2e-4);
  }
  expectClose(joined(flow.dWeights.kernel), differences(weights.kernel, at), 2e-4);
  expectClose(joined(flow.dWeights.recurrentKernel), differences(weights.recurrentKernel, at), 2e-4);
  expectClose(joined(flow.dWeights.bias!), differences(weights.bias, at), 2e-4);
}

describe.each(CLASSES)('A cell with equations of its own, %s,', (_name, Cell) => {
  beforeAll(() => useBackend('cpu'));
  beforeEach(() => tf.engine().startScope());
  afterEach(() => tf.engine().endScope());

  const expected = (quantity: 'i' | 'f' | 'g' | 'o' | 'c' | 'h', layer: tf.layers.RNN, edit?: Edit) =>
    X()
      .arraySync()
      .flatMap((sample) => loop(weightsOf(layer), sample, edit).flatMap((step) => step[quantity]));

  test('is traced by its own equations, alone and in a model', async () => {
    const layer = layerOver(Cell);
    const trace = traceLayer(layer, X());
    for (const quantity of ['i', 'f', 'g', 'o', 'c', 'h'] as const) {
      expectClose(trace[quantity], expected(quantity, layer));
    }
    const model = modelOver(Cell);
    const [ofModel] = traceModel(model, X());
    expectClose(ofModel!.trace.f, expected('f', model.layers[1] as tf.layers.RNN));
    const { f, i } = await gateStatistics(trace);
    expect(f.mean! + i.mean!).toBeCloseTo(1, 5);
  });

  test('tells how sensitive h is to the input, by its own equations', () => {
    const layer = layerOver(Cell);
    const weights = weightsOf(layer);
    const x = X().arraySync();
    const sensitivity = inputSensitivity(layer, X()).arraySync();
    for (const [sample, rows] of x.entries()) {
      for (const [t, row] of rows.entries()) {
        let squares = 0;
        for (let unit = 0; unit < UNITS; unit++) {
          const at = () => loop(weights, rows).at(-1)!.h[unit]!;
          squares += differences(row, at).reduce((sum, value) => sum + value * value, 0);
        }
        expect(sensitivity[sample]![t]!).toBeCloseTo(Math.sqrt(squares), 4);
      }
    }
  });

  test('can have its h replaced, and c and h with a gate; not a gate alone, of which nothing is known to follow', () => {
    const layer = layerOver(Cell);
    const run = () => layer.apply(X()) as tf.Tensor;
    const silenced = editGates(layer, ({ h }) => ({ h: withUnits(h, [1], 0) }), run);
    expectClose(
      silenced,
      expected('h', layer, (_, value, unit) => (unit === 1 ? 0 : value)),
    );
    const all = editGates(layer, ({ f, c, h }) => ({ f: tf.zerosLike(f), c, h }), run);
    expectClose(all, expected('h', layer));
    for (const edit of [
      { o: tf.zeros([BATCH, UNITS]) },
      { i: tf.zeros([BATCH, UNITS]), h: tf.zeros([BATCH, UNITS]) },
      { c: tf.zeros([BATCH, UNITS]) },
    ]) {
      expect(() => editGates(layer, () => edit as never, run)).toThrow(
        new RegExp(`^editGates: edit must return c and h as well.* class ${Cell.className} computes its steps itself`),
      );
    }
  });

  test('has its units ranked by what silencing them changes', async () => {
    const model = modelOver(Cell);
    const effects = await ablateUnits(model, X(), { layerName: 'coupled' });
    const usual = model.predict(X()) as tf.Tensor;
    const layer = model.layers[1] as tf.layers.RNN;
    for (const { unit, meanChange } of effects) {
      const h = tf.tensor3d(
        expected('h', layer, (_, value, u) => (u === unit ? 0 : value)),
        [BATCH, TIMESTEPS, UNITS],
      );
      const silenced = model.getLayer('last').apply(tf.mean(h, 1)) as tf.Tensor;
      expect(meanChange).toBeCloseTo(tf.mean(tf.abs(tf.sub(silenced, usual))).arraySync() as number, 5);
    }
  });

  test('has its weights split by gate', () => {
    const layer = layerOver(Cell);
    expectClose(joined(weightsByGate(layer).kernel), layer.getWeights()[0]!, 0);
  });
});

describe('Gradients back through a cell', () => {
  beforeAll(() => useBackend('cpu'));
  beforeEach(() => tf.engine().startScope());
  afterEach(() => tf.engine().endScope());

  test('whose steps are its own are those of its own steps, alone and in a model', async () => {
    const layer = layerOver(CoupledCell);
    const flow = gradientFlow(layer, X(), SQUARES);
    expectTrueFlow(flow, layer);
    expect(tf.max(tf.abs(flow.dz.f)).arraySync()).toBe(0);
    const { verdict, sentence } = await flowStatistics(flow, { jacobianAt: [2] });
    expect([verdict !== null, sentence.length > 0]).toEqual([true, true]);
    const model = modelOver(CoupledCell);
    const [ofModel] = gradientFlowModel(model, X(), Y());
    const weights = model.layers[1]!.weights.map((weight) => weight.read() as tf.Variable);
    const whole = tf.variableGrads(() => {
      const output = model.apply(X()) as tf.Tensor;
      return tf.mean(tf.square(tf.sub(output, Y()))) as tf.Scalar;
    }, weights).grads;
    const { kernel, recurrentKernel, bias } = ofModel!.flow.dWeights;
    for (const [n, byGate] of [kernel, recurrentKernel, bias!].entries()) {
      expectClose(joined(byGate), whole[weights[n]!.name]!);
    }
  });

  test('take dc apart by the slope of its own step, and the Jacobian of a step is its own', () => {
    const layer = layerOver(CoupledCell);
    const flow = gradientFlow(layer, X(), SQUARES);
    expectClose(flow.dc, tf.add(flow.dcCell, tf.mul(flow.outputSlope, flow.dh)));
    const jacobian = flow.stepJacobian(2);
    const weights = weightsOf(layer);
    const cell = layer.cell as CoupledCell;
    const { h, c } = flow.trace;
    const at = (sequence: tf.Tensor3D, t: number) => sequence.gather([t], 1).squeeze([1]) as tf.Tensor2D;
    const step = 1e-2;
    const shifted = (by: number) => {
      const moved = tf.add(at(c, 1), tf.tensor2d([[by, 0, 0, 0]])) as tf.Tensor2D;
      const after = cell.step(at(X(), 2), [at(h, 1), moved]);
      return tf.concat([after.h, after.c], 1);
    };
    const column = tf.div(tf.sub(shifted(step), shifted(-step)), 2 * step);
    expectClose(jacobian.slice([0, 0, UNITS], [-1, -1, 1]).squeeze([2]), column, 1e-3);
    randomizeWeights(layer, 99);
    expectClose(flow.stepJacobian(2), jacobian);
    expect(weightsOf(layer)).not.toEqual(weights);
  });

  test('are refused, with the reason, where a step has no pre-activations', async () => {
    const reason = /the cell must compute its gates from pre-activations.* got 'WholeCoupledCell' \(layer 'coupled'\)/;
    const layer = layerOver(WholeCoupledCell);
    expect(() => gradientFlow(layer, X(), SQUARES)).toThrow(reason);
    const model = modelOver(WholeCoupledCell);
    const { numTensors } = tf.memory();
    expect(() => gradientFlowModel(model, X(), Y())).toThrow(reason);
    expect(tf.memory().numTensors).toBe(numTensors + 2);
  });

  test.each(CLASSES)('do not keep a model from being looked at in other ways: %s', async (_name, Cell) => {
    const model = modelOver(Cell);
    expect(await diagnose(model, X())).toBeInstanceOf(Array);
    const monitor = gateMonitor({ inputs: X(), onWarning() {} });
    await model.fit(X(), Y(), { verbose: 0, callbacks: [monitor] });
    const [record] = monitor.history.records;
    expect(record!.layers[0]!.gates!.f.mean! + record!.layers[0]!.gates!.i.mean!).toBeCloseTo(1, 5);
  });
});
