import * as tf from '@tensorflow/tfjs';
import { flowStatistics, gateStatistics, gradientFlow, traceLayer } from '../../src/inspect/index.js';
import {
  activationText,
  comparisonPlot,
  gateHeatmap,
  gateTimeline,
  gradientFlowPlot,
  gradientHistogram,
  inspectionReport,
  memoryHorizonPlot,
  saturationPlot,
  type VegaLiteSpec,
  weightHeatmap,
  weightHistogram,
} from '../../src/plot/index.js';
import { useBackend } from '../../tools/backends.js';
import { FEATURES, layerOver, VARIANTS, valuesOf } from '../inspect/support/variant-cells.js';
import { randomTensor } from '../support/random.js';

beforeAll(() => useBackend('cpu'));
beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

const X = () => randomTensor<tf.Rank.R3>([2, 5, FEATURES], 3, 2);
const traceOf = (name: string) => traceLayer(layerOver(name), X());

interface Panel {
  title: string;
  layer: { data?: { values: Record<string, unknown>[] }; encoding?: { y?: { scale?: { domain: number[] } } } }[];
}
const panelsOf = (spec: VegaLiteSpec) => spec.concat as Panel[];
const titlesOf = (spec: VegaLiteSpec) => panelsOf(spec).map(({ title }) => title);
const rowsOf = (spec: VegaLiteSpec) => (spec.data as { values: Record<string, unknown>[] }).values;

const TITLES: Record<string, string[]> = {
  peephole: ['input gate i', 'forget gate f', 'candidate g', 'output gate o', 'cell state c', 'hidden state h'],
  coupled: ['input gate i', 'candidate g', 'output gate o', 'cell state c', 'hidden state h'],
  projected: [
    'input gate i',
    'forget gate f',
    'candidate g',
    'output gate o',
    'cell state c',
    'hidden state h (3 values)',
  ],
  odd: ['input gate i', 'gate z', 'cell state c (2 values)', 'normalizer n (5 values)', 'hidden state h'],
};

