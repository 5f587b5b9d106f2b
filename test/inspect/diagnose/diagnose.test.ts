import * as tf from '@tensorflow/tfjs';
import { GATE_NAMES, KERAS_DEFAULTS } from '../../../src/index.js';
import { describeFindings, diagnose, type Finding } from '../../../src/inspect/index.js';
import { NODE_BACKENDS, useBackend } from '../../../tools/backends.js';
import { EXPLICIT, KINDS } from '../../support/factories.js';
import { randomizeWeights, randomTensor } from '../../support/random.js';

const [BATCH, TIMESTEPS, FEATURES, UNITS] = [4, 8, 3, 8];
const input = () => randomTensor([BATCH, TIMESTEPS, FEATURES], 1);

/** A model of one healthy LSTM, named 'memory', in which `spoil` may change the bias: [4][U] in blocks i, f, g, o. */
function modelWith(
  spoil: (bias: number[][]) => void = () => {},
  args: object = {},
  make: typeof EXPLICIT = EXPLICIT,
): tf.LayersModel {
  const layer = make.lstm({
    ...KERAS_DEFAULTS,
    units: UNITS,
    inputShape: [TIMESTEPS, FEATURES],
    name: 'memory',
    ...args,
  });
  const model = tf.sequential({ layers: [layer, tf.layers.dense({ units: 2 })] });
  randomizeWeights(model, 5, 0.3);
  tf.tidy(() => {
    const bias = GATE_NAMES.map((gate) => new Array(UNITS).fill(gate === 'f' ? 2 : 0) as number[]);
    spoil(bias);
    (layer as unknown as { cell: { bias: tf.LayerVariable } }).cell.bias.write(tf.tensor1d(bias.flat()));
  });
  return model;
}

const [I, F, G, O] = [0, 1, 2, 3];
const kinds = (findings: Finding[]) => findings.map(({ kind, gate }) => `${kind}: ${gate}`);

describe.each(NODE_BACKENDS)('On %s, a diagnosis', (backend) => {
  beforeAll(() => useBackend(backend));
  beforeEach(() => tf.engine().startScope());
  afterEach(() => tf.engine().endScope());

  test.each(KINDS)('finds nothing in a healthy LSTM of %s', async (_kind, make) => {
    expect(await diagnose(modelWith(undefined, {}, make), input(), tf.zeros([BATCH, 2]))).toEqual([]);
  });

  test.each(KINDS)(
    'tells which gate of which units is closed in an LSTM of %s, with evidence and a remedy',
    async (_kind, make) => {
      const model = modelWith((bias) => bias[O]!.fill(-9, 2, 6), {}, make);
      const [finding, ...others] = await diagnose(model, input());
      expect(finding).toMatchObject({
        kind: 'gate closed',
        severity: 'warning',
        layerName: 'memory',
        direction: 'forward',
        cell: 0,
        gate: 'o',
        units: [2, 3, 4, 5],
        evidence: { 'fraction of steps': 1, 'share of units': 0.5 },
      });
      expect(finding?.message).toMatch(/^The output gate is below 0\.1 at 100% of the steps in 4 of 8 units: 2-5: /);
      expect(finding?.remedy).not.toBe('');
      // That they are constant follows from it, and is not told as well.
      expect(others).toEqual([]);
    },
  );
});

