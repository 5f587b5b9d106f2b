import type { MonitorHistory } from '../../../src/inspect/monitor/history-types.js';
import { trainingHistoryPlot } from '../../../src/plot/index.js';
import { drawn, parts, rowsOf, textsOf } from '../support/drawn.js';

const gate = (mean: number) => ({ mean, std: 0.1, leftSaturated: mean / 2, rightSaturated: mean / 4, stuckUnits: 0 });
const norms = (o: number | null) => ({
  kernel: { i: 1, f: 2, g: 3, o: 4 },
  recurrentKernel: { i: 5, f: 6, g: 7, o },
  bias: null,
});

function record(step: number) {
  return {
    epoch: 0,
    batch: step,
    step,
    loss: 2 / (step + 1),
    gradientNorm: step === 0 ? 0 : step,
    layers: [
      {
        layerName: 'lstm',
        direction: 'backward',
        cell: 1,
        gradientNorms: null,
        weightNorms: norms(step === 0 ? null : 8),
        gates: { i: gate(0.25), f: gate(0.5), o: gate(0.75), medianMemoryHorizon: step + 1 },
        flow: { slope: -0.5 },
      },
    ],
  };
}

const HISTORY = {
  everyBatches: 5,
  keptEveryBatches: 5,
  records: [record(0), record(5), record(10)],
  warnings: [
    { step: 5, layerName: 'lstm', direction: 'backward', cell: 1, kind: 'gate open', severity: 'note', message: 'm' },
  ],
} as unknown as MonitorHistory;

interface Panel {
  title: string;
  layer: unknown[];
}

test('Loss, gradients and each layer are lines over the batches', async () => {
  const spec = parts(await trainingHistoryPlot(HISTORY));
  const texts = textsOf(await drawn(spec));
  for (const text of ['loss', 'batch', 'lstm (backward, cell 1)', 'timesteps', 'i closed'])
    expect(texts).toContain(text);
  const [whole, layer] = spec.vconcat;
  expect(rowsOf(whole.concat[0])).toContainEqual({ step: 5, of: 'loss', value: 0.3333 });
  const panel = (title: string) => rowsOf(layer.concat.find((one: Panel) => one.title.startsWith(title))?.layer[0]);
  expect(panel('means')).toContainEqual({ step: 10, of: 'o', value: 0.75 });
  expect(panel('saturated')).toContainEqual({ step: 10, of: 'f open', value: 0.125 });
  expect(panel('saturated')).toContainEqual({ step: 10, of: 'f closed', value: 0.25 });
  expect(panel('median')).toContainEqual({ step: 10, of: 'horizon', value: 11 });
  expect(panel('gradient through')).toContainEqual({ step: 0, of: 'slope', value: -0.5 });
  expect(
    panel('recurrent')
      .filter(({ of }) => of === 'o')
      .map(({ step }) => step),
  ).toEqual([5, 10]);
});

test('Warnings are lines in the panels of their layer, and told above', async () => {
  const spec = parts(await trainingHistoryPlot(HISTORY));
  for (const { layer } of spec.vconcat[1].concat as Panel[]) {
    expect(rowsOf(layer[1])).toEqual([{ step: 5, severity: 'note', kind: 'gate open', message: 'm' }]);
  }
  expect(spec.vconcat[0].concat[0].layer).toHaveLength(1);
  expect(spec.title.subtitle).toEqual([
    '3 reports over 11 batches; warnings are dashed lines',
    'batch 5: lstm, gate open',
  ]);
  const quiet = parts(await trainingHistoryPlot({ ...HISTORY, warnings: [] }));
  expect(quiet.title.subtitle).toEqual(['3 reports over 11 batches; no warnings']);
});

test('What was not observed has no panel, and 0 has no logarithm', async () => {
  const spec = parts(await trainingHistoryPlot(HISTORY));
  const titles = spec.vconcat[1].concat.map(({ title }: Panel) => title);
  expect(titles).not.toContain('gradient of the recurrent kernel (log)');
  expect(rowsOf(spec.vconcat[0].concat[1]).map(({ step }) => step)).toEqual([5, 10]);
});

test('A gate has the same colour in every panel', async () => {
  const [means, , , weights] = parts(await trainingHistoryPlot(HISTORY)).vconcat[1].concat;
  const scaleOf = (panel: { layer: { encoding: { color: { scale: unknown } } }[] }) =>
    panel.layer[0]!.encoding.color.scale;
  expect(scaleOf(means)).toEqual({ domain: ['i', 'f', 'o'], range: ['#0072b2', '#d55e00', '#cc79a7'] });
  expect(scaleOf(weights)).toEqual({
    domain: ['i', 'f', 'g', 'o'],
    range: ['#0072b2', '#d55e00', '#009e73', '#cc79a7'],
  });
});

test('A history without records is refused', async () => {
  const rule = 'trainingHistoryPlot: history must be a MonitorHistory with at least one record';
  for (const wrong of [null, {}, { ...HISTORY, records: [] }]) {
    await expect(trainingHistoryPlot(wrong as never)).rejects.toThrow(rule);
  }
});
