import * as tf from '@tensorflow/tfjs';
import {
  flowStatistics,
  gradientFlowModel,
  type LayerFlow,
  type LayerTrace,
  traceModel,
} from '../../../src/inspect/index.js';
import { type InspectionReportOptions, inspectionReport } from '../../../src/plot/index.js';
import { unpackReport } from '../../../src/plot/page/packed.js';
import type { ReportData } from '../../../src/plot/page/report-data.js';
import { PageState } from '../../../src/plot/page/state.js';
import { escapeHtml } from '../../../src/plot/report/escape.js';
import { useBackend } from '../../../tools/backends.js';
import { BUILT_IN } from '../../support/factories.js';
import { randomizeWeights, randomTensor } from '../../support/random.js';
import { tagsOf } from '../support/markup.js';

beforeAll(() => useBackend('cpu'));

const HOSTILE = `</script><script>alert(1)</script><!--\u2028"'&`;
const [BATCH, TIMESTEPS, UNITS] = [3, 4, 5];

function someModel(name = 'a model'): tf.LayersModel {
  const model = tf.sequential({
    name,
    layers: [
      tf.layers.masking({ maskValue: 9, inputShape: [TIMESTEPS, 2] }),
      BUILT_IN.lstm({ units: UNITS, name: 'reader', returnSequences: true }),
      tf.layers.lstm({ units: 2, name: 'second' }),
      tf.layers.dense({ units: 1 }),
    ],
  });
  randomizeWeights(model, 5);
  return model;
}

function someInputs(): tf.Tensor3D {
  return tf.tidy(() => {
    const padding = tf.fill([1, 1, 2], 9);
    const x = randomTensor<tf.Rank.R3>([BATCH, TIMESTEPS, 2], 2);
    const [first, ...others] = tf.split(x, BATCH);
    return tf.concat([tf.concat([tf.slice(first!, [0, 0, 0], [1, 3, 2]), padding], 1), ...others]) as tf.Tensor3D;
  });
}

function dataOf(html: string): Promise<ReportData> {
  return unpackReport(html.match(/<script type="application\/json" id="data">(.*)<\/script>/)![1]!);
}

async function report(options: Partial<InspectionReportOptions> = {}) {
  const [model, inputs] = [options.model ?? someModel(), someInputs()];
  const before = tf.memory().numTensors;
  const html = await inspectionReport({ ...options, model, inputs });
  expect(tf.memory().numTensors).toBe(before);
  return { html, model, inputs };
}

