import * as tf from '@tensorflow/tfjs';
import { gateTimeline } from '../../../src/plot/index.js';
import { useBackend } from '../../../tools/backends.js';
import { randomSequences, traceOf } from '../../inspect/support/traces.js';
import { drawn, parts, textsOf } from '../support/drawn.js';

beforeAll(() => useBackend('cpu'));

interface Point {
  time: number;
  unit: string;
  [name: string]: unknown;
}

test('A panel a quantity shows the chosen units at each timestep', async () => {
  const sequences = randomSequences([2, 3, 4], 8);
  const trace = { ...traceOf(sequences), unitIndices: [9, 8, 7, 6] };
  const before = tf.memory().numTensors;
  const spec = parts(await gateTimeline(trace, { sample: 1, units: [6, 9], labels: ['x', 'y', 'z'] }));
  expect(tf.memory().numTensors).toBe(before);
  const texts = textsOf(await drawn(spec));
  for (const text of ['6', '9', 'x', 'y', 'z', 'cell state c', 'timestep', 'unit']) expect(texts).toContain(text);
  expect(spec.concat).toHaveLength(6);
  const points: Point[] = spec.data.values;
  expect(points).toHaveLength(6);
  const point = points.find(({ time, unit }) => time === 2 && unit === '6');
  expect(point).toMatchObject({ label: 'z', g: Number(Math.fround(sequences.g[1]![2]![3]!).toPrecision(4)) });
  expect(spec.concat[2].layer.at(-2).encoding).toMatchObject({
    x: { field: 'time' },
    y: { field: 'g' },
    color: { field: 'unit' },
  });
  trace.dispose();
});

test('By default the three units are drawn whose hidden state moves most', async () => {
  const trace = traceOf({
    h: [
      [
        [0, 0, 0, 0],
        [0.1, 0.9, 0.3, 0.5],
      ],
    ],
  });
  const spec = parts(await gateTimeline(trace, { quantities: ['h'] }));
  expect([...new Set(spec.data.values.map(({ unit }: Point) => unit))]).toEqual(['1', '3', '2']);
  trace.dispose();
});

test('Thresholds of saturation are drawn for gates, and for nothing else', async () => {
  const trace = traceOf({ h: [[[0.5], [0.2]]] });
  const spec = parts(await gateTimeline(trace));
  const withRules = spec.concat.map(
    ({ layer }: { layer: { mark: { type: string } }[] }) => layer[0]!.mark.type === 'rule',
  );
  expect(withRules).toEqual([true, true, false, true, false, false]);
  expect(spec.concat[0].layer[0].data.values).toEqual([{ threshold: 0.1 }, { threshold: 0.9 }]);
  trace.dispose();
});

test('Lines break at masked steps and leave out what is not finite', async () => {
  const trace = traceOf({ c: [[[1], [7], [Number.NaN], [2]]] }, { mask: [[1, 0, 1, 1]] });
  const spec = parts(await gateTimeline(trace, { quantities: ['c'] }));
  expect(spec.data.values.map(({ c }: Point) => c)).toEqual([1, null, null, 2]);
  expect(spec.concat[0].layer[0].data.values).toEqual([{ start: 0.5, end: 1.5, masked: 'timestep 1' }]);
  expect(spec.title.subtitle[0]).toBe('sample 0: 4 timesteps, 1 of them masked');
  await drawn(spec);
  trace.dispose();
});

test('Many timesteps are means of neighbours within bands from the smallest to the largest', async () => {
  const values = Array.from({ length: 800 }, (_, t) => [t % 2 === 0 ? 0.25 : 0.75]);
  const trace = traceOf({ f: [values] });
  const spec = parts(await gateTimeline(trace, { quantities: ['f'] }));
  await drawn(spec);
  expect(spec.data.values).toHaveLength(400);
  expect(spec.data.values[1]).toMatchObject({ time: 2.5, f: 0.5, fMin: 0.25, fMax: 0.75 });
  expect(spec.concat[0].layer.map(({ mark }: { mark: { type: string } }) => mark.type)).toContain('area');
  trace.dispose();
});

test('Units that there are not, too many and twice the same are refused', async () => {
  const trace = traceOf({ f: [[[1, 2]]] });
  const refusal = (units: unknown) => expect(gateTimeline(trace, { units } as never)).rejects;
  await refusal([2]).toThrow('gateTimeline: units must be among those of the trace, got 2');
  await refusal([0, 0]).toThrow('gateTimeline: units must be 1 to 8 different unit numbers, got [0, 0]');
  await refusal([]).toThrow('gateTimeline: units must be 1 to 8');
  await refusal([0, 1, 2, 3, 4, 5, 6, 7, 8]).toThrow('gateTimeline: units must be 1 to 8');
  await expect(gateTimeline(trace, { quantities: ['q' as never] })).rejects.toThrow('gateTimeline: quantities must be');
  trace.dispose();
});
