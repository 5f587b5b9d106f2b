import * as tf from '@tensorflow/tfjs';
import type { FlowStatistics, MonitorHistory } from '../../src/inspect/index.js';
import {
  activationText,
  comparisonPlot,
  gateHeatmap,
  gateTimeline,
  gradientFlowPlot,
  gradientHistogram,
  inputSensitivityPlot,
  memoryHorizonPlot,
  type PlotOptions,
  saturationPlot,
  trainingHistoryPlot,
  type VegaLiteSpec,
  weightHeatmap,
  weightHistogram,
} from '../../src/plot/index.js';
import { useBackend } from '../../tools/backends.js';
import { traceOf } from '../inspect/support/traces.js';
import { BUILT_IN } from '../support/factories.js';
import { parts } from './support/drawn.js';
import { STATISTICS } from './support/statistics.js';

// What each picture makes of its rows: which field goes where, on which scale, and what a pointer is told.

beforeAll(() => useBackend('cpu'));

/** Two units, three steps, the second of them masked; c reaches from -2 to 1. */
const trace = () =>
  traceOf(
    {
      c: [
        [
          [1, -2],
          [7, 7],
          [0.5, 0.25],
        ],
      ],
    },
    { mask: [[1, 0, 1]] },
  );

function layer() {
  const lstm = BUILT_IN.lstm({ units: 2, name: 'reader' });
  lstm.apply(tf.input({ shape: [null, 3] }));
  const kernel = tf.tensor2d([0.5, -4, ...new Array(22).fill(0.25)], [3, 8]);
  lstm.setWeights([kernel, tf.fill([2, 8], 3), tf.zeros([8])]);
  return lstm;
}

const FLOW = {
  timesteps: 3,
  nonFinite: { count: 2, firstTimestep: 0 },
  verdict: null,
  sentence: 's',
  retained: [0.02, 0.2, 1],
  dh: [1, 2, 4],
  dc: [8, null, 40],
  dhRecurrent: [2, 2, 2],
  linearPath: [3, 3, 3],
  dz: { i: [1, 2, 3], f: [4, 5, 6], g: [7, 8, 9], o: [10, 11, 12] },
  shareThroughCell: [0.25, 0.5, null],
  shareOfLinearPath: [0.125, 0.5, 1],
} as unknown as FlowStatistics;

const gate = { mean: 0.5, std: 0.1, leftSaturated: 0.125, rightSaturated: 0.25, stuckUnits: 0 };
const norms = { kernel: {}, recurrentKernel: { i: 5, f: 6, g: 7, o: 8 }, bias: null };
const HISTORY = {
  records: [0, 2].map((step) => ({
    step,
    loss: 2 - step,
    gradientNorm: 3,
    layers: [
      {
        layerName: 'lstm',
        direction: 'forward',
        cell: 0,
        weightNorms: norms,
        gradientNorms: norms,
        gates: { i: gate, f: gate, o: gate, medianMemoryHorizon: 4 },
        flow: { slope: -0.5 },
      },
    ],
  })),
  warnings: [{ step: 2, layerName: 'lstm', direction: 'forward', cell: 0, kind: 'k', severity: 'note', message: 'm' }],
} as unknown as MonitorHistory;

const gradients = () => {
  const row = (...values: number[]) => tf.tensor3d(values, [1, 3, 1]);
  const byGate = { i: tf.scalar(1), f: tf.scalar(-2), g: tf.scalar(0), o: tf.scalar(0.5) };
  return {
    dh: row(0, 0, 0),
    dz: { i: row(1, 2, 3), f: row(0, 0, 0), g: row(1, 1, 1), o: row(-8, 0, 1) },
    dWeights: { kernel: byGate, recurrentKernel: byGate, bias: byGate },
    trace: { units: 1, mask: null },
  } as never;
};

const PICTURES: Record<string, (options: PlotOptions) => Promise<VegaLiteSpec>> = {
  activationText: (options) => activationText(trace(), { ...options, timeLabels: ['a', 'b', 'c'], unit: 0 }),
  comparisonPlot: (options) => comparisonPlot({ a: STATISTICS, b: STATISTICS }, options),
  gateHeatmap: (options) => gateHeatmap(trace(), options),
  gateTimeline: (options) => gateTimeline(trace(), options),
  gradientFlowPlot: (options) => gradientFlowPlot(FLOW, options),
  gradientHistogram: (options) => gradientHistogram(gradients(), options),
  inputSensitivityPlot: (options) => inputSensitivityPlot(tf.tensor2d([[1, 2]]), options),
  memoryHorizonPlot: (options) => memoryHorizonPlot({ z: STATISTICS }, options),
  saturationPlot: (options) => saturationPlot(STATISTICS, options),
  trainingHistoryPlot: (options) => trainingHistoryPlot(HISTORY, options),
  weightHeatmap: (options) => weightHeatmap(layer(), { ...options, weights: ['kernel', 'recurrentKernel'] }),
  weightHistogram: (options) => weightHistogram(layer(), options),
};

