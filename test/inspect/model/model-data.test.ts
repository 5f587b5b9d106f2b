import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { lstm } from '../../../src/index.js';
import {
  ablateUnits,
  diagnose,
  gateMonitor,
  gradientFlowModel,
  type LayerFlow,
  type LayerTrace,
  type ModelInputs,
  type ModelLabels,
  traceBytes,
  traceModel,
  traceModelBatches,
} from '../../../src/inspect/index.js';
import { modelData } from '../../../src/inspect/model/model-data.js';
import { inspectionReport } from '../../../src/plot/index.js';
import { useBackend } from '../../../tools/backends.js';
import { expectClose } from '../../support/close.js';
import { randomizeWeights, randomTensor } from '../../support/random.js';

const [BATCH, CLASSES] = [4, 3];

/** Two inputs, one of a number a sample, and two outputs: a number a sample, and classes by number. */
function model(): tf.LayersModel {
  const [sequence, side] = [tf.input({ shape: [5, 2], name: 'sequence' }), tf.input({ shape: [1], name: 'side' })];
  const seen = lstm({ units: 3, name: 'lstm' }).apply(sequence) as tf.SymbolicTensor;
  const joined = tf.layers.concatenate().apply([seen, side]);
  const outputs = [
    tf.layers.dense({ units: 1, name: 'number' }).apply(joined) as tf.SymbolicTensor,
    tf.layers.dense({ units: CLASSES, name: 'class', activation: 'softmax' }).apply(joined) as tf.SymbolicTensor,
  ];
  const made = tf.model({ inputs: [sequence, side], outputs });
  made.compile({ loss: ['meanSquaredError', 'sparseCategoricalCrossentropy'], optimizer: tf.train.sgd(0) });
  randomizeWeights(made, 6);
  return made;
}

const data = () => ({
  sequence: randomTensor([BATCH, 5, 2], 1),
  side: randomTensor([BATCH, 1], 2),
  number: randomTensor([BATCH, 1], 3),
  class: tf.tensor2d([[0], [2], [1], [2]], [BATCH, 1]),
});

type Given = { inputs: ModelInputs; labels: ModelLabels };

/** What tfjs's own loss of classes by number does not take. */
const INTEGERS = 'classes of dtype int32';

/** The same tensors in every form that `fit` takes. */
const FORMS: Record<string, (given: ReturnType<typeof data>) => Given> = {
  'lists of columns': (all) => ({ inputs: [all.sequence, all.side], labels: [all.number, all.class] }),
  'lists of rank 1': (all) => ({
    inputs: [all.sequence, all.side.flatten()],
    labels: [all.number.flatten(), all.class.flatten()],
  }),
  [INTEGERS]: (all) => ({
    inputs: [all.sequence, all.side],
    labels: [all.number, all.class.flatten().toInt()],
  }),
  'tensors by name': (all) => ({
    inputs: { side: all.side, sequence: all.sequence },
    labels: { class: all.class, number: all.number },
  }),
  'tensors by name, of rank 1, and one more than there is': (all) => ({
    inputs: { side: all.side.flatten(), sequence: all.sequence, more: all.side },
    labels: { class: all.class.flatten(), number: all.number.flatten(), more: all.side },
  }),
};

const tracesOf = (traces: LayerTrace[]) => traces.map(({ trace }) => trace.h);
const flowsOf = (flows: LayerFlow[]) => flows.map(({ flow }) => flow.dh);

/** Every function that is given a model and its data: what it makes of them. */
const FUNCTIONS: Record<string, (model: tf.LayersModel, given: Given) => unknown> = {
  traceModel: (model, { inputs }) => tracesOf(traceModel(model, inputs)).map((h) => h.arraySync()),
  traceBytes: (model, { inputs }) => traceBytes(model, inputs),
  traceModelBatches: async (model, { inputs }) => {
    const seen: unknown[] = [];
    const onBatch = (traces: LayerTrace[]) => void seen.push(...tracesOf(traces).map((h) => h.arraySync()));
    await traceModelBatches(model, inputs, { batchSize: 3, onBatch });
    return seen;
  },
  gradientFlowModel: (model, { inputs, labels }) =>
    flowsOf(gradientFlowModel(model, inputs, labels)).map((dh) => dh.arraySync()),
  ablateUnits: (model, { inputs }) => ablateUnits(model, inputs, { layerName: 'lstm' }),
  diagnose: (model, { inputs, labels }) => diagnose(model, inputs, labels),
  inspectionReport: (model, { inputs, labels }) => inspectionReport({ model, inputs, labels }),
  gateMonitor: async (model, { inputs, labels }) => {
    const monitor = gateMonitor({ inputs, labels, onWarning() {} });
    const { sequence, side, number, class: classes } = data();
    await model.fit([sequence, side], [number, classes], { verbose: 0, callbacks: [monitor] });
    return monitor.history.records.map(({ layers }) => layers.map(({ gates, flow }) => [gates, flow]));
  },
};

