import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { gateStatistics, gateStatisticsAccumulator } from '../../../src/inspect/index.js';
import { useBackend } from '../../../tools/backends.js';
import { expectNumbersClose } from '../support/close-numbers.js';
import { padded, randomMask, randomSequences, traceOf, traceOfSteps } from '../support/traces.js';

beforeAll(() => useBackend('cpu'));

const someBatches = fc.record({
  sizes: fc.array(fc.record({ batch: fc.integer({ min: 1, max: 4 }), timesteps: fc.integer({ min: 1, max: 7 }) }), {
    minLength: 1,
    maxLength: 4,
  }),
  units: fc.integer({ min: 1, max: 4 }),
  seed: fc.integer({ min: 1, max: 1e6 }),
});

test('Batches of different sizes and lengths give the statistics of one that holds them all', async () => {
  const property = fc.asyncProperty(someBatches, async ({ sizes, units, seed }) => {
    const parts = { recurrentActivation: 'hardSigmoid' };
    const accumulator = gateStatisticsAccumulator({ low: 0.2, high: 0.7 });
    const batches = sizes.map(({ batch, timesteps }, n) => {
      const sequences = randomSequences([batch, timesteps, units], seed + n);
      (sequences.c[0]?.at(-1) as number[])[0] = Number.NaN;
      return { sequences, mask: randomMask([batch, timesteps], seed + n) };
    });
    for (const { sequences, mask } of batches) {
      const trace = traceOf(sequences, { mask, ...parts });
      await accumulator.add(trace);
      trace.dispose();
    }
    const whole = padded(batches, Math.max(...sizes.map(({ timesteps }) => timesteps)));
    const trace = traceOf(whole.sequences, { mask: whole.mask, ...parts });
    expectNumbersClose(accumulator.result(), await gateStatistics(trace, { low: 0.2, high: 0.7 }));
    trace.dispose();
  });
  await fc.assert(property, { numRuns: 100 });
});

test('The first timestep that is not finite is the first of any batch', async () => {
  const accumulator = gateStatisticsAccumulator();
  for (const values of [
    [1, 1, 1, Number.NaN],
    [1, Number.NaN, Number.NaN],
    [1, 1, Number.NaN],
  ]) {
    const trace = traceOfSteps('g', values);
    await accumulator.add(trace);
    trace.dispose();
  }
  expect(accumulator.result().nonFinite.g).toEqual({ count: 4, firstTimestep: 1 });
});

test('A result is of the traces so far and does not change afterwards', async () => {
  const accumulator = gateStatisticsAccumulator();
  const [first, second] = [traceOfSteps('h', [1, 2]), traceOfSteps('h', [6])];
  await accumulator.add(first);
  const early = accumulator.result();
  await accumulator.add(second);
  expect(early).toMatchObject({ validSteps: 2, h: { mean: 1.5 }, i: { leftSaturated: [0] } });
  expect(accumulator.result()).toMatchObject({ validSteps: 3, h: { mean: 3, max: 6 } });
  first.dispose();
  second.dispose();
});

test('Traces may be added at the same time', async () => {
  const accumulator = gateStatisticsAccumulator();
  const traces = [traceOfSteps('h', [1, 2]), traceOfSteps('h', [6]), traceOfSteps('h', [7])];
  await Promise.all(traces.map((trace) => accumulator.add(trace)));
  expect(accumulator.result()).toMatchObject({ validSteps: 4, h: { mean: 4, min: 1, max: 7 } });
  for (const trace of traces) trace.dispose();
});

test('Adding frees all that it made', async () => {
  const accumulator = gateStatisticsAccumulator();
  const trace = traceOfSteps('h', [1], { mask: [[1]] });
  const before = tf.memory().numTensors;
  await accumulator.add(trace);
  accumulator.result();
  expect(tf.memory().numTensors).toBe(before);
  trace.dispose();
});

test('A trace with other units or activations than the first is refused, and changes nothing', async () => {
  const accumulator = gateStatisticsAccumulator();
  const first = traceOfSteps('h', [1]);
  await accumulator.add(first);
  const before = accumulator.result();
  const refused = [
    [traceOf({ h: [[[1, 2]]] }), 'trace.units must be 1, as in the first trace, got 2'],
    [
      traceOfSteps('h', [1], { activation: 'relu' }),
      "trace.activation must be tanh, as in the first trace, got 'relu'",
    ],
    [
      traceOfSteps('h', [1], { recurrentActivation: 'hardSigmoid' }),
      "trace.recurrentActivation must be sigmoid, as in the first trace, got 'hardSigmoid'",
    ],
  ] as const;
  for (const [trace, message] of refused) {
    const adding = accumulator.add(trace);
    await expect(adding).rejects.toThrow(new RangeError(`GateStatisticsAccumulator.add: ${message}`));
    trace.dispose();
  }
  expect(accumulator.result()).toEqual(before);
  first.dispose();
});

test('What is not a trace and wrong thresholds are refused, and so is a result of nothing', async () => {
  const accumulator = gateStatisticsAccumulator();
  await expect(accumulator.add([] as never)).rejects.toThrow(
    /^GateStatisticsAccumulator\.add: trace must be a GateTrace, as traceLayer returns it, got \[\]$/,
  );
  expect(() => gateStatisticsAccumulator({ high: 2 })).toThrow(
    new RangeError('gateStatisticsAccumulator: high must be a number within [0, 1], got 2'),
  );
  expect(() => accumulator.result()).toThrow(
    new Error('GateStatisticsAccumulator.result: a trace must be added first'),
  );
});