/** Of every panel and image; marks such as circles have no width. */
function sizesIn(part: unknown): [number, number][] {
  if (typeof part !== 'object' || part === null) return [];
  const { width, height } = part as { width: number; height: number };
  const own: [number, number][] = 'width' in part ? [[width, height]] : [];
  return [...own, ...Object.entries(part).flatMap(([key, inner]) => (key === 'data' ? [] : sizesIn(inner)))];
}

const SIZES: Record<string, [number, number]> = {
  activationText: [640, 22],
  comparisonPlot: [180, 52],
  gateHeatmap: [120, 80],
  gateTimeline: [120, 110],
  gradientFlowPlot: [120, 140],
  gradientHistogram: [130, 90],
  inputSensitivityPlot: [120, 160],
  memoryHorizonPlot: [360, 140],
  saturationPlot: [200, 200],
  trainingHistoryPlot: [250, 110],
  weightHeatmap: [560, 200],
  weightHistogram: [130, 90],
};

test.each(Object.keys(PICTURES))(
  '%s is as large as it is asked to be, with the title and theme that are asked for',
  async (name) => {
    const draw = PICTURES[name] as (options: PlotOptions) => Promise<VegaLiteSpec>;
    const asked = parts(await draw({ width: 277, height: 133, title: 'mine', theme: 'dark' }));
    expect(new Set(sizesIn(asked).map(String))).toEqual(new Set(['277,133']));
    expect([asked.title.text, asked.config.background]).toEqual(['mine', '#14171a']);
    const plain = parts(await draw({}));
    expect(new Set(sizesIn(plain).map(String))).toEqual(new Set([String(SIZES[name])]));
    expect([plain.title.text === 'mine', plain.config.background]).toEqual([false, '#ffffff']);
  },
);

const TIME = { type: 'quantitative', scale: { domain: [-0.5, 2.5], nice: false, zero: false } };
const QUANTITY_FIELDS = [
  { field: 'i', type: 'quantitative', title: 'input gate i' },
  { field: 'f', type: 'quantitative', title: 'forget gate f' },
  { field: 'g', type: 'quantitative', title: 'candidate g' },
  { field: 'o', type: 'quantitative', title: 'output gate o' },
  { field: 'c', type: 'quantitative', title: 'cell state c' },
  { field: 'h', type: 'quantitative', title: 'hidden state h' },
];

test('gateHeatmap: time to the right, units downwards, colour by value', async () => {
  const spec = parts(await gateHeatmap(trace(), { quantities: ['f', 'c'] }));
  expect([spec.columns, spec.resolve]).toEqual([2, { scale: { color: 'independent' } }]);
  const [f, c] = spec.concat.map((panel: { layer: { encoding: { x2?: unknown; color?: unknown } }[] }) =>
    panel.layer.find(({ encoding }) => encoding.color !== undefined),
  );
  expect(f.encoding.x).toMatchObject({ ...TIME, field: 'start', axis: { title: 'timestep' } });
  expect(f.encoding.y).toEqual({
    field: 'top',
    type: 'quantitative',
    scale: { domain: [-0.5, 1.5], reverse: true, nice: false, zero: false },
    axis: {
      title: 'unit',
      grid: false,
      tickMinStep: 1,
      tickCount: 4,
      labelExpr: "datum.value % 1 === 0 && isValid(unitIndices[datum.value]) ? unitIndices[datum.value] : ''",
    },
  });
  expect([f.encoding.x2, f.encoding.y2]).toEqual([{ field: 'end' }, { field: 'bottom' }]);
  expect(f.encoding.tooltip).toEqual([
    { field: 'time', type: 'nominal', title: 'timestep' },
    { field: 'unit', type: 'nominal', title: 'unit' },
    ...QUANTITY_FIELDS,
  ]);
  const endsOf = ({ domain }: { domain: number[] }) => [domain[0], domain.at(-1)];
  expect([endsOf(f.encoding.color.scale), f.encoding.color.legend.values]).toEqual([
    [0, 1],
    [0.1, 0.5, 0.9],
  ]);
  expect([endsOf(c.encoding.color.scale), c.encoding.color.legend.values]).toEqual([
    [-2, 2],
    [-2, 0, 2],
  ]);
  expect(f.encoding.color.legend.gradientLength).toBe(80);
  expect(parts(await gateHeatmap(trace(), { width: 451 })).columns).toBe(1);
});

