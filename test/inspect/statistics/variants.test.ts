import * as tf from '@tensorflow/tfjs';
import {
  describeStatistics,
  type GateStatistics,
  type GateSummary,
  gateStatistics,
  gateStatisticsAccumulator,
  traceLayer,
  type ValueSummary,
} from '../../../src/inspect/index.js';
import { useBackend } from '../../../tools/backends.js';
import { randomTensor } from '../../support/random.js';
import { FEATURES, layerOver, UNITS, valuesOf } from '../support/variant-cells.js';

beforeAll(() => useBackend('cpu'));
beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

const X = () => randomTensor<tf.Rank.R3>([2, 5, FEATURES], 3, 2);
const MASK = () => tf.tensor2d([1, 1, 1, 0, 0, 1, 1, 1, 1, 1], [2, 5], 'bool');

/** The entries by name: a gate's or a value's. */
const entries = (statistics: GateStatistics) => statistics as unknown as Record<string, GateSummary & ValueSummary>;

const QUANTITIES: Record<string, { gates: string[]; values: string[] }> = {
  plain: { gates: ['i', 'f', 'o'], values: ['g', 'c', 'h'] },
  peephole: { gates: ['i', 'f', 'o'], values: ['g', 'c', 'h'] },
  coupled: { gates: ['i', 'o'], values: ['g', 'c', 'h'] },
  projected: { gates: ['i', 'f', 'o'], values: ['g', 'c', 'h'] },
  odd: { gates: ['z'], values: ['i', 'c', 'n', 'h'] },
};

/** The values at valid steps of each unit. */
function validValues(values: number[][][], mask: number[][] | null): number[][] {
  const steps = values.flatMap((sample, b) => sample.filter((_, t) => mask === null || mask[b]![t] !== 0));
  return steps[0]!.map((_, unit) => steps.map((step) => step[unit] as number));
}

describe.each(Object.entries(QUANTITIES))('Of a %s cell', (name, { gates, values }) => {
  test.each([false, true])('statistics are of its own gates and states, masked: %p', async (isMasked) => {
    const mask = isMasked ? MASK() : null;
    const trace = traceLayer(layerOver(name), X(), { mask });
    const statistics = await gateStatistics(trace, { low: 0.3, high: 0.6 });
    expect(Object.keys(statistics.nonFinite).sort()).toEqual([...gates, ...values].sort());
    for (const quantity of [...gates, ...values]) {
      const units = validValues(valuesOf(trace, quantity), (mask?.arraySync() as number[][] | undefined) ?? null);
      const all = units.flat();
      const mean = all.reduce((sum, value) => sum + value, 0) / all.length;
      const { [quantity]: found } = entries(statistics);
      expect(found!.mean).toBeCloseTo(mean, 5);
      expect(found!.std).toBeCloseTo(Math.sqrt(all.reduce((sum, v) => sum + (v - mean) ** 2, 0) / all.length), 5);
      if (values.includes(quantity)) {
        expect(found).not.toHaveProperty('leftSaturated');
        expect(found).toMatchObject({ min: Math.min(...all), max: Math.max(...all) });
        continue;
      }
      expect(found).not.toHaveProperty('max');
      const share = (holds: (value: number) => boolean) => units.map((of) => of.filter(holds).length / of.length);
      expect(found!.leftSaturated).toEqual(share((value) => value < 0.3));
      expect(found!.rightSaturated).toEqual(share((value) => value > 0.6));
    }
  });

  test('nothing leaks', async () => {
    const layer = layerOver(name);
    const x = X();
    const before = tf.memory().numTensors;
    const trace = traceLayer(layer, x);
    await gateStatistics(trace);
    trace.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});

test('A horizon is that of the forget gate, and null where the cell has none', async () => {
  const trace = traceLayer(layerOver('projected'), X());
  const forget = validValues(valuesOf(trace, 'f'), null);
  const expected = forget.map((unit) => -unit.length / unit.reduce((sum, f) => sum + Math.log(f), 0));
  const { memoryHorizon } = await gateStatistics(trace);
  expect(memoryHorizon).toHaveLength(UNITS);
  for (const [unit, horizon] of memoryHorizon.entries()) expect(horizon! / expected[unit]!).toBeCloseTo(1, 5);
  for (const name of ['coupled', 'odd']) {
    expect((await gateStatistics(traceLayer(layerOver(name), X()))).memoryHorizon).toBeNull();
  }
});

test('The text names what the cell has, and says why there is no horizon', async () => {
  const coupled = describeStatistics(await gateStatistics(traceLayer(layerOver('coupled'), X())));
  expect(coupled).toMatch(/^ {2}input gate i +mean/m);
  expect(coupled).not.toContain('forget gate f ');
  expect(coupled).toContain('no memory horizon: the cell has no forget gate f');
  expect(coupled).not.toContain('Memory horizon:');
  const odd = describeStatistics(await gateStatistics(traceLayer(layerOver('odd'), X())));
  expect(odd).toMatch(/^ {2}gate z +mean/m);
  expect(odd).toMatch(
    /^ {2}input gate i +mean [\d.]+, from [\d.]+ to [\d.]+; not between 0 and 1, so never saturated$/m,
  );
  expect(odd).toMatch(/^ {2}normalizer n +mean 3, from 1 to 5$/m);
});

test('Values that are not finite are counted by the name of what they are of', async () => {
  const trace = traceLayer(layerOver('odd'), tf.fill([1, 3, FEATURES], 1e4));
  const { nonFinite } = await gateStatistics(trace);
  expect(Object.keys(nonFinite)).toEqual(['i', 'z', 'c', 'n', 'h']);
  const infinite = valuesOf(trace, 'i')
    .flat(2)
    .filter((value) => !Number.isFinite(value)).length;
  expect(infinite).toBeGreaterThan(0);
  expect(nonFinite).toMatchObject({ i: { count: infinite, firstTimestep: 0 }, n: { count: 0, firstTimestep: null } });
});

test('Batches of one cell are collected, those of a cell with other gates refused', async () => {
  const accumulator = gateStatisticsAccumulator();
  const [whole, part] = [X(), X()].map((x) => traceLayer(layerOver('coupled'), x)) as [never, never];
  await accumulator.add(whole);
  await accumulator.add(part);
  expect(accumulator.result()).toMatchObject({ validSteps: 20 });
  await expect(accumulator.add(traceLayer(layerOver('peephole'), X()))).rejects.toThrow(
    'GateStatisticsAccumulator.add: trace must be of the gates and states i [4], g [4], o [4], c [4], h [4], as the first trace is, got',
  );
});
