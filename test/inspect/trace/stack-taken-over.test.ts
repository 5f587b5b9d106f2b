import * as tf from '@tensorflow/tfjs';
import * as stepModule from '../../../src/core/step.js';
import { lstmCell } from '../../../src/index.js';
import { type GradientFlow, gradientFlowModel, traceModel } from '../../../src/inspect/index.js';
import { observe } from '../../../src/sequence/observe.js';
import { NODE_BACKENDS, useBackend } from '../../../tools/backends.js';
import { randomizeWeights, randomTensor } from '../../support/random.js';
import { expectSameFlow } from '../support/flows.js';
import { expectSameTraces, fingerprint, nameOf } from '../support/traced.js';

const [BATCH, TIMESTEPS, FEATURES] = [2, 5, 3] as const;

type Cell = tf.layers.RNNCell;

/** Three LSTM cells, of tfjs and of this package, one of which sits in a stack within the stack. */
function stackedModel(
  args: Partial<tf.RNNLayerArgs>,
  { isMasked = false, ...cellArgs }: { dropout?: number; isMasked?: boolean; activation?: 'relu' } = {},
) {
  const inner = tf.layers.stackedRNNCells({
    cells: [lstmCell({ units: 2, recurrentActivation: 'sigmoid' }), tf.layers.lstmCell({ units: 4, ...cellArgs })],
  });
  const cells = [tf.layers.lstmCell({ units: 3, ...cellArgs }), inner] as Cell[];
  const x = tf.input({ batchShape: [BATCH, TIMESTEPS, FEATURES] });
  const given = isMasked ? tf.layers.masking({ maskValue: 9 }).apply(x) : x;
  const outputs = tf.layers.rnn({ ...args, cell: cells, name: 'stack' } as tf.RNNLayerArgs).apply(given);
  const model = tf.model({ inputs: x, outputs: [outputs].flat() as tf.SymbolicTensor[] });
  randomizeWeights(model, 4);
  const leaves = [cells[0], ...(inner as unknown as { cells: Cell[] }).cells] as Cell[];
  return { model, leaves };
}

/** How many single steps cells are taken through meanwhile, by tfjs's own code or this package's. */
function stepsTaken(run: () => void): number {
  const ofBuiltIn = Object.getPrototypeOf(tf.layers.lstmCell({ units: 1 })) as Cell;
  const spies = [jest.spyOn(stepModule, 'stepFromProjectedInput'), jest.spyOn(ofBuiltIn, 'call')];
  try {
    run();
    return spies.reduce((sum, { mock }) => sum + mock.calls.length, 0);
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}

/** Has tfjs take the steps: it is not known what a `call` of somebody's own does. */
function withOwnCall(cell: Cell): void {
  const call = cell.call.bind(cell);
  cell.call = (...args) => call(...args);
}

/** Steps of 9 within, at the beginning and at the end. */
function withNines(x: tf.Tensor): tf.Tensor {
  const rows = [
    [1, 0, 1, 1, 0],
    [0, 1, 1, 0, 0],
  ];
  return tf.where(tf.expandDims(tf.tensor2d(rows, [BATCH, TIMESTEPS], 'bool'), 2), tf.fill(x.shape, 9), x);
}

/** At masked steps, tfjs gives a cell what the one below computed there, for nothing. */
function withValidX(flow: GradientFlow): GradientFlow {
  const { mask } = flow.trace;
  return mask === null ? flow : { ...flow, x: tf.where(tf.expandDims(mask, 2), flow.x, tf.zerosLike(flow.x)) };
}

const labelsFor = (model: tf.LayersModel) =>
  model.outputs.map(({ shape }, n) => randomTensor(shape as number[], 20 + n));

describe.each(NODE_BACKENDS)('On %s, stacked LSTM cells', (backend) => {
  beforeAll(() => useBackend(backend));
  beforeEach(() => tf.engine().startScope());
  afterEach(() => tf.engine().endScope());

  test.each<[Partial<tf.RNNLayerArgs>, { dropout?: number; isMasked?: boolean }]>([
    [{}, { dropout: 0.5 }],
    [{ goBackwards: true, returnSequences: true }, {}],
    [{ returnState: true, returnSequences: true }, {}],
    [{ goBackwards: true, returnState: true }, {}],
    [{ stateful: true }, {}],
    [{ returnSequences: true, returnState: true }, { isMasked: true }],
    [{ goBackwards: true, returnSequences: true }, { isMasked: true }],
    [{ goBackwards: true, stateful: true }, { isMasked: true }],
  ])('run as wholes, with traces and flows as step by step: %j, %j', (args, cellArgs) => {
    const { model, leaves } = stackedModel(args, cellArgs);
    const values = randomTensor([BATCH, TIMESTEPS, FEATURES], 1);
    const x = cellArgs.isMasked ? withNines(values) : values;
    // What is stateful starts from other states than zeros.
    tf.dispose(model.predictOnBatch(randomTensor([BATCH, TIMESTEPS, FEATURES], 2)));
    const labels = labelsFor(model);
    const look = () => ({
      traces: traceModel(model, x),
      flows: gradientFlowModel(model, x, labels, { loss: 'meanSquaredError' }),
    });
    const before = fingerprint(model);
    const { numTensors } = tf.memory();
    let whole = look();
    for (const { trace } of whole.traces) trace.dispose();
    for (const { flow } of whole.flows) flow.dispose();
    expect(tf.memory().numTensors).toBe(numTensors);
    expect(
      stepsTaken(() => {
        whole = look();
      }),
    ).toBe(0);
    expect(fingerprint(model)).toEqual(before);
    withOwnCall(leaves[1] as Cell);
    let stepped = whole;
    const steps = stepsTaken(() => {
      stepped = look();
    });
    expect(steps).toBeGreaterThanOrEqual(2 * TIMESTEPS * leaves.length);
    expect(whole.flows.map(nameOf)).toEqual(
      [0, 1, 2].map((n) => `stack ${args.goBackwards ? 'backward' : 'forward'} ${n} 0`),
    );
    expectSameTraces(whole.traces, stepped.traces);
    for (const [n, { flow }] of whole.flows.entries()) {
      expectSameFlow(withValidX(flow), withValidX(stepped.flows[n]!.flow));
    }
  });

  test('are stepped where tfjs makes of a masked step something else than nothing', () => {
    const x = withNines(randomTensor([BATCH, TIMESTEPS, FEATURES], 1));
    const steps = (cellArgs: { activation?: 'relu' }, weight = 0.1) => {
      const { model, leaves } = stackedModel({}, { isMasked: true, ...cellArgs });
      const [kernel, ...others] = (leaves[0] as Cell).getWeights() as [tf.Tensor, ...tf.Tensor[]];
      (leaves[0] as Cell).setWeights([tf.fill(kernel.shape, weight), ...others]);
      return stepsTaken(() => void traceModel(model, x));
    };
    expect(steps({})).toBe(0);
    for (const stepped of [steps({}, Number.NaN), steps({}, 1e30), steps({ activation: 'relu' })]) {
      expect(stepped).toBeGreaterThanOrEqual(TIMESTEPS);
    }
  });

  test('are stepped where somebody else looks into one of them', () => {
    const { model, leaves } = stackedModel({});
    const end = observe(leaves[2] as Cell, {});
    const x = randomTensor([BATCH, TIMESTEPS, FEATURES], 1);
    const look = () => void traceModel(model, x);
    expect(stepsTaken(look)).toBeGreaterThanOrEqual(TIMESTEPS);
    end();
    expect(stepsTaken(look)).toBe(0);
  });
});
