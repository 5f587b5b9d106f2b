import * as tf from '@tensorflow/tfjs';
import { lstm } from '../../src/index.js';
import * as inspect from '../../src/inspect/index.js';
import { useBackend } from '../../tools/backends.js';
import { randomTensor } from '../support/random.js';

const {
  ablateUnits,
  describeStatistics,
  diagnose,
  flowStatistics,
  gateMonitor,
  gateStatistics,
  gateStatisticsAccumulator,
  gradientFlow,
  gradientFlowModel,
  inputSensitivity,
  matchSteps,
  topSnippets,
  traceBytes,
  traceLayer,
  traceLayerBytes,
  traceModel,
  traceModelBatches,
  unitsOn,
} = inspect;

const WITHOUT_OPTIONS = [
  'OutOfMemoryError',
  'describeFindings',
  'editGates',
  'gradientFlowBytes',
  'gradientFlowModelBytes',
  'isOutOfMemory',
  'traceValues',
  'weightNormsByGate',
  'weightsByGate',
  'withUnits',
];

beforeAll(() => useBackend('cpu'));

const layer = lstm({ units: 2, inputShape: [3, 4], name: 'memory' });
const model = tf.sequential({ layers: [layer] });
model.compile({ loss: 'meanSquaredError', optimizer: 'sgd' });
const x = randomTensor([2, 3, 4], 1);
const labels = randomTensor([2, 2], 2);
const trace = traceLayer(layer, x);
const flow = gradientFlow(layer, x, (h) => tf.sum(h) as tf.Scalar);
const sum = (h: tf.Tensor) => tf.sum(h) as tf.Scalar;
const noStatistics = {} as inspect.GateStatistics;
const onBatch = () => {};

/** A misspelt option, options of a wrong type each, with those that must be there, and the call. */
type Case = [misspelt: string, wrong: object[], look: (options: never) => unknown];

const FUNCTIONS: Record<string, Case> = {
  'LSTM.trace': ['initial_state', [{ mask: 1 }, { units: 'all' }], (options) => layer.trace(x, options)],
  traceLayer: [
    'initial_state',
    [{ initialState: 1 }, { mask: [1] }, { units: [0.5] }],
    (options) => traceLayer(layer, x, options),
  ],
  traceLayerBytes: ['initial_state', [{ units: [2] }], (options) => traceLayerBytes(layer, x, options)],
  traceModel: ['Units', [{ units: 3 }, { units: ['0'] }], (options) => traceModel(model, x, options)],
  traceBytes: ['Units', [{ units: '0' }, { units: { memory: 1 } }], (options) => traceBytes(model, x, options)],
  traceModelBatches: [
    'batch_size',
    [
      { onBatch, batchSize: '2' },
      { onBatch, batchSize: 0 },
      { onBatch, batchSize: 1.5 },
      { onBatch: 'yes' },
      { onBatch, signal: true },
      { onBatch, units: 1 },
    ],
    (options) => traceModelBatches(model, x, options),
  ],
  gateStatistics: ['Low', [{ low: '0.1' }, { high: 2 }], (options) => gateStatistics(trace, options)],
  gateStatisticsAccumulator: ['High', [{ low: -1 }, { high: true }], (options) => gateStatisticsAccumulator(options)],
  describeStatistics: [
    'saturation_threshold',
    [{ saturationThreshold: 'much' }],
    (options) => describeStatistics(noStatistics, options),
  ],
  ablateUnits: [
    'layer_name',
    [
      { layerName: 3 },
      { layerName: 'memory', onProgress: 1 },
      { layerName: 'memory', signal: {} },
      { layerName: undefined },
    ],
    (options) => ablateUnits(model, x, options),
  ],
  diagnose: ['Thresholds', [{ thresholds: 1 }, { loss: 3 }], (options) => diagnose(model, x, labels, options)],
  gateMonitor: [
    'every_batches',
    [{ everyBatches: 0.5 }, { maxRecords: '9' }, { onReport: 1 }, { thresholds: 'low' }],
    (options) => gateMonitor(options),
  ],
  gradientFlow: [
    'initial_state',
    [{ mask: 1 }, { initialState: 'zeros' }],
    (options) => gradientFlow(layer, x, sum, options),
  ],
  gradientFlowModel: [
    'sample_weight',
    [{ sampleWeight: 1 }, { loss: 3 }],
    (options) => gradientFlowModel(model, x, labels, options),
  ],
  inputSensitivity: [
    'time_step',
    [{ timestep: 0.5 }, { timestep: '1' }, { timestep: 3 }, { timestep: -1 }, { mask: 1 }],
    (options) => inputSensitivity(layer, x, options),
  ],
  matchSteps: [
    'thresholds',
    [
      { units: [0], from: 0, to: 1, threshold: '1' },
      { from: 0, to: 1, units: 0 },
      { from: 0, to: 1, units: [0.5] },
      { units: [0], to: 1, from: 0.5 },
      { units: [0], from: 0, to: null },
      { units: [0], from: 0, to: 1, quantity: 1 },
    ],
    (options) => matchSteps(trace, options),
  ],
  unitsOn: [
    'thresholds',
    [{ threshold: Number.NaN }, { quantity: ['h'] }],
    (options) => unitsOn(trace, { from: 0, to: 1 }, options),
  ],
  topSnippets: [
    'lengths',
    [{ unit: '0' }, { unit: null }, { unit: 0, length: 0 }, { unit: 0, count: -1 }],
    (options) => topSnippets(trace, options),
  ],
  flowStatistics: [
    'jacobian_at',
    [{ jacobianAt: 1 }, { jacobianAt: [3] }, { vanishing: 1 }, { exploding: '2' }],
    (options) => flowStatistics(flow, options),
  ],
};

test('The table has every function that takes options', () => {
  const functions = Object.entries(inspect).filter(([, value]) => typeof value === 'function');
  const known = [...WITHOUT_OPTIONS, ...Object.keys(FUNCTIONS).filter((name) => name in inspect)];
  expect(functions.map(([name]) => name).sort()).toEqual(known.sort());
});

test.each(Object.entries(FUNCTIONS))(
  '%s refuses options that break a rule by its own name, and leaves nothing behind',
  async (where, [misspelt, wrong, look]) => {
    const attempt = (options: unknown) => (async () => look(options as never))();
    const count = tf.memory().numTensors;
    await expect(attempt({ [misspelt]: 1 })).rejects.toThrow(`${where}: the option must be spelt`);
    for (const options of [null, [], 1, x]) {
      await expect(attempt(options)).rejects.toThrow(`${where}: options must be an object, got`);
    }
    for (const options of wrong) {
      const name = Object.keys(options).at(-1) as string;
      await expect(attempt(options)).rejects.toThrow(new RegExp(`^${where}: .*${name}`));
    }
    expect(tf.memory().numTensors).toBe(count);
  },
);