describe('What fit takes', () => {
  beforeAll(() => useBackend('cpu'));
  beforeEach(() => tf.engine().startScope());
  afterEach(() => tf.engine().endScope());

  test.each(Object.keys(FORMS).filter((form) => form !== INTEGERS))('is fitted by tfjs itself: %s', async (form) => {
    const { inputs, labels } = FORMS[form]!(data());
    const { history } = await model().fit(inputs, labels, { verbose: 0, batchSize: BATCH });
    const usual = FORMS['lists of columns']!(data());
    const expected = await model().fit(usual.inputs, usual.labels, { verbose: 0, batchSize: BATCH });
    expect(history.loss).toEqual(expected.history.loss);
  });

  test.each(Object.keys(FUNCTIONS))('%s takes, and makes the same of it', async (name) => {
    const run = FUNCTIONS[name]!;
    const looked = model();
    const columns = FORMS['lists of columns']!(data());
    const expected = JSON.stringify(await run(looked, columns));
    for (const form of Object.values(FORMS)) {
      const given = form(data());
      expect(JSON.stringify(await run(looked, given))).toBe(expected);
      for (const tensor of [...Object.values(given.inputs), ...Object.values(given.labels)]) {
        expect((tensor as tf.Tensor).isDisposed).toBe(false);
      }
    }
  });

  test.each(['traceBytes', 'traceModelBatches', 'ablateUnits', 'diagnose', 'inspectionReport', 'gateMonitor'])(
    'leaves no tensor behind in %s',
    async (name) => {
      const run = FUNCTIONS[name]!;
      const looked = model();
      const given = FORMS['lists of rank 1']!(data());
      await run(looked, given);
      const { numTensors } = tf.memory();
      await run(looked, given);
      // The monitor's own training gets four new ones.
      expect(tf.memory().numTensors - numTensors).toBe(name === 'gateMonitor' ? 4 : 0);
    },
  );
});

describe('modelData', () => {
  beforeAll(() => useBackend('cpu'));
  beforeEach(() => tf.engine().startScope());
  afterEach(() => tf.engine().endScope());

  test('gives columns for what has rank 1, and the very tensors else, in any mixture of forms', () => {
    const made = model();
    const choice = fc.record({ byName: fc.boolean(), side: fc.boolean(), number: fc.boolean(), classes: fc.boolean() });
    fc.assert(
      fc.property(choice, ({ byName, side, number, classes }) => {
        const { numTensors } = tf.memory();
        tf.tidy(() => {
          const all = data();
          const flat = (tensor: tf.Tensor, isFlat: boolean) => (isFlat ? tensor.flatten() : tensor);
          const inputs = { sequence: all.sequence as tf.Tensor, side: flat(all.side, side) };
          const labels = { number: flat(all.number, number), class: flat(all.class, classes) };
          const read = byName
            ? modelData('test', made, inputs, labels)
            : modelData('test', made, Object.values(inputs), Object.values(labels));
          expect(read.samples).toBe(BATCH);
          expect(read.inputs[0]).toBe(all.sequence);
          for (const [n, expected] of [all.side, all.number, all.class].entries()) {
            expectClose([read.inputs[1]!, ...read.labels!][n]!, expected, 0);
          }
          read.dispose();
          expect([...Object.values(inputs), ...Object.values(labels)].some(({ isDisposed }) => isDisposed)).toBe(false);
        });
        expect(tf.memory().numTensors).toBe(numTensors);
      }),
      { numRuns: 16 },
    );
  });

  test("takes an input that is named 'shape' by its name", () => {
    const input = tf.input({ shape: [5, 2], name: 'shape' });
    const made = tf.model({ inputs: input, outputs: lstm({ units: 2 }).apply(input) as tf.SymbolicTensor });
    const shape = randomTensor([BATCH, 5, 2], 1);
    expect(modelData('test', made, { shape }, null).inputs).toEqual([shape]);
  });

  const refused: [what: string, labels: () => unknown, message: string][] = [
    ['another number of samples', () => [tf.ones([3]), tf.ones([4])], "labels 'number' must be [4, 1], got [3, 1]"],
    ['more numbers than one a sample', () => [tf.ones([4, 2]), tf.ones([4])], "'number' must be [4, 1], got [4, 2]"],
    ['one tensor for two outputs', () => tf.ones([4]), "labels must be 2 tensors, for 'number', 'class', got a Tensor"],
    ['a name missing', () => ({ class: tf.ones([4]) }), "labels by name must have each of 'number', 'class', got"],
    ['numbers', () => [[1], [2]], "labels 'number' must be a concrete tensor, got [1]"],
    ['a scalar', () => [tf.scalar(1), tf.ones([4])], "labels 'number' must be [4, 1], got []"],
  ];

  test.each(refused)('refuses labels with %s, leaving nothing behind', (_, labels, message) => {
    const made = model();
    const { sequence, side } = data();
    const given = labels();
    const { numTensors } = tf.memory();
    expect(() => modelData('test', made, [sequence, side.flatten()], given as ModelLabels)).toThrow(message);
    expect(tf.memory().numTensors).toBe(numTensors + 1);
  });
});
