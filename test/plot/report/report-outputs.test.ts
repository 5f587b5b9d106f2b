import * as tf from '@tensorflow/tfjs';
import { modelData } from '../../../src/inspect/model/model-data.js';
import { outputsSection } from '../../../src/plot/report/outputs-section.js';
import { type ModelOutputs, modelOutputs, reportOutput } from '../../../src/plot/report/report-outputs.js';
import { answerOf } from '../../../src/plot/report/show-report.js';
import { useBackend } from '../../../tools/backends.js';
import { BUILT_IN } from '../../support/factories.js';
import { randomizeWeights, randomTensor } from '../../support/random.js';
import { tagsOf } from '../support/markup.js';

beforeAll(() => useBackend('cpu'));

const [BATCH, TIMESTEPS, CLASSES] = [3, 4, 7];
const LABELS = [
  [[6], [0], [2], [1]],
  [[3], [3], [5], [4]],
  [[1], [6], [0], [2]],
];

/** Seven classes at each step, or one number for a sequence. */
function someModel(isOfClasses: boolean): tf.LayersModel {
  const model = tf.sequential({
    layers: [
      BUILT_IN.lstm({ units: 3, name: 'reader', returnSequences: isOfClasses, inputShape: [TIMESTEPS, 2] }),
      tf.layers.dense(isOfClasses ? { units: CLASSES, activation: 'softmax', name: 'next' } : { units: 1 }),
    ],
  });
  randomizeWeights(model, 11);
  return model;
}

const inputs = () => randomTensor<tf.Rank.R3>([BATCH, TIMESTEPS, 2], 5);

async function outputsOf(
  model: tf.LayersModel,
  labels?: tf.Tensor,
  loss?: Parameters<typeof modelOutputs>[3],
): Promise<ModelOutputs> {
  const data = modelData('test', model, inputs(), labels, { loss });
  const before = tf.memory().numTensors;
  const outputs = await modelOutputs('test', model, data, loss, [TIMESTEPS]);
  expect(tf.memory().numTensors).toBe(before);
  return outputs;
}

test('Of classes the page has the most probable ones, the target and its probability, and the loss of every step', async () => {
  const model = someModel(true);
  const { outputs, notKnown } = await outputsOf(model, tf.tensor3d(LABELS), 'sparseCategoricalCrossentropy');
  expect(notKnown).toEqual([]);
  expect(outputs).toMatchObject([{ kind: 'classes', isPerStep: true, places: TIMESTEPS, width: CLASSES }]);
  const names = [...'abcdefg'];
  const kept = reportOutput(outputs[0]!, 2, names);
  expect(kept).toMatchObject({ shown: 5, classNames: names });
  const probabilities = (model.predict(inputs()) as tf.Tensor3D).arraySync();
  const [row, target] = [probabilities[1]![2]!, LABELS[1]![2]![0]!];
  const ranked = row.map((_, n) => n).sort((a, b) => row[b]! - row[a]!);
  const place = TIMESTEPS + 2;
  expect([...kept.classes!.slice(5 * place, 5 * place + 5)]).toEqual(ranked.slice(0, 5));
  expect(kept.values[5 * place]).toBeCloseTo(row[ranked[0]!]!, 6);
  expect(kept.targets![place]).toBe(target);
  expect(kept.targetProbabilities![place]).toBeCloseTo(row[target]!, 6);
  expect(kept.losses!).toHaveLength(2 * TIMESTEPS);
  expect(kept.losses![place]).toBeCloseTo(-Math.log(row[target]!), 4);
});

test('One-hot labels are the same targets', async () => {
  const labels = tf.oneHot(
    tf.tensor2d(
      LABELS.map((row) => row.flat()),
      [BATCH, TIMESTEPS],
      'int32',
    ),
    CLASSES,
  );
  const { outputs } = await outputsOf(someModel(true), tf.cast(labels, 'float32'), 'categoricalCrossentropy');
  expect([...(outputs[0]!.targets as Int32Array)]).toEqual(LABELS.flat(2));
});

test('A number for a sequence is a number, with its target and loss', async () => {
  const model = someModel(false);
  const { outputs } = await outputsOf(model, tf.tensor2d([[1], [-2], [3]]), 'meanSquaredError');
  expect(outputs).toMatchObject([{ kind: 'numbers', isPerStep: false, places: 1, width: 1 }]);
  const [, second] = (model.predict(inputs()) as tf.Tensor2D).arraySync();
  const kept = reportOutput(outputs[0]!, 3, null);
  expect(kept).toMatchObject({ classes: null, classNames: null, targetProbabilities: null });
  expect(kept.values[1]).toBeCloseTo(second![0]!, 6);
  expect(kept.losses![1]).toBeCloseTo((second![0]! + 2) ** 2, 4);
});

