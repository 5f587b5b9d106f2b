import * as tf from '@tensorflow/tfjs';
import { KERAS_DEFAULTS, lstm, lstmCell } from '../../../src/index.js';
import { diagnose, type Finding } from '../../../src/inspect/index.js';
import { useBackend } from '../../../tools/backends.js';
import { randomizeWeights, randomTensor } from '../../support/random.js';

const [BATCH, TIMESTEPS, FEATURES, UNITS] = [4, 8, 3, 8];

beforeAll(() => useBackend('cpu'));
beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

const input = (seed = 1) => randomTensor([BATCH, TIMESTEPS, FEATURES], seed);
const symbolic = () => tf.input({ shape: [TIMESTEPS, FEATURES] });
const placesOf = (findings: Finding[], kind: string) =>
  findings
    .filter((finding) => finding.kind === kind)
    .map(({ layerName, direction, cell }) => [layerName, direction, cell]);

function poison(weight: tf.LayerVariable): void {
  weight.write(tf.fill(weight.shape as number[], Number.NaN));
}

test('Where nothing is valid, it is told which layer never computes anything', async () => {
  const layers = [
    tf.layers.masking({ maskValue: 0, inputShape: [TIMESTEPS, FEATURES] }),
    lstm({ units: 2, name: 'memory' }),
  ];
  const findings = await diagnose(tf.sequential({ layers }), tf.zeros([BATCH, TIMESTEPS, FEATURES]));
  const sentence = expect.stringMatching(/^[A-Z].*\.$/);
  expect(findings).toEqual([
    {
      kind: 'nothing to see',
      severity: 'error',
      layerName: 'memory',
      direction: 'forward',
      cell: 0,
      gate: null,
      units: [],
      timestep: null,
      evidence: { 'valid steps': 0 },
      message: sentence,
      remedy: sentence,
    },
  ]);
});

test('Every input and every label is looked through', async () => {
  const inputs = [symbolic(), symbolic()];
  const layer = lstm({ ...KERAS_DEFAULTS, units: UNITS, name: 'memory' });
  const sum = tf.layers.add().apply(inputs) as tf.SymbolicTensor;
  const memory = layer.apply(sum) as tf.SymbolicTensor;
  const outputs = [1, 2, 3].map(() => tf.layers.dense({ units: 2 }).apply(memory) as tf.SymbolicTensor);
  const model = tf.model({ inputs, outputs });
  randomizeWeights(model, 5, 0.3);
  const bad = tf.fill([BATCH, 2], Number.NaN);
  const x = [input(1), tf.fill([BATCH, TIMESTEPS, FEATURES], Number.POSITIVE_INFINITY)];
  const findings = await diagnose(model, x, [tf.zeros([BATCH, 2]), tf.zeros([BATCH, 2]), bad]);
  const evidenceOf = (kind: string) =>
    findings.filter((finding) => finding.kind === kind).map(({ evidence }) => evidence);
  const of = BATCH * TIMESTEPS * FEATURES;
  expect(evidenceOf('non-finite input')).toEqual([{ input: 1, count: of, of }]);
  expect(evidenceOf('non-finite label')).toEqual([{ label: 2, count: 2 * BATCH, of: 2 * BATCH }]);
});

test('A shared layer is judged by all of its calls at once', async () => {
  const inputs = [symbolic(), symbolic()];
  const layer = lstm({ ...KERAS_DEFAULTS, units: UNITS, name: 'memory' });
  const outputs = inputs.map((x) => layer.apply(x) as tf.SymbolicTensor);
  const model = tf.model({ inputs, outputs });
  randomizeWeights(model, 5, 0.3);
  const [usual, poisoned] = [input(), tf.fill([BATCH, TIMESTEPS, FEATURES], Number.NaN)];
  const found = (await diagnose(model, [poisoned, usual])).filter(({ kind }) => kind === 'non-finite value');
  expect(found).toHaveLength(1);
  expect(found[0]?.evidence).toMatchObject({ 'count in i': BATCH * TIMESTEPS * UNITS });
  const [none] = (await diagnose(model, [usual, usual], null, { thresholds: { constantUnit: 3 } })) as [Finding];
  expect(none).toMatchObject({ kind: 'constant unit', layerName: 'memory' });
});

test('Weights are found in the direction and in the stacked cell that they are of', async () => {
  const inner = lstm({ ...KERAS_DEFAULTS, units: 3, returnSequences: true });
  const both = tf.layers.bidirectional({ layer: inner as tf.RNN, mergeMode: 'concat', name: 'both' });
  const cells = [2, 3].map((units) => lstmCell({ ...KERAS_DEFAULTS, units }));
  const stack = tf.layers.rnn({ cell: cells, name: 'stack' }) as tf.RNN;
  const x = symbolic();
  const model = tf.model({ inputs: x, outputs: stack.apply(both.apply(x)) as tf.SymbolicTensor });
  randomizeWeights(model, 5, 0.3);
  poison(cells[1]!.recurrentKernel);
  expect(placesOf(await diagnose(model, input()), 'non-finite weight')).toEqual(Array(4).fill(['stack', 'forward', 1]));
  poison((both as unknown as { backwardLayer: { cell: { kernel: tf.LayerVariable } } }).backwardLayer.cell.kernel);
  const places = placesOf(await diagnose(model, input()), 'non-finite weight');
  expect(places).toEqual([...Array(4).fill(['both', 'backward', 0]), ...Array(4).fill(['stack', 'forward', 1])]);
});

test('NaN starts where it comes in, in whichever direction a layer reads on from there', async () => {
  const inner = lstm({ ...KERAS_DEFAULTS, units: 3, returnSequences: true });
  const both = tf.layers.bidirectional({
    layer: inner as tf.RNN,
    mergeMode: 'concat',
    inputShape: [TIMESTEPS, FEATURES],
  });
  const model = tf.sequential({
    layers: [tf.layers.masking({ maskValue: 0, inputShape: [TIMESTEPS, FEATURES] }), both],
  });
  randomizeWeights(model, 5, 0.3);
  const [from, to] = [3, 5];
  const steps = tf.range(0, TIMESTEPS).reshape([1, TIMESTEPS, 1]);
  const isBroken = tf.logicalAnd(steps.greaterEqual(from), steps.lessEqual(to));
  const isMasked = steps.equal(to);
  const x = input().where(isBroken.logicalNot(), tf.fill([BATCH, TIMESTEPS, FEATURES], Number.NaN));
  const found = await diagnose(model, tf.where(isMasked, tf.zerosLike(x), x));
  expect(
    found
      .filter(({ kind }) => kind === 'non-finite value')
      .map(({ direction, gate, timestep }) => [direction, gate, timestep]),
  ).toEqual([
    ['forward', 'i', from],
    ['backward', 'i', to - 1],
  ]);
});

test('Within a severity, what concerns the most units comes first', async () => {
  const layer = lstm({ ...KERAS_DEFAULTS, units: UNITS, inputShape: [TIMESTEPS, FEATURES] });
  const model = tf.sequential({ layers: [layer] });
  randomizeWeights(model, 5, 0.3);
  const bias = [0, 2, 0, 0].map((value) => new Array(UNITS).fill(value) as number[]) as [
    number[],
    number[],
    number[],
    number[],
  ];
  bias[1].fill(9, 0, 3);
  bias[3].fill(9, 0, 6);
  layer.cell.bias?.write(tf.tensor1d(bias.flat()));
  const open = (await diagnose(model, input())).filter(({ kind }) => kind === 'gate open');
  expect(open.map(({ gate, units }) => [gate, units.length])).toEqual([
    ['o', 6],
    ['f', 3],
  ]);
});