test('A report is one page that loads nothing and lets no other script run', async () => {
  const { html } = await report();
  expect(html).toMatch(/^<!DOCTYPE html>\n<html lang="en">/);
  const [page] = html.split('<script') as [string];
  expect(page.match(/(?:src|href)="(?!data:,"|#)/g)).toBeNull();
  expect(html.slice(0, 1000)).toMatch(/default-src 'none'; .*script-src 'sha256-[\w+/=]+'/);
  expect(html).toContain('<meta name="viewport" content="width=device-width, initial-scale=1">');
});

test('It tells every LSTM in words, and what diagnose finds', async () => {
  const { html } = await report({ title: 'My <title>' });
  expect(html).toContain('<title>My &lt;title&gt;</title>');
  const [layers] = tagsOf(html, 'p');
  expect(layers?.text).toBe('2 LSTMs of a model run on 3 samples: reader (5 units), second (2 units).');
  expect(html).toContain('5 units, 4 timesteps, 11 valid steps over all samples');
  expect(html).toContain('Memory horizon: ');
  expect(html.match(/[\d.]+ [\d.]+h0/g)).toHaveLength(3 * (5 + 2));
  const poisoned = someModel();
  poisoned.layers[1]!.setWeights(poisoned.layers[1]!.getWeights().map((w, n) => (n === 2 ? tf.mul(w, Number.NaN) : w)));
  expect((await report({ model: poisoned })).html).toContain(
    '<li class="error"><span class="severity">error</span> <b>non-finite',
  );
});

test('It carries what a trace holds', async () => {
  const { html, model, inputs } = await report({ timeLabels: ['a', 'b', 'c', 'd'], sampleNames: ['x', 'y', 'z'] });
  const data = await dataOf(html);
  expect(data).toMatchObject({ samples: ['x', 'y', 'z'], layers: [{ title: 'reader' }, { title: 'second' }] });
  const state = new PageState(data);
  const [{ trace }] = traceModel(model, inputs) as [LayerTrace];
  state.select({ layer: 0, sample: 1 });
  expect(state.view.labels).toEqual(['a', 'b', 'c', 'd']);
  const expected = [...tf.slice(trace.o, [1, 0, 0], [1, -1, -1]).dataSync()];
  expect([...(state.view.trace.values.o as Float32Array)]).toEqual(expected.map((value) => expect.closeTo(value, 4)));
  state.select({ sample: 0 });
  expect(state.view.trace.valid).toEqual([true, true, true, false]);
});

test('What does not fit is left out, and said', async () => {
  const few = (await report({ samples: 2 })).html;
  expect(few).toContain('The first 2 of 3 samples.');
  expect(await dataOf(few)).toMatchObject({ samples: ['0', '1'] });
  const { html } = await report({ largestBytes: 100 });
  expect(html).toMatch(
    /Reduced for size: reader: the \d most active of 5 units.*; values are rounded to one of 31 levels\./,
  );
  expect((await dataOf(html)).layers[0]!.unitIndices.length).toBeLessThan(5);
});

test('Hostile names and labels are text', async () => {
  const labels = [HOSTILE, 'b', 'c', 'd'];
  const { html } = await report({
    model: someModel(HOSTILE),
    timeLabels: [labels, labels, labels],
    sampleNames: [HOSTILE, '1', '2'],
  });
  expect(html.match(/<script/g)).toHaveLength(2);
  expect(html.match(/<\/script>/g)).toHaveLength(2);
  expect(html).not.toContain('<!--');
  expect(await dataOf(html)).toMatchObject({ samples: [HOSTILE, '1', '2'], timeLabels: [labels, labels, labels] });
});

test('The gradient is told and drawn where there are labels and a loss', async () => {
  const labels = tf.tensor2d([[1], [2], [3]]);
  const { html } = await report({ labels, loss: 'meanSquaredError' });
  expect(html.match(/aria-label="Gradient norms over time"/g)).toHaveLength(2);
  const [{ flow }] = gradientFlowModel(someModel(), someInputs(), labels, { loss: 'meanSquaredError' }) as [LayerFlow];
  const { sentence, verdict } = await flowStatistics(flow);
  const paragraphs = tagsOf(html, 'p').map(({ text }) => text);
  expect(paragraphs).toContain(`Backwards: ${escapeHtml(sentence)} (${verdict}).`);
  for (const without of [{ labels }, { loss: 'meanSquaredError' }]) {
    expect((await report(without)).html).not.toMatch(/Gradient norms over time|could not be computed/);
  }
});

test('Where the gradient cannot be followed, the report says why', async () => {
  const loss = (labels: tf.Tensor, outputs: tf.Tensor) => tf.cast(tf.greater(labels, outputs), 'float32');
  const { html } = await report({ labels: tf.ones([3, 1]), loss });
  expect(html).toMatch(/The gradient could not be computed: gradientFlowModel: model must be differentiable/);
});

test('A model whose every step is masked has no pictures, and says so', async () => {
  const model = someModel();
  const inputs = tf.fill([2, TIMESTEPS, 2], 9);
  const html = await inspectionReport({ model, inputs });
  expect(html).toContain('There is nothing to see.');
});

test('Null is an option that is not given', async () => {
  const nothing: Record<Exclude<keyof InspectionReportOptions, 'model' | 'inputs'>, null> = {
    labels: null,
    loss: null,
    timeLabels: null,
    sampleNames: null,
    classNames: null,
    title: null,
    samples: null,
    largestBytes: null,
    thresholds: null,
  };
  const model = someModel();
  const { html } = await report({ ...(nothing as object), model });
  expect(html).toBe((await report({ model })).html);
});

test('Wrong options are refused', async () => {
  const refusal = (options: object) => expect(report(options)).rejects;
  await refusal({ samples: 0 }).toThrow('inspectionReport: samples must be a positive integer, got 0');
  await refusal({ largestBytes: 1.5 }).toThrow('inspectionReport: largestBytes must be a positive integer, got 1.5');
  await refusal({ timeLabels: ['a'] }).toThrow(
    "inspectionReport: timeLabels must be one for each timestep, 4, got '1 labels'",
  );
  await refusal({ timeLabels: [['a', 'b', 'c', 'd']] }).toThrow('timeLabels must be a list for each of 3 samples');
  await refusal({ timeLabels: [1, {}] }).toThrow('timeLabels must be lists of strings or numbers');
  await refusal({ sampleNames: ['a'] }).toThrow('inspectionReport: sampleNames must be a string for each of 3 samples');
  await refusal({ title: 1 }).toThrow('inspectionReport: title must be a string, got 1');
  await refusal({ time_labels: [] }).toThrow("the option must be spelt 'timeLabels'");
});