test('gateTimeline: a line and points a unit, within what the quantity can be', async () => {
  const spec = parts(await gateTimeline(trace(), { quantities: ['c'], units: [1, 0], timeLabels: ['a', 'b', 'c'] }));
  const [, , line, points, marks] = spec.concat[0].layer;
  const color = {
    field: 'unit',
    type: 'nominal',
    scale: { domain: ['1', '0'], range: ['#0072b2', '#d55e00'] },
    legend: { title: 'unit', symbolOpacity: 1 },
  };
  const y = {
    field: 'c',
    type: 'quantitative',
    scale: { domain: [-2, 2], nice: false },
    axis: { title: null, tickCount: 4 },
  };
  expect(line.mark).toEqual({
    type: 'line',
    strokeWidth: 1.8,
    invalid: 'break-paths-show-path-domains',
    aria: false,
  });
  expect(line.encoding).toEqual({ x: expect.objectContaining({ ...TIME, field: 'time' }), y, color });
  expect(points.mark).toEqual({ type: 'point', filled: true, size: 14, opacity: 1, aria: false });
  const which = [
    { field: 'steps', type: 'nominal', title: 'timestep' },
    { field: 'label', type: 'nominal', title: 'label' },
    { field: 'unit', type: 'nominal', title: 'unit' },
  ];
  expect(points.encoding).toMatchObject({ y, color, tooltip: [...which, ...QUANTITY_FIELDS] });
  expect(marks).toEqual({
    transform: [{ filter: 'datum.cIsNonFinite' }],
    mark: { type: 'rule', color: '#e6194b', strokeWidth: 3, aria: false },
    encoding: {
      x: expect.objectContaining({ field: 'time' }),
      y: { value: 100 },
      y2: { value: 110 },
      tooltip: which,
    },
  });
  const dense = parts(await gateTimeline(trace(), { quantities: ['f'], width: 17 })).concat[0].layer;
  expect(dense.slice(2, 5)).toMatchObject([
    { mark: { type: 'rule', strokeDash: [4, 3], color: '#59636e', tooltip: null } },
    { mark: { type: 'line', strokeWidth: 1 } },
    { mark: { type: 'point', size: 4 } },
  ]);
  expect(dense[2].encoding).toEqual({ y: { field: 'threshold', type: 'quantitative' } });
  expect(parts(await gateTimeline(trace(), { width: 451 })).columns).toBe(1);
});

test('gateTimeline: many steps are a band behind the line', async () => {
  const long = traceOf({ f: [Array.from({ length: 401 }, (_, t) => [t / 401])] });
  const spec = parts(await gateTimeline(long, { quantities: ['f'] }));
  const [, band] = spec.concat[0].layer;
  expect(band.mark).toEqual({ type: 'area', opacity: 0.25, aria: false });
  expect(band.encoding).toMatchObject({ y: { field: 'fMin', scale: { domain: [0, 1] } }, y2: { field: 'fMax' } });
  expect(spec.title.subtitle).toContain('lines are means of neighbouring timesteps, bands their range');
});

