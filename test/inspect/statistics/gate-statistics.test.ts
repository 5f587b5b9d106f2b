import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { QUANTITIES } from '../../../src/core/quantities.js';
import { lstm } from '../../../src/index.js';
import { type GateTrace, gateStatistics, traceLayer } from '../../../src/inspect/index.js';
import { NODE_BACKENDS, useBackend } from '../../../tools/backends.js';
import { randomizeWeights, randomTensor } from '../../support/random.js';
import { expectNumbersClose } from '../support/close-numbers.js';
import { float64Statistics } from '../support/float64-statistics.js';
import { randomMask, randomSequences, sequencesOf, traceOf, traceOfSteps } from '../support/traces.js';

const someCase = fc.record({
  shape: fc.tuple(
    fc.integer({ min: 1, max: 4 }),
    fc.integer({ min: 1, max: 6 }),
    fc.integer({ min: 1, max: 5 }),
  ) as fc.Arbitrary<[number, number, number]>,
  withMask: fc.boolean(),
  recurrentActivation: fc.constantFrom('sigmoid', 'hardSigmoid', 'hardSigmoidKeras3', 'linear'),
  thresholds: fc.constantFrom({ low: 0.1, high: 0.9 }, { low: 0.3, high: 0.35 }, { low: 0, high: 1 }),
  planted: fc.array(
    fc.record({
      quantity: fc.constantFrom(...QUANTITIES),
      value: fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY),
      at: fc.tuple(fc.nat(3), fc.nat(5), fc.nat(4)),
    }),
    { maxLength: 6 },
  ),
  seed: fc.integer({ min: 1, max: 1e6 }),
});

async function statisticsOf(trace: GateTrace, options?: Parameters<typeof gateStatistics>[1]) {
  const statistics = await gateStatistics(trace, options);
  trace.dispose();
  return statistics;
}