describe('A diagnosis', () => {
  beforeAll(() => useBackend('cpu'));
  beforeEach(() => tf.engine().startScope());
  afterEach(() => tf.engine().endScope());

  const SPOILED: [string, (bias: number[][]) => void, object, string[]][] = [
    ['a closed input gate', (bias) => bias[I]!.fill(-9), {}, ['gate closed: i']],
    ['a closed forget gate', (bias) => bias[F]!.fill(-9), {}, ['gate closed: f', 'short memory: f']],
    ['a short memory', (bias) => bias[F]!.fill(-1.5), {}, ['short memory: f']],
    ['an open forget gate', (bias) => bias[F]!.fill(9), {}, ['gate open: f']],
    ['a saturated candidate', (bias) => bias[G]!.fill(9), {}, ['candidate saturated: g']],
    [
      'a runaway cell state',
      (bias) => {
        for (const gate of [I, F, G]) bias[gate]!.fill(9);
      },
      {},
      ['candidate saturated: g', 'cell state saturated: c', 'gate open: i', 'gate open: f'],
    ],
    [
      'a hard sigmoid without gradient',
      (bias) => bias[I]!.fill(-9),
      { recurrentActivation: 'hardSigmoid' },
      ['no gradient: i'],
    ],
  ];

  test.each(SPOILED)('recognises %s', async (_title, spoil, args, expected) => {
    const findings = await diagnose(modelWith(spoil, args), input());
    expect(kinds(findings).sort()).toEqual([...expected].sort());
    for (const { units } of findings) expect(units).toEqual([...Array(UNITS).keys()]);
  });

  test('calls what is true of few units a note, and of many a warning', async () => {
    const severityOf = async (units: number) => {
      const findings = await diagnose(
        modelWith((bias) => bias[I]!.fill(-9, 0, units)),
        input(),
      );
      return findings.find(({ kind }) => kind === 'gate closed')?.severity;
    };
    expect(await severityOf(2)).toBe('note');
    expect(await severityOf(3)).toBe('warning');
  });

  test('has thresholds that can be set', async () => {
    const model = modelWith((bias) => bias[I]!.fill(-1));
    expect(await diagnose(model, input())).toEqual([]);
    expect(kinds(await diagnose(model, input(), null, { thresholds: { low: 0.5, stuckFraction: 0.5 } }))).toContain(
      'gate closed: i',
    );
    const usual = await diagnose(model, input());
    for (const thresholds of [null, undefined, {}, { low: undefined }]) {
      expect(await diagnose(model, input(), null, { thresholds } as never)).toEqual(usual);
    }
    expect(kinds(await diagnose(model, input(), null, { thresholds: { constantUnit: 3 } }))).toEqual([
      'constant unit: h',
    ]);
    expect(kinds(await diagnose(model, input(), null, { thresholds: { shortMemory: 2 } }))).toEqual([
      'short memory: f',
    ]);
  });

  test('finds NaN in the data, and where it first appears in a layer', async () => {
    const model = modelWith();
    const x = tf.tidy(() => {
      const values = input().arraySync() as number[][][];
      values[1]![3]![0] = Number.NaN;
      return tf.tensor3d(values);
    });
    const findings = await diagnose(
      model,
      x,
      tf.tensor2d([
        [0, 1],
        [0, Number.POSITIVE_INFINITY],
        [0, 0],
        [0, 0],
      ]),
    );
    expect(kinds(findings)).toEqual(['non-finite input: null', 'non-finite label: null', 'non-finite value: i']);
    expect(findings.every(({ severity }) => severity === 'error')).toBe(true);
    expect(findings[0]?.evidence).toEqual({ input: 0, count: 1, of: BATCH * TIMESTEPS * FEATURES });
    expect(findings[2]).toMatchObject({ layerName: 'memory', gate: 'i' });
    expect(findings[2]?.evidence).toMatchObject({ 'first timestep': 3, 'count in i': UNITS * (TIMESTEPS - 3) });
  });

  test('finds the gate whose weights are NaN', async () => {
    const model = modelWith((bias) => {
      bias[G]![3] = Number.NaN;
    });
    const findings = await diagnose(model, input());
    expect(findings[0]).toMatchObject({
      kind: 'non-finite weight',
      severity: 'error',
      gate: 'g',
      evidence: { weights: 'bias' },
    });
    expect(kinds(findings).filter((kind) => kind.startsWith('non-finite'))).toEqual(['non-finite weight: g']);
  });

  test('tells when everything is masked', async () => {
    const masked = tf.sequential({
      layers: [
        tf.layers.masking({ maskValue: 0, inputShape: [TIMESTEPS, FEATURES] }),
        EXPLICIT.lstm({ units: 2, name: 'memory' }),
      ],
    });
    const findings = await diagnose(masked, tf.zeros([BATCH, TIMESTEPS, FEATURES]));
    expect(kinds(findings)).toEqual(['nothing to see: null']);
  });

  test('tells layers, directions and stacked cells apart', async () => {
    const x = tf.input({ shape: [TIMESTEPS, FEATURES] });
    const both = tf.layers.bidirectional({
      layer: EXPLICIT.lstm({ units: 3, returnSequences: true }) as tf.RNN,
      mergeMode: 'concat',
      name: 'both',
    });
    const stack = tf.layers.rnn({ cell: [2, 3].map((units) => EXPLICIT.lstmCell({ units })), name: 'stack' }) as tf.RNN;
    const model = tf.model({ inputs: x, outputs: stack.apply(both.apply(x)) as tf.SymbolicTensor });
    randomizeWeights(model, 5, 0.3);
    const findings = await diagnose(model, input(), null, { thresholds: { constantUnit: 3 } });
    const places = findings
      .filter(({ kind }) => kind === 'constant unit')
      .map(({ layerName, direction, cell, units }) => [layerName, direction, cell, units.length]);
    expect(places).toHaveLength(4);
    expect(places).toEqual(
      expect.arrayContaining([
        ['both', 'forward', 0, 3],
        ['both', 'backward', 0, 3],
        ['stack', 'forward', 0, 2],
        ['stack', 'forward', 1, 3],
      ]),
    );
  });

  test('ranks the most severe first, and prints and survives JSON', async () => {
    const model = modelWith((bias) => {
      bias[I]![0] = -9;
      bias[O]!.fill(-9, 0, 6);
    });
    const findings = await diagnose(model, input(), tf.fill([BATCH, 2], Number.NaN));
    const severities = findings.map(({ severity }) => ['error', 'warning', 'note'].indexOf(severity));
    expect(severities).toEqual([...severities].sort());
    expect(new Set(severities).size).toBe(3);
    expect(JSON.parse(JSON.stringify(findings))).toEqual(findings);
    const text = describeFindings(findings).split('\n');
    expect(text[0]).toBe('1. error: non-finite label');
    expect(text[4]).toMatch(/^2\. warning: memory, /);
    expect(text[5]).toMatch(/^ {3}\S/);
    expect(text[6]).toMatch(/^ {3}Evidence: .*share of units 0\.75/);
    expect(text[7]).toMatch(/^ {3}Try: /);
    expect(describeFindings([])).toBe(
      'Nothing found: all values are finite, and no gate, state or gradient stands out.',
    );
  });

  test('leaves nothing behind, also when it throws', async () => {
    const model = modelWith();
    const x = input();
    const count = tf.memory().numTensors;
    await diagnose(model, x);
    expect(tf.memory().numTensors).toBe(count);
    const refused: [Promise<unknown>, RegExp][] = [
      [
        diagnose(model, x, null, { thresholds: { lo: 1 } as never }),
        /^diagnose: thresholds must be among low, high, .*, got 'lo'/,
      ],
      [
        diagnose(model, x, null, { thresholds: { low: -1 } }),
        /^diagnose: thresholds\.low must be a number of at least 0, got -1/,
      ],
      [
        diagnose(model, x, null, { thresholds: { low: 0.95 } }),
        /^diagnose: thresholds\.low must be below high = 0\.9, got 0\.95/,
      ],
      [diagnose(model, x, null, { thresholds: 1 as never }), /^diagnose: thresholds must be an object, got 1/],
      [diagnose(model, x, [1] as never), /^diagnose: labels '.*' must be a concrete tensor, got 1/],
      [
        Promise.resolve().then(() => diagnose(model, x, 'x' as never)),
        /^diagnose: labels '.*' must be a concrete tensor, got 'x'/,
      ],
    ];
    for (const [promise, message] of refused) await expect(promise).rejects.toThrow(message);
    await expect(
      diagnose(tf.sequential({ layers: [tf.layers.dense({ units: 1, inputShape: [2] })] }), tf.ones([1, 2])),
    ).rejects.toThrow(/LSTM/);
  });
});