test('activationText: tokens stand in lines, coloured by value', async () => {
  const spec = parts(
    await activationText(trace(), { timeLabels: ['ab', 'c', 'd'], unit: 1, quantity: 'c', width: 39 }),
  );
  const [tiles, letters, key] = spec.layer;
  expect([spec.width, spec.height]).toEqual([39, 44]);
  const x = { type: 'quantitative', scale: { domain: [0, 39], nice: false }, axis: null };
  const y = { type: 'quantitative', scale: { domain: [0, 2], nice: false, reverse: true }, axis: null };
  expect(tiles.mark).toEqual({ type: 'rect', invalid: null, aria: false });
  expect(tiles.encoding).toMatchObject({
    x: { ...x, field: 'start' },
    x2: { field: 'end' },
    y: { ...y, field: 'top' },
    y2: { field: 'bottom' },
    color: {
      condition: [
        { test: 'datum.masked', value: '#e4e7ea' },
        { test: '!isValid(datum.value)', value: '#e6194b' },
      ],
      field: 'value',
      type: 'quantitative',
      legend: { values: [-2, 0, 2], gradientLength: 80 },
    },
    tooltip: [
      { field: 'timestep', type: 'quantitative', title: 'timestep' },
      { field: 'token', type: 'nominal', title: 'label' },
      { field: 'value', type: 'quantitative', title: 'cell state c of unit 1' },
    ],
  });
  expect(letters).toEqual({
    mark: { type: 'text', font: 'monospace', fontSize: 13, tooltip: null },
    encoding: {
      x: { ...x, field: 'centre' },
      y: { ...y, field: 'middle' },
      text: { field: 'token', type: 'nominal' },
      color: { field: 'ink', type: 'nominal', scale: null },
    },
  });
  expect(key.encoding.fill.scale.domain).toEqual(['masked']);
  expect(spec.transform).toEqual([
    { calculate: 'datum.line + 0.04', as: 'top' },
    { calculate: 'datum.line + 0.96', as: 'bottom' },
    { calculate: 'datum.line + 0.5', as: 'middle' },
    { calculate: '(datum.start + datum.end) / 2', as: 'centre' },
  ]);
  expect(spec.data.values).toEqual(
    [
      { token: 'ab', line: 0, start: 0, end: 16.8, timestep: 0, value: -2, masked: false, ink: '#ffffff' },
      { token: 'c', line: 0, start: 19.8, end: 28.2, timestep: 1, value: null, masked: true, ink: '#a9b1ba' },
      { token: 'd', line: 1, start: 0, end: 8.4, timestep: 2, value: 0.25, masked: false, ink: '#000000' },
    ].map((token) => ({ ...token, start: expect.closeTo(token.start, 6), end: expect.closeTo(token.end, 6) })),
  );
});

test('gradientFlowPlot: lines by colour and dashes, norms on a logarithmic scale, shares on a linear one', async () => {
  const spec = parts(await gradientFlowPlot(FLOW, { timeLabels: ['a', 'b', 'c'] }));
  const [left, states, gates, shares] = spec.vconcat;
  expect(spec.vconcat.map(({ title }: { title: string }) => title)).toEqual([
    'fraction left on the way back (logarithmic)',
    'gradient of the states (logarithmic)',
    'gradient of the gates (logarithmic)',
    'share by path',
  ]);
  expect(spec.title.subtitle).toEqual(['verdict: none', 's', '2 gradients NaN or infinite, not drawn']);
  const names = ['hidden state, dL/dh', 'cell state, dL/dc', 'h via later steps', 'linear path'];
  const channel = {
    field: 'of',
    type: 'nominal',
    sort: null,
    legend: { title: null, symbolType: 'stroke', symbolSize: 300, labelLimit: 220 },
  };
  expect(states.encoding).toEqual({
    x: expect.objectContaining({ ...TIME, field: 'time' }),
    y: {
      field: 'value',
      type: 'quantitative',
      title: 'L2 norm',
      scale: { type: 'log', nice: false, domain: [0.9, 44] },
      axis: { values: [1, 10], format: '~g', labelOverlap: 'greedy' },
    },
    color: { ...channel, scale: { domain: names, range: ['#0072b2', '#d55e00', '#009e73', '#cc79a7'] } },
    strokeDash: {
      ...channel,
      scale: {
        domain: names,
        range: [
          [1, 0],
          [6, 2],
          [2, 2],
          [8, 2, 2, 2],
        ],
      },
    },
    tooltip: [
      { field: 'steps', type: 'nominal', title: 'timestep' },
      { field: 'label', type: 'nominal', title: 'label' },
      { field: 'of', type: 'nominal', title: 'of' },
      { field: 'value', type: 'quantitative', title: 'L2 norm', format: '.3~g' },
    ],
  });
  expect([left.encoding.y.title, left.encoding.color.scale]).toEqual([
    'of its size',
    { domain: ['from the last loss term'], range: ['#0072b2'] },
  ]);
  expect(gates.encoding.color.scale.domain).toEqual(['i', 'f', 'g', 'o'].map((name) => `gate ${name}, dL/dz`));
  expect(shares.encoding.y).toEqual({
    field: 'value',
    type: 'quantitative',
    title: 'share',
    scale: { domain: [0, 1] },
    axis: { format: '%', tickCount: 3 },
  });
  expect(shares.mark).toEqual({
    type: 'line',
    point: { size: 12 },
    strokeWidth: 1.5,
    invalid: 'break-paths-filter-domains',
    aria: false,
  });
  expect(spec.resolve).toEqual({ scale: { color: 'independent', strokeDash: 'independent' } });
  const plain = parts(await gradientFlowPlot({ ...FLOW, nonFinite: { count: 0, firstTimestep: null } }));
  expect(plain.vconcat[0].encoding.tooltip.map(({ field }: { field: string }) => field)).toEqual([
    'steps',
    'of',
    'value',
  ]);
  expect(plain.title.subtitle).toEqual(['verdict: none', 's']);
});