describe('On cpu, statistics', () => {
  beforeAll(() => useBackend('cpu'));

  test('are those of a plain float64 loop, whatever the shapes, masks and planted values', async () => {
    const property = fc.asyncProperty(someCase, async (one) => {
      const [batch, timesteps] = one.shape;
      const sequences = randomSequences(one.shape, one.seed);
      for (const { quantity, value, at } of one.planted) {
        const step = sequences[quantity][at[0] % batch]?.[at[1] % timesteps] as number[];
        step[at[2] % step.length] = value;
      }
      const mask = one.withMask ? randomMask([batch, timesteps], one.seed) : null;
      const names = { activation: 'tanh', recurrentActivation: one.recurrentActivation };
      const actual = await statisticsOf(traceOf(sequences, { mask, ...names }), one.thresholds);
      expectNumbersClose(actual, float64Statistics(sequences, { mask, ...names, ...one.thresholds }));
      expect(JSON.parse(JSON.stringify(actual))).toEqual(actual);
    });
    await fc.assert(property, { numRuns: 200 });
  });

  test('count a closed, an open and a working gate for each unit', async () => {
    const f = [
      [
        [0.05, 0.95, 0.5],
        [0.05, 0.85, 0.5],
      ],
      [
        [0.05, 0.95, 0.5],
        [0.2, 0.95, 0.95],
      ],
    ];
    const statistics = await statisticsOf(traceOf({ f }));
    expect(statistics.f.leftSaturated).toEqual([0.75, 0, 0]);
    expect(statistics.f.rightSaturated).toEqual([0, 0.75, 0.25]);
    expect(statistics.i).toEqual({
      mean: 0.5,
      std: 0,
      zeroGradient: null,
      leftSaturated: [0, 0, 0],
      rightSaturated: [0, 0, 0],
    });
    expect(statistics).toMatchObject({ units: 3, validSteps: 4, low: 0.1, high: 0.9 });
  });

  test('count a value on a threshold as neither below nor above it', async () => {
    const { o } = await statisticsOf(traceOfSteps('o', [0.25, 0.75, 0.125, 0.875]), { low: 0.25, high: 0.75 });
    expect(o).toMatchObject({ leftSaturated: [0.25], rightSaturated: [0.25] });
  });

  test.each(['hardSigmoid', 'hardSigmoidKeras3'])('count the steps at which %s has no gradient', async (name) => {
    const values = [0, 1, 0.001, 0.999, 0.5];
    const hard = await statisticsOf(traceOfSteps('i', values, { recurrentActivation: name }));
    expect(hard.i.zeroGradient).toEqual([0.4]);
    expect(hard.f.zeroGradient).toEqual([0]);
    const smooth = await statisticsOf(traceOfSteps('i', values));
    expect(smooth.i.zeroGradient).toBeNull();
  });

  test('leave masked steps out of everything', async () => {
    const g = [0.25, Number.NaN, 0.75, 100];
    const statistics = await statisticsOf(traceOfSteps('g', g, { mask: [[1, 0, 1, 0]] }));
    expect(statistics.g).toEqual({ mean: 0.5, std: 0.25, min: 0.25, max: 0.75 });
    expect(statistics.nonFinite.g).toEqual({ count: 0, firstTimestep: null });
    expect(statistics.validSteps).toBe(2);
  });

  test('are null, with counts of 0, when every step is masked', async () => {
    const statistics = await statisticsOf(traceOfSteps('g', [1, 2], { mask: [[0, 0]] }));
    const nothing = { mean: null, std: null };
    const gate = { ...nothing, leftSaturated: [null], rightSaturated: [null], zeroGradient: null };
    expect(statistics).toMatchObject({ validSteps: 0, i: gate, f: gate, o: gate, memoryHorizon: [null] });
    expect(statistics.g).toEqual({ ...nothing, min: null, max: null });
    expect(statistics.nonFinite.h).toEqual({ count: 0, firstTimestep: null });
  });

  test('are those of no step at all for an empty batch', async () => {
    const empty = tf.zeros([0, 3, 2]) as tf.Tensor3D;
    const trace = traceOf({ i: [[[0.5, 0.5]]] });
    const statistics = await gateStatistics({ ...trace, i: empty, f: empty, g: empty, o: empty, c: empty, h: empty });
    expect(statistics).toMatchObject({ validSteps: 0, memoryHorizon: [null, null], c: { mean: null } });
    empty.dispose();
    trace.dispose();
  });

  test('tell where values that are not finite begin, and keep them out of the rest', async () => {
    const c = [0.25, 0.75, Number.POSITIVE_INFINITY, Number.NaN];
    const statistics = await statisticsOf(traceOfSteps('c', c));
    expect(statistics.nonFinite.c).toEqual({ count: 2, firstTimestep: 2 });
    expect(statistics.c).toEqual({ mean: 0.5, std: 0.25, min: 0.25, max: 0.75 });
    const { i } = await statisticsOf(traceOfSteps('i', [0, Number.NaN]));
    expect(i).toMatchObject({ mean: 0, leftSaturated: [1] });
  });

  test('come through JSON unchanged, also a -0', async () => {
    const statistics = await statisticsOf(traceOfSteps('h', [-0, -0]));
    expect(statistics.h).toEqual({ mean: 0, std: 0, min: 0, max: 0 });
    expect(JSON.parse(JSON.stringify(statistics))).toEqual(statistics);
  });

  test('leave the trace to the caller and nothing else behind', async () => {
    const trace = traceOfSteps('h', [1, 2], { mask: [[1, 0]] });
    const before = tf.memory().numTensors;
    await gateStatistics(trace);
    expect(tf.memory().numTensors).toBe(before);
    expect(trace.h.isDisposed).toBe(false);
    trace.dispose();
  });

  test.each([
    [{ low: -0.1 }, 'low must be a number within [0, 1], got -0.1'],
    [{ low: '0.1' as never }, "low must be a number within [0, 1], got '0.1'"],
    [{ high: 1.5 }, 'high must be a number within [0, 1], got 1.5'],
    [{ high: Number.NaN }, 'high must be a number within [0, 1], got NaN'],
    [{ low: 0.9 }, 'low must be below high = 0.9, got 0.9'],
    [{ low: 0.5, high: 0.4 }, 'low must be below high = 0.4, got 0.5'],
  ])('are refused for the thresholds %p', async (options, message) => {
    const trace = traceOfSteps('h', [1]);
    await expect(gateStatistics(trace, options)).rejects.toThrow(new RangeError(`gateStatistics: ${message}`));
    trace.dispose();
  });

  test('are refused for what is not a trace', async () => {
    const refused = gateStatistics(null as never);
    await expect(refused).rejects.toThrow(/^gateStatistics: trace must be a GateTrace, .*, got null$/);
  });
});

describe.each(NODE_BACKENDS)('On %s, statistics of a layer', (backend) => {
  beforeAll(() => useBackend(backend));

  test.each([
    ['an explicit layer', true],
    ['the built-in layer', false],
  ])('hold for %s what the trace holds', async (_, isExplicit) => {
    const args = { units: 5, recurrentActivation: 'hardSigmoid', goBackwards: true } as const;
    const layer = isExplicit ? lstm(args) : tf.layers.lstm({ ...args });
    const x = randomTensor<tf.Rank.R3>([3, 7, 2], 5);
    layer.apply(tf.input({ shape: [null, 2] }));
    randomizeWeights(layer, 4, 2);
    const mask = randomMask([3, 7], 6);
    const maskTensor = tf.tensor2d(mask, [3, 7], 'bool');
    const trace = traceLayer(layer, x, { mask: maskTensor });
    const before = tf.memory().numTensors;
    const actual = await gateStatistics(trace);
    expect(tf.memory().numTensors).toBe(before);
    const names = { activation: 'tanh', recurrentActivation: 'hardSigmoid' };
    const expected = float64Statistics(sequencesOf(trace), { mask, ...names, low: 0.1, high: 0.9 });
    expectNumbersClose(actual, expected);
    // A case in which nothing saturates, or in which only masked steps do, would prove nothing.
    expect(Math.max(...(actual.i.zeroGradient as number[]))).toBeGreaterThan(0);
    expect(actual.validSteps).toBeLessThan(21);
    tf.dispose([x, maskTensor]);
    trace.dispose();
    layer.dispose();
  });

  test('are of a trace that is disposed while it is read', async () => {
    const trace = traceOfSteps('h', [1, 3]);
    const reading = gateStatistics(trace);
    trace.dispose();
    expect((await reading).h.mean).toBe(2);
  });
});