test('What is not known is said', async () => {
  const ofWhole = () => tf.scalar(1);
  expect((await outputsOf(someModel(false))).notKnown).toEqual([
    'No labels were given: what the predictions should be, and the loss, are not known.',
  ]);
  expect((await outputsOf(someModel(false), tf.ones([3, 1]))).notKnown).toEqual([
    'The model has no loss: how wrong its predictions are is not known.',
  ]);
  const whole = await outputsOf(someModel(false), tf.ones([3, 1]), ofWhole);
  expect(whole.notKnown).toEqual([
    'The loss function gives one number for all: the loss of each prediction is not known.',
  ]);
  expect(whole.outputs[0]).toMatchObject({ losses: null });
});

test('The hardest samples and steps are listed, those that are drawn as links', async () => {
  const outputs = await outputsOf(someModel(true), tf.tensor3d(LABELS), 'sparseCategoricalCrossentropy');
  const timeLabels = LABELS.map((_, n) => [...'abcd'].map((letter) => `${letter}${n}`));
  const drawn = { sampleNames: ['x', 'y', '<z>'], samples: 2, timeLabels, classNames: null };
  const html = outputsSection(outputs, drawn);
  const losses = outputs.outputs[0]!.losses as Float32Array;
  const means = [0, 1, 2].map((n) => losses.slice(4 * n, 4 * n + 4).reduce((sum, loss) => sum + loss, 0) / 4);
  const order = [0, 1, 2].sort((a, b) => means[b]! - means[a]!);
  const samples = tagsOf(html, 'p').find(({ text }) => text.startsWith('Hardest samples'))!.text;
  expect(samples.match(/[xy]|&lt;z&gt;/g)).toEqual(order.map((n) => ['x', 'y', '&lt;z&gt;'][n]));
  expect(html).toContain('href="#sample=1"');
  expect(html).not.toContain('href="#sample=2');
  const [hardest] = [...losses.slice(0, 8).keys()].sort((a, b) => losses[b]! - losses[a]!);
  expect(tagsOf(html, 'li')).toHaveLength(5);
  expect(html).toContain(`<li><a href="#sample=${Math.floor(hardest! / 4)}&amp;step=${hardest! % 4}"`);
});

test('Names of something else are not given to classes', async () => {
  const outputs = await outputsOf(someModel(true), tf.tensor3d(LABELS), 'sparseCategoricalCrossentropy');
  const drawn = { sampleNames: ['x', 'y', 'z'], samples: 3, timeLabels: [] };
  const names = Array.from({ length: CLASSES }, (_, n) => `name ${n}`);
  expect(outputsSection(outputs, { ...drawn, classNames: names })).toContain('not “name ');
  expect(outputsSection(outputs, { ...drawn, classNames: [...names, 'one more'] })).not.toContain('name ');
});

test('A live report answers with what the model predicts while units are held', async () => {
  const model = someModel(false);
  const data = modelData('test', model, inputs(), tf.tensor2d([[1], [-2], [3]]), { loss: 'meanSquaredError' });
  const request = { title: 'reader', sample: 1, quantity: 'h', units: [0, 1, 2], value: 0 };
  const before = tf.memory().numTensors;
  const answer = await answerOf(model, { loss: 'meanSquaredError' }, data, request);
  expect(tf.memory().numTensors).toBe(before);
  if ('problem' in answer) throw new Error(answer.problem);
  // With all units silent, the output is the bias of the last layer.
  const bias = model.layers[1]!.getWeights()[1]!.dataSync()[0]!;
  const usual = (model.predict(inputs()) as tf.Tensor2D).arraySync()[1]![0]!;
  expect(answer.outputs[0]!.values[0]).toBeCloseTo(bias, 5);
  expect(answer.meanChange).toBeCloseTo(Math.abs(bias - usual), 5);
  expect(answer.lossBefore).toBeCloseTo((usual + 2) ** 2, 3);
  expect(answer.lossAfter).toBeCloseTo((bias + 2) ** 2, 3);
  const none = await answerOf(model, {}, data, { ...request, title: 'nobody (call 1)' });
  expect(none).toMatchObject({ problem: expect.stringContaining('the layer must be one of the model') });
});

test('A sample that has only a number is called a sample, and a class a class', async () => {
  const outputs = await outputsOf(someModel(true), tf.tensor3d(LABELS), 'sparseCategoricalCrossentropy');
  const html = outputsSection(outputs, {
    sampleNames: ['0', '1', 'two'],
    samples: 3,
    timeLabels: [],
    classNames: null,
  });
  const samples = tagsOf(html, 'p').find(({ text }) => text.startsWith('Hardest samples'))!.text;
  expect(samples.match(/sample \d|two/g)?.sort()).toEqual(['sample 0', 'sample 1', 'two']);
  expect(html).toMatch(/→ class \d, not class \d <span class="quiet">\(loss [\d.]+\)/);
});
