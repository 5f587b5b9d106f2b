import * as tf from '@tensorflow/tfjs';
import { QUANTITIES } from '../../../src/core/quantities.js';
import { gateHeatmap } from '../../../src/plot/index.js';
import { useBackend } from '../../../tools/backends.js';
import { randomSequences, traceOf } from '../../inspect/support/traces.js';
import { drawn, parts, textsOf } from '../support/drawn.js';
import { pixelsOf, sizeOf } from '../support/png.js';

beforeAll(() => useBackend('cpu'));

const VIRIDIS_ENDS = [
  [68, 1, 84, 255],
  [253, 231, 37, 255],
];
const RED = [230, 25, 75, 255];
const TRANSPARENT = 0;

function imageOf(panel: { layer: { mark: { type: string }; data: { values: { url: string }[] } }[] }) {
  const image = panel.layer.find(({ mark }) => mark.type === 'image');
  return pixelsOf(image!.data.values[0]!.url);
}

test('Each quantity is a panel with an image, a pixel a value: time to the right, units downwards', async () => {
  const trace = traceOf({
    f: [
      [
        [0, 1, 0],
        [1, 1, 0],
      ],
    ],
  });
  const spec = parts(await gateHeatmap(trace));
  await drawn(spec);
  expect(spec.concat.map(({ title }: { title: string }) => title)).toEqual([
    'input gate i',
    'forget gate f',
    'candidate g',
    'output gate o',
    'cell state c',
    'hidden state h',
  ]);
  const { width, height, pixels } = imageOf(spec.concat[1]);
  const [dark, bright] = VIRIDIS_ENDS;
  expect([width, height]).toEqual([2, 3]);
  expect(pixels).toEqual([dark, bright, bright, bright, dark, dark]);
  trace.dispose();
});

test('Cells tell timestep, label, unit and every quantity', async () => {
  const sequences = randomSequences([2, 3, 2], 3);
  const trace = { ...traceOf(sequences), unitIndices: [5, 2] };
  const spec = parts(await gateHeatmap(trace, { sample: 1, quantities: ['o'], labels: ['a', ' ', 7] }));
  expect(spec.data.values).toHaveLength(6);
  const cell = spec.data.values.find(({ time, unit }: { time: string; unit: string }) => time === '1' && unit === '2');
  expect(cell).toMatchObject({ start: 0.5, end: 1.5, top: 0.5, bottom: 1.5, label: '␣' });
  for (const quantity of QUANTITIES) {
    expect(cell[quantity]).toBe(Number(Math.fround(sequences[quantity][1]![1]![1]!).toPrecision(4)));
  }
  const { tooltip, color, x, x2, y } = spec.concat[0].layer.at(-1).encoding;
  expect(tooltip.map(({ field }: { field: string }) => field)).toEqual(['time', 'label', 'unit', ...QUANTITIES]);
  expect([color.field, x.field, x2.field, y.field, y.axis.title, x.axis.title]).toEqual([
    'o',
    'start',
    'end',
    'top',
    'unit',
    'timestep',
  ]);
  const texts = textsOf(await drawn(spec));
  for (const text of ['a', '␣', '7', '5', '2', 'output gate o', '0.1', '0.9']) expect(texts).toContain(text);
  trace.dispose();
});

test('Units are drawn in the order that is asked for, and keep their numbers', async () => {
  const h = [
    [
      [0, 0, 0],
      [0.1, 0.9, 0.5],
    ],
  ];
  const trace = traceOf({ h });
  const spec = parts(await gateHeatmap(trace, { sortUnits: 'activity', quantities: ['h'] }));
  expect(spec.params).toContainEqual({ name: 'unitIndices', value: [1, 2, 0] });
  expect(spec.title.subtitle[0]).toContain('the most active first');
  const rows = spec.data.values.filter(({ time }: { time: string }) => time === '1');
  expect(rows.map(({ unit, top }: { unit: string; top: number }) => [unit, top])).toEqual([
    ['1', -0.5],
    ['2', 0.5],
    ['0', 1.5],
  ]);
  trace.dispose();
});

test('Masked steps have no cells; they are grey and hatched', async () => {
  const trace = traceOf({ f: [[[1], [0], [0], [1]]] }, { mask: [[1, 0, 0, 1]] });
  const spec = parts(await gateHeatmap(trace, { quantities: ['f'] }));
  const svg = await drawn(spec);
  expect(spec.data.values.map(({ time }: { time: string }) => time)).toEqual(['0', '3']);
  const [band, lines] = spec.concat[0].layer;
  expect(band.data.values).toEqual([{ start: 0.5, end: 2.5, masked: 'timesteps 1 to 2' }]);
  expect(lines.data.values).toEqual([
    { start: 0.5, end: 1.5 },
    { start: 1.5, end: 2.5 },
  ]);
  expect(spec.title.subtitle).toEqual(['sample 0: 4 timesteps, 2 of them masked; 1 unit']);
  expect(imageOf(spec.concat[0]).pixels.map(([, , , opacity]) => opacity)).toEqual([
    255,
    TRANSPARENT,
    TRANSPARENT,
    255,
  ]);
  expect(svg).toContain('#e4e7ea');
  trace.dispose();
});