test('inputSensitivityPlot: a bar from 0, as wide as its step', async () => {
  const spec = parts(await inputSensitivityPlot(tf.tensor2d([[1, Number.NaN, 3]]), { timeLabels: ['a', 'b', 'c'] }));
  const title = '‖∂h/∂x‖';
  expect(spec.encoding).toEqual({
    x: expect.objectContaining({ ...TIME, field: 'start' }),
    x2: { field: 'end' },
    y: { field: 'value', type: 'quantitative', title, axis: { format: '.2~g', tickCount: 4 } },
    y2: { datum: 0 },
    tooltip: [
      { field: 'timestep', type: 'quantitative', title: 'timestep' },
      { field: 'label', type: 'nominal', title: 'label' },
      { field: 'value', type: 'quantitative', title, format: '.3~g' },
    ],
  });
  expect(spec.mark).toEqual({ type: 'bar', color: '#0072b2', binSpacing: 1 });
  expect(spec.title.subtitle).toEqual([
    'sample 0: sensitivity to each timestep of the input',
    '1 timestep NaN or infinite, not drawn',
  ]);
  const narrow = parts(await inputSensitivityPlot(tf.tensor2d([[1, 2, 3]]), { width: 11 }));
  expect(narrow.mark.binSpacing).toBe(0);
  expect(narrow.encoding.tooltip.map(({ field }: { field: string }) => field)).toEqual(['timestep', 'value']);
  expect(narrow.title.subtitle).toHaveLength(1);
});

test('gradientHistogram and weightHistogram: bars by gate, zero in the middle', async () => {
  for (const [noun, spec, limit] of [
    ['gradient', parts(await gradientHistogram(gradients())), 8],
    ['weight', parts(await weightHistogram(layer())), 4],
  ] as const) {
    const [panel] = spec.vconcat;
    expect(panel.facet).toEqual({
      column: { field: 'gate', type: 'nominal', title: null, sort: ['i', 'f', 'g', 'o'] },
    });
    expect(panel.spec.mark).toEqual({ type: 'bar', binSpacing: 0, aria: false });
    expect(panel.spec.encoding).toEqual({
      x: {
        field: 'start',
        type: 'quantitative',
        bin: { binned: true },
        title: noun,
        scale: { domain: [-limit, limit], nice: false },
        axis: { values: [-limit, 0, limit], format: '.2~g', labelFlush: true, labelOverlap: true, grid: false },
      },
      x2: { field: 'end' },
      y: {
        field: 'count',
        type: 'quantitative',
        title: 'count',
        axis: { tickCount: 3, tickMinStep: 1, format: '~s' },
      },
      color: { field: 'gate', type: 'nominal', sort: ['i', 'f', 'g', 'o'], legend: null },
      tooltip: [
        { field: 'gate', type: 'nominal', title: 'gate' },
        { field: 'start', type: 'quantitative', title: 'from' },
        { field: 'end', type: 'quantitative', title: 'to' },
        { field: 'count', type: 'quantitative', title: 'count' },
      ],
    });
    expect(spec.resolve).toEqual({ scale: { x: 'independent', y: 'independent' } });
  }
});