describe.each(Object.entries(TITLES))('Of a %s cell', (name, titles) => {
  test('the heatmap and the timeline have a panel for each of its quantities', async () => {
    expect(titlesOf(await gateHeatmap(traceOf(name)))).toEqual(titles);
    expect(titlesOf(await gateTimeline(traceOf(name)))).toEqual(titles);
  });

  test('the heatmap shows the values of each, by unit or else counted', async () => {
    const trace = traceOf(name);
    const spec = await gateHeatmap(trace, { sample: 1 });
    for (const { title, layer } of panelsOf(spec)) {
      const [, quantity] = title.match(/ (\w)(?: \(|$)/) as unknown as [string, string];
      const values = valuesOf(trace, quantity)[1]!;
      const own = layer.find(({ data }) => data?.values[0] && quantity in data.values[0]);
      const rows = own?.data?.values ?? rowsOf(spec);
      expect(own !== undefined).toBe(title.endsWith('values)'));
      const tile = rows.find(({ time, unit }) => time === '2' && unit === `${values[2]!.length - 1}`);
      expect(tile?.[quantity]).toBeCloseTo(values[2]!.at(-1)!, 3);
      expect(rows).toHaveLength(5 * values[0]!.length);
    }
  });

  test('the report carries each of its quantities, with what is known of its gates', async () => {
    const model = tf.sequential({ layers: [tf.layers.inputLayer({ inputShape: [5, FEATURES] }), layerOver(name)] });
    const html = await inspectionReport({ model, inputs: X() });
    const [, json] = html.match(/<script[^>]*id="data"[^>]*>(.*?)<\/script>/s) as unknown as [string, string];
    const [layer] = JSON.parse(json).layers;
    expect(layer.quantities).toEqual(titles.map((title) => title.replace(/ \(.*/, '').at(-1)));
    expect(html.includes('input gate i')).toBe(true);
    expect(html.includes('The findings could not be computed')).toBe(false);
  });
});

test('A quantity that the cell does not have is refused by name, with those that it has', async () => {
  const trace = traceOf('coupled');
  const there = "'i', 'g', 'o', 'c', 'h', which is what the cell has";
  await expect(gateHeatmap(trace, { quantities: ['i', 'f'] })).rejects.toThrow(
    `gateHeatmap: quantities must be a list of some of ${there}, got ['i', 'f']`,
  );
  await expect(gateTimeline(trace, { quantities: ['n'] })).rejects.toThrow(
    `gateTimeline: quantities must be a list of some of 'i', 'g', 'o', 'c', 'h', got ['n']`,
  );
  await expect(activationText(trace, { timeLabels: [...'abcde'], unit: 0, quantity: 'f' })).rejects.toThrow(
    `activationText: quantity must be 'i', 'g', 'o', 'c' or 'h', which is what the cell has, got 'f'`,
  );
  await expect(memoryHorizonPlot(await gateStatistics(trace))).rejects.toThrow(
    'statistics must be of a cell that has a memory horizon: the cell has no forget gate f',
  );
});

test('A text is coloured by a quantity of another width than U', async () => {
  const trace = traceOf('odd');
  const spec = await activationText(trace, { timeLabels: [...'abcde'], unit: 4, quantity: 'n' });
  expect(rowsOf(spec).map(({ value }) => value)).toEqual([1, 2, 3, 4, 5]);
  await expect(activationText(trace, { timeLabels: [...'abcde'], unit: 2, quantity: 'c' })).rejects.toThrow(
    'unit must be',
  );
});

test('Saturation is drawn of the gates that can be saturated, and compared with those of another cell', async () => {
  const [odd, projected] = [await gateStatistics(traceOf('odd')), await gateStatistics(traceOf('projected'))];
  const dots = rowsOf(await saturationPlot(odd));
  expect(dots.map(({ gate }) => gate)).toEqual(new Array(4).fill('gate z'));
  const z = valuesOf(traceOf('odd'), 'z').flat();
  expect(dots[2]!.left).toBeCloseTo(z.filter((units) => units[2]! < 0.1).length / z.length, 3);
  const compared = await comparisonPlot({ odd, projected });
  expect(titlesOf(compared)).toEqual([
    ...['gate z', 'input gate', 'forget gate', 'output gate'].map((gate) => `${gate} closed`),
    ...['gate z', 'input gate', 'forget gate', 'output gate'].map((gate) => `${gate} open`),
    'memory horizon',
  ]);
});

test('Weights are drawn in their own blocks, and as a whole where they have none', async () => {
  const layer = layerOver('odd');
  const heatmap = await weightHeatmap(layer);
  expect((heatmap.vconcat as Panel[]).map(({ title }) => title)).toEqual([
    'kernel [3, 8]',
    'recurrent kernel [4, 8]',
    'bias [8]',
    'mixer [4, 2]',
  ]);
  const histogram = await weightHistogram(layer);
  const groups = histogram.vconcat as unknown as {
    title: string;
    data: { values: { gate: string; count: number }[] };
  }[];
  const counts = groups.map(({ title, data }) => {
    const byGate: Record<string, number> = {};
    for (const { gate, count } of data.values) byGate[gate] = (byGate[gate] ?? 0) + count;
    return [title, byGate];
  });
  expect(counts).toEqual([
    ['kernel', { i: 12, z: 12 }],
    ['recurrent kernel', { i: 16, z: 16 }],
    ['bias', { i: 4, z: 4 }],
    ['mixer', { all: 8 }],
  ]);
  await expect(weightHeatmap(layer, { weights: ['projectionKernel'] })).rejects.toThrow('weights must be');
});

test('Nothing leaks', async () => {
  for (const name of Object.keys(VARIANTS)) {
    const [layer, trace] = [layerOver(name), traceOf(name)];
    const before = tf.memory().numTensors;
    await gateHeatmap(trace);
    await gateTimeline(trace);
    await weightHeatmap(layer);
    await weightHistogram(layer);
    expect(tf.memory().numTensors).toBe(before);
  }
});

test('Gradients are drawn of the gates and weights that the cell has, without paths that it does not have', async () => {
  for (const [name, gates, paths] of [
    ['peephole', ['i', 'f', 'g', 'o'], true],
    ['coupled', ['i', 'g', 'o'], false],
  ] as const) {
    const flow = gradientFlow(layerOver(name), X(), (h) => tf.sum(tf.square(h)));
    const panels = (await gradientFlowPlot(await flowStatistics(flow))).vconcat as { title: string }[];
    expect(panels.some(({ title }) => title === 'share by path')).toBe(paths);
    const drawn = JSON.stringify(panels);
    for (const gate of ['i', 'f', 'g', 'o'])
      expect(drawn.includes(`gate ${gate}, dL/dz`)).toBe(gates.some((one) => one === gate));
    const rows = (await gradientHistogram(flow)).vconcat as { title: string; data: { values: { gate: string }[] } }[];
    const gatesOf = (title: string) => [
      ...new Set(rows.find((row) => row.title === title)?.data.values.map(({ gate }) => gate)),
    ];
    expect(gatesOf('pre-activations')).toEqual(gates);
    expect(gatesOf('kernel')).toEqual(gates);
    flow.dispose();
  }
});