test('Values that are not finite are red, and null in the data', async () => {
  const trace = traceOf({ c: [[[Number.NaN], [2], [Number.NEGATIVE_INFINITY]]] });
  const spec = parts(await gateHeatmap(trace, { quantities: ['c'] }));
  await drawn(spec);
  expect(imageOf(spec.concat[0]).pixels).toEqual([RED, [138, 60, 0, 255], RED]);
  expect(spec.data.values.map(({ c }: { c: number }) => c)).toEqual([null, 2, null]);
  expect(spec.concat[0].layer[1].encoding.color.scale.domain).toEqual([-2, -1.5, -1, -0.5, 0, 0.5, 1, 1.5, 2]);
  trace.dispose();
});

test('A trace of hundreds of thousands of values stays small, and its tooltips tell means of blocks', async () => {
  const [timesteps, units] = [1000, 256];
  const trace = tf.tidy(() => {
    // Without any pattern that compression could find.
    const steps = tf.mul(tf.range(0, timesteps * units), 12.9898);
    const noise = tf.mod(tf.mul(tf.sin(steps), 43758.5453), 1).reshape([1, timesteps, units]) as tf.Tensor3D;
    const values = () => noise.clone();
    const sequences = { i: values(), f: values(), g: values(), o: values(), c: values(), h: values() };
    const states = { h0: tf.zeros([1, units]) as tf.Tensor2D, c0: tf.zeros([1, units]) as tf.Tensor2D };
    return { ...sequences, ...states };
  });
  const { i, f, g, o, c, h, h0, c0 } = trace;
  const byName = { gates: { i, f, g, o }, states: { h, c }, initialStates: { h: h0, c: c0 } };
  const kind = { ...byName, mask: null, units, activation: 'tanh', recurrentActivation: 'sigmoid' };
  const whole = { ...trace, ...kind, dispose: () => tf.dispose(trace) };
  const spec = parts(await gateHeatmap(whole, { quantities: ['i', 'c'] }));
  const image = spec.concat[0].layer.find(({ mark }: { mark: { type: string } }) => mark.type === 'image');
  expect(sizeOf(image.data.values[0].url)).toEqual([720, 240]);
  expect(spec.data.values).toHaveLength(60 * 20);
  expect(spec.data.values[0]).toMatchObject({ time: '0 to 16', unit: '0 to 12', start: -0.5, end: 16.5 });
  const block = tf.tidy(() => tf.mean(tf.slice(trace.i, [0, 0, 0], [1, 17, 13])).dataSync()[0]!);
  expect(spec.data.values[0].i).toBeCloseTo(block, 3);
  expect(JSON.stringify(spec).length).toBeLessThan(2_000_000);
  expect((await drawn(await gateHeatmap(whole, { quantities: ['f'] }))).length).toBeLessThan(700_000);
  tf.dispose(trace);
}, 180_000);

test('Neither the trace nor the number of tensors changes', async () => {
  const trace = traceOf(randomSequences([2, 4, 3], 1), {
    mask: [
      [1, 1, 1, 0],
      [1, 0, 1, 1],
    ],
  });
  const before = tf.memory().numTensors;
  await gateHeatmap(trace);
  expect(tf.memory().numTensors).toBe(before);
  trace.dispose();
});

test('In the dark, the background and the diverging colours are dark', async () => {
  const trace = traceOf({ h: [[[0]]] });
  const spec = parts(
    await gateHeatmap(trace, { theme: 'dark', quantities: ['h'], title: 'mine', width: 77, height: 33 }),
  );
  expect(spec.config.background).toBe('#14171a');
  expect(imageOf(spec.concat[0]).pixels).toEqual(
    [[32, 36, 40, 255]].map((pixel) => pixel.map((c) => expect.closeTo(c, -1))),
  );
  expect([spec.title.text, spec.concat[0].width, spec.concat[0].height]).toEqual(['mine', 77, 33]);
  trace.dispose();
});

test('Wrong options are refused by name', async () => {
  const trace = traceOf({ f: [[[1]]] });
  const refusal = (options: object) => expect(gateHeatmap(trace, options)).rejects;
  await refusal({ quantities: ['z'] }).toThrow(
    "gateHeatmap: quantities must be a list of some of 'i', 'f', 'g', 'o', 'c', 'h', got ['z']",
  );
  await refusal({ quantities: [] }).toThrow('gateHeatmap: quantities must be');
  await refusal({ sortUnits: 'size' }).toThrow(
    "gateHeatmap: sortUnits must be 'index', 'saturation' or 'activity', got 'size'",
  );
  await refusal({ labels: ['a', 'b'] }).toThrow('gateHeatmap: timeLabels must be one for each of 1 timesteps');
  await refusal({ sort_units: 'index' }).toThrow("the option must be spelt 'sortUnits'");
  trace.dispose();
});