test('weightHeatmap: gates to the right, rows downwards, lines between the gates', async () => {
  const [kernel, recurrentKernel, bias] = parts(await weightHeatmap(layer())).vconcat;
  const [, tiles, edges] = kernel.layer;
  const x = { type: 'quantitative', scale: { domain: [0, 8], nice: false, zero: false } };
  expect(tiles.encoding).toMatchObject({
    x: {
      field: 'start',
      ...x,
      axis: {
        values: [1, 3, 5, 7],
        labelExpr: "['i', 'f', 'g', 'o'][floor(datum.value / 2)]",
        title: 'gate, 2 units each',
        grid: false,
        ticks: false,
        labelFontSize: 12,
      },
    },
    x2: { field: 'end' },
    y: {
      field: 'top',
      type: 'quantitative',
      scale: { domain: [0, 3], reverse: true, nice: false },
      axis: { title: 'input feature', grid: false, tickMinStep: 1, tickCount: 6, format: 'd' },
    },
    y2: { field: 'bottom' },
    color: { field: 'value', legend: { values: [-4, 0, 4], gradientLength: 80 } },
    tooltip: [
      { field: 'gate', type: 'nominal', title: 'gate' },
      { field: 'unit', type: 'nominal', title: 'unit' },
      { field: 'row', type: 'nominal', title: 'input feature' },
      { field: 'value', type: 'quantitative', title: 'weight' },
    ],
  });
  expect(edges).toEqual({
    data: { values: [{ edge: 2 }, { edge: 4 }, { edge: 6 }] },
    mark: { type: 'rule', color: '#1f2328', strokeWidth: 1.5, tooltip: null },
    encoding: { x: { field: 'edge', ...x } },
  });
  const ofRecurrent = recurrentKernel.layer[1].encoding;
  expect([ofRecurrent.y.axis.title, ofRecurrent.color.legend.values]).toEqual(['hidden unit', [-3, 0, 3]]);
  const ofBias = bias.layer[1].encoding;
  expect([bias.height, ofBias.y.axis, ofBias.color.legend.values, ofBias.color.legend.gradientLength]).toEqual([
    24,
    null,
    [-1, 1],
    24,
  ]);
  expect(ofBias.tooltip.map(({ field }: { field: string }) => field)).toEqual(['gate', 'unit', 'value']);
});

test('weightHeatmap: what is not finite is counted, and has a key beside the first panel', async () => {
  const lstm = layer();
  const [kernel, , bias] = lstm.getWeights() as [tf.Tensor, tf.Tensor, tf.Tensor];
  const broken = tf.tensor2d([Number.NaN, Number.NEGATIVE_INFINITY, ...new Array(14).fill(1)], [2, 8]);
  lstm.setWeights([kernel, broken, bias]);
  const spec = parts(await weightHeatmap(lstm));
  expect(spec.title.subtitle).toEqual(['by gate: i, f, g, o', 'red: NaN or infinite, 2 values of recurrent kernel']);
  expect(spec.vconcat.map((panel: { layer: unknown[] }) => panel.layer.length)).toEqual([4, 3, 3]);
  expect(spec.vconcat[0].layer[3].encoding.fill.scale.domain).toEqual(['NaN or infinite']);
  expect(spec.vconcat[1].layer[1].encoding.color.legend.values).toEqual([-1, 0, 1]);
  lstm.setWeights([kernel, tf.ones([2, 8]), tf.tensor1d([1, 2, 3, 4, 5, 6, Number.NaN, 8])]);
  expect(parts(await weightHeatmap(lstm)).title.subtitle[1]).toBe('red: NaN or infinite, 1 value of bias');
});

test('saturationPlot: open to the right, closed upwards, a panel a gate', async () => {
  const spec = parts(await saturationPlot({ z: STATISTICS }));
  const [between, , , dots] = spec.spec.layer;
  expect(spec.facet.column).toEqual({
    field: 'gate',
    type: 'nominal',
    title: null,
    sort: ['input gate i', 'forget gate f', 'output gate o'],
  });
  const fraction = (field: string, title: string) => ({
    field,
    type: 'quantitative',
    title,
    scale: { domain: [0, 1] },
    axis: { values: [0, 0.25, 0.5, 0.75, 1], format: '.2~f' },
  });
  expect(dots.mark).toEqual({ type: 'circle', size: 45, clip: false, invalid: null });
  expect(dots.encoding).toEqual({
    x: fraction('right', 'fraction right-saturated'),
    y: fraction('left', 'fraction left-saturated'),
    opacity: { condition: { test: 'isValid(datum.left)', value: 0.6 }, value: 0 },
    tooltip: [
      { field: 'layer', type: 'nominal', title: 'layer' },
      { field: 'gate', type: 'nominal', title: 'gate' },
      { field: 'unit', type: 'quantitative', title: 'unit' },
      { field: 'left', type: 'quantitative', title: 'left-saturated' },
      { field: 'right', type: 'quantitative', title: 'right-saturated' },
      { field: 'zeroGradient', type: 'quantitative', title: 'without gradient' },
      { field: 'horizon', type: 'quantitative', title: 'memory horizon (timesteps)' },
    ],
  });
  expect(between).toEqual({
    data: { values: [{ x: 0, y: 1, x2: 1, y2: 0 }] },
    mark: { type: 'rule', color: '#d1d9e0', tooltip: null, aria: false },
    encoding: {
      x: { field: 'x', type: 'quantitative' },
      y: { field: 'y', type: 'quantitative' },
      x2: { field: 'x2' },
      y2: { field: 'y2' },
    },
  });
  expect(spec.spec.layer[1].mark).toEqual({
    type: 'rule',
    color: '#59636e',
    strokeDash: [4, 3],
    tooltip: null,
    aria: false,
  });
  expect(spec.title.subtitle).toEqual([
    'one dot per unit; left-saturated: below 0.1, right-saturated: above 0.9',
    'dashed: stuck at more than 90% of the steps',
    'without a finite value, not drawn: 1 dot',
  ]);
});

