import * as tf from '@tensorflow/tfjs';
import * as diagnosis from '../../../src/inspect/diagnose/diagnose.js';
import * as tracing from '../../../src/inspect/trace/trace-model.js';
import { inspectionReport } from '../../../src/plot/index.js';
import { useBackend } from '../../../tools/backends.js';
import { randomizeWeights, randomTensor } from '../../support/random.js';
import { tagsOf } from '../support/markup.js';

// What a machine with too little memory cannot do, as none can be had here.
jest.mock('../../../src/inspect/diagnose/diagnose.js', () => ({
  __esModule: true,
  ...jest.requireActual('../../../src/inspect/diagnose/diagnose.js'),
}));
jest.mock('../../../src/inspect/trace/trace-model.js', () => ({
  __esModule: true,
  ...jest.requireActual('../../../src/inspect/trace/trace-model.js'),
}));

beforeAll(() => useBackend('cpu'));
afterEach(() => {
  jest.restoreAllMocks();
});

function someModel(): tf.LayersModel {
  const model = tf.sequential({ layers: [tf.layers.lstm({ units: 2, name: 'reader', inputShape: [4, 3] })] });
  randomizeWeights(model, 7);
  return model;
}

const someInputs = () => randomTensor<tf.Rank.R3>([5, 4, 3], 4);

const quietOf = (html: string) =>
  tagsOf(html, 'p').flatMap(({ attributes, text }) => (attributes.class === 'quiet' ? [text] : []));

const failing = (message: string) => () => {
  throw new Error(message);
};

test('Where the findings cannot be had, the report says why, and has all else', async () => {
  jest.spyOn(diagnosis, 'diagnose').mockRejectedValue(new Error('out of <memory>'));
  const [model, inputs] = [someModel(), someInputs()];
  const before = tf.memory().numTensors;
  const html = await inspectionReport({ model, inputs });
  expect(tf.memory().numTensors).toBe(before);
  expect(quietOf(html)).toContain('The findings could not be computed: out of &lt;memory&gt;.');
  expect(html).not.toMatch(/Nothing was found|class="findings"/);
  expect(tagsOf(html, 'p')[0]?.text).toBe('1 LSTM of a model run on 5 samples: reader (2 units).');
});

test('Where all samples cannot be traced, the first ones are, and the report says so', async () => {
  const tracer = jest.spyOn(tracing, 'traceModel').mockImplementationOnce(failing('too large'));
  const [model, inputs] = [someModel(), someInputs()];
  const before = tf.memory().numTensors;
  const html = await inspectionReport({ model, inputs, samples: 3 });
  expect(tf.memory().numTensors).toBe(before);
  const shapes = tracer.mock.calls.slice(0, 2).map(([, given]) => (given as tf.Tensor[])[0]?.shape);
  expect(shapes).toEqual([
    [5, 4, 3],
    [3, 4, 3],
  ]);
  expect(quietOf(html)).toContain(
    'The statistics cover only the first 3 samples, because not all could be traced: too large.',
  );
  expect(html).toContain('2 units, 4 timesteps, 12 valid steps over all samples');
  expect(quietOf(html)).toContain('The first 3 of 5 samples.');
});

test('Where fewer samples do not help, the first error is told', async () => {
  const [model, inputs] = [someModel(), someInputs()];
  const before = tf.memory().numTensors;
  const tracer = jest.spyOn(tracing, 'traceModel');
  tracer.mockImplementationOnce(failing('first')).mockImplementationOnce(failing('second'));
  await expect(inspectionReport({ model, inputs, samples: 3 })).rejects.toThrow('first');
  expect(tracer).toHaveBeenCalledTimes(2);
  tracer.mockImplementationOnce(failing('only'));
  await expect(inspectionReport({ model, inputs, samples: 5 })).rejects.toThrow('only');
  expect(tracer).toHaveBeenCalledTimes(3);
  expect(tf.memory().numTensors).toBe(before);
});

test('Where all samples are drawn, the report says so', async () => {
  expect(quietOf(await inspectionReport({ model: someModel(), inputs: someInputs() }))).toContain('All 5 samples.');
});