test('memoryHorizonPlot: bars on a logarithmic scale, and a line at the length of the sequences', async () => {
  // Four octaves apart: bins of a quarter of one.
  const statistics = { ...STATISTICS, memoryHorizon: [1, 16, 1, null] };
  const spec = parts(await memoryHorizonPlot({ z: statistics }, { timesteps: 4 }));
  const [bars, length] = spec.spec.layer;
  const scale = { type: 'log', base: 2, nice: false, domain: [1, 19.03] };
  expect(bars).toEqual({
    mark: { type: 'bar', binSpacing: 1 },
    encoding: {
      x: {
        field: 'shortest',
        type: 'quantitative',
        scale,
        axis: {
          title: 'memory horizon (timesteps, logarithmic)',
          grid: false,
          values: [1, 2, 4, 8, 16],
          format: '.3~g',
        },
      },
      x2: { field: 'longest' },
      y: { field: 'units', type: 'quantitative', title: 'units', axis: { tickMinStep: 1, format: 'd' } },
      y2: { datum: 0 },
      tooltip: [
        { field: 'range', type: 'nominal', title: 'horizon (timesteps)' },
        { field: 'units', type: 'quantitative', title: 'units' },
        { field: 'which', type: 'nominal', title: 'which' },
      ],
    },
  });
  expect(spec.data.values).toEqual([
    { layer: 'z', shortest: 1, longest: 1.189, range: '1 to 1.189', units: 2, which: '0, 2' },
    { layer: 'z', shortest: 16, longest: 19.03, range: '16 to 19.03', units: 1, which: '1' },
  ]);
  const text = { type: 'text', baseline: 'top', color: '#59636e', tooltip: null };
  expect(length).toEqual({
    data: { values: [{ timesteps: 4, text: 'T = 4' }] },
    encoding: { x: { field: 'timesteps', type: 'quantitative' } },
    layer: [
      { mark: { type: 'rule', strokeDash: [4, 3], color: '#59636e', tooltip: null } },
      {
        mark: { ...text, align: 'left', dx: 4 },
        encoding: { y: { value: 3 }, text: { field: 'text', type: 'nominal' } },
      },
    ],
  });
  const late = parts(await memoryHorizonPlot(statistics, { timesteps: 16 }));
  expect(late.layer[1].layer[1].mark).toEqual({ ...text, align: 'right', dx: -4 });
  expect(parts(await memoryHorizonPlot(statistics)).layer).toHaveLength(1);
  const many = { ...STATISTICS, memoryHorizon: new Array(13).fill(2) };
  expect(parts(await memoryHorizonPlot(many)).data.values[0].which).toBe('0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, …');
});

test('comparisonPlot: a row a model in the order given, fractions linear, horizons nearly logarithmic', async () => {
  const spec = parts(await comparisonPlot({ z: STATISTICS, a: { ...STATISTICS, memoryHorizon: [null, null, 5] } }));
  const [closed, horizon] = [spec.concat[0], spec.concat[6]];
  const [ticks, medians] = closed.layer;
  const x = {
    field: 'value',
    type: 'quantitative',
    scale: { domain: [0, 1] },
    axis: { title: 'fraction of steps', values: [0, 0.5, 1], format: '.5~g' },
  };
  const domain = ['z', 'a'];
  const y = { field: 'model', type: 'nominal', sort: null, scale: { domain }, axis: { title: null } };
  expect(ticks).toEqual({
    mark: { type: 'tick', thickness: 1.5, opacity: 0.55, bandSize: 14, aria: false },
    encoding: {
      x,
      y,
      color: { field: 'model', type: 'nominal', scale: { domain }, legend: null },
      tooltip: [
        { field: 'model', type: 'nominal', title: 'model' },
        { field: 'unit', type: 'quantitative', title: 'unit' },
        { field: 'value', type: 'quantitative', title: 'input gate closed' },
      ],
    },
  });
  expect(medians).toEqual({
    data: {
      values: [
        { model: 'z', value: 0.25 },
        { model: 'a', value: 0.25 },
      ],
    },
    mark: { type: 'point', filled: true, size: 50, color: '#1f2328', opacity: 1 },
    encoding: { x, y },
  });
  expect(horizon.layer[0].encoding.x).toEqual({
    field: 'value',
    type: 'quantitative',
    scale: { type: 'symlog', constant: 1 },
    axis: { title: 'timesteps', values: [0, 1, 3, 10, 30, 100, 300, 1000, 10000], format: '.5~g' },
  });
  // That of the second is infinite, and its two units of that kind are not drawn.
  expect(horizon.layer[1].data.values).toEqual([{ model: 'z', value: 12.35 }]);
  expect(horizon.data.values.filter(({ model }: { model: string }) => model === 'a')).toEqual([
    { model: 'a', unit: 2, value: 5 },
  ]);
  expect([spec.columns, spec.resolve]).toEqual([3, { scale: { x: 'independent' } }]);
});

test('trainingHistoryPlot: batches to the right, a colour and dashes a line, warnings across', async () => {
  const spec = parts(await trainingHistoryPlot(HISTORY));
  const [whole, ofLayer] = spec.vconcat;
  const titles = ({ concat }: { concat: { title: string }[] }) => concat.map(({ title }) => title);
  expect(titles(whole)).toEqual(['loss', 'gradient of all weights (logarithmic)']);
  expect([ofLayer.title.text, ...titles(ofLayer)]).toEqual([
    'lstm',
    'means of the gates',
    'saturated values',
    'median memory horizon (logarithmic)',
    'recurrent kernel',
    'gradient of the recurrent kernel (log)',
    'gradient through time, growth per step',
  ]);
  const x = {
    field: 'step',
    type: 'quantitative',
    title: 'batch',
    axis: { tickMinStep: 1, format: 'd', grid: false, tickCount: 5 },
  };
  const [line, warning] = ofLayer.concat[0].layer;
  const legend = { title: null, symbolType: 'stroke', symbolSize: 200 };
  expect(line.encoding).toMatchObject({
    x,
    y: {
      field: 'value',
      type: 'quantitative',
      title: 'mean',
      scale: { zero: false },
      axis: { tickCount: 4, format: '~g' },
    },
    color: { field: 'of', type: 'nominal', legend },
    strokeDash: {
      field: 'of',
      type: 'nominal',
      legend,
      scale: {
        domain: ['i', 'f', 'o'],
        range: [
          [1, 0],
          [6, 2],
          [8, 2, 2, 2],
        ],
      },
    },
    tooltip: [
      { field: 'step', type: 'quantitative', title: 'batch' },
      { field: 'of', type: 'nominal', title: 'of' },
      { field: 'value', type: 'quantitative', title: 'mean' },
    ],
  });
  expect(warning).toEqual({
    data: { values: [{ step: 2, severity: 'note', kind: 'k', message: 'm' }] },
    mark: { type: 'rule', strokeDash: [3, 3], strokeWidth: 1.5, color: '#59636e' },
    encoding: {
      x,
      tooltip: ['step', 'severity', 'kind', 'message'].map((field) => ({ field, type: 'nominal', title: field })),
    },
  });
  const scaleOf = (n: number) => ofLayer.concat[n].layer[0].encoding.y.scale;
  expect([2, 3, 4, 5].map((n) => scaleOf(n).type ?? 'linear')).toEqual(['log', 'linear', 'log', 'linear']);
  expect(whole.concat[0].layer[0].encoding.color.legend).toBeNull();
  expect(whole.concat[1].layer[0].encoding.y).toMatchObject({
    title: 'L2 norm',
    scale: { type: 'log', domain: [expect.closeTo(2.7, 9), expect.closeTo(3.3, 9)] },
  });
});
