import * as tf from '@tensorflow/tfjs';
import { requireOptions } from '../../src/core/options.js';
import { lstm } from '../../src/index.js';
import {
  ablateUnits,
  describeStatistics,
  diagnose,
  type GateStatistics,
  gateStatistics,
  gateStatisticsAccumulator,
  traceBytes,
  traceLayer,
  traceLayerBytes,
  traceModel,
  traceModelBatches,
} from '../../src/inspect/index.js';
import { useBackend } from '../../tools/backends.js';

test('Options are an object with names spelt as they are known', () => {
  const check = (options: unknown) => () => requireOptions('look', options, ['mask', 'initialState']);
  expect(check({ initialState: 1, x: 2 })).not.toThrow();
  expect(check({ initial_state: 1 })).toThrow("look: the option must be spelt 'initialState', got 'initial_state'");
  expect(check(null)).toThrow('look: options must be an object, got null');
  expect(check([])).toThrow('look: options must be an object, got []');
  expect(check('mask')).toThrow("look: options must be an object, got 'mask'");
});

test('Every function with options refuses misspelt ones, and leaves nothing behind', async () => {
  await useBackend('cpu');
  const layer = lstm({ units: 2, inputShape: [3, 4], name: 'memory' });
  const model = tf.sequential({ layers: [layer] });
  const x = tf.ones([1, 3, 4]);
  const trace = traceLayer(layer, x);
  const looks: Record<string, [misspelt: string, look: (options: never) => unknown]> = {
    'LSTM.trace': ['initial_state', (options) => layer.trace(x, options)],
    traceLayer: ['initial_state', (options) => traceLayer(layer, x, options)],
    traceLayerBytes: ['initial_state', (options) => traceLayerBytes(layer, x, options)],
    traceModel: ['Units', (options) => traceModel(model, x, options)],
    traceBytes: ['Units', (options) => traceBytes(model, x, options)],
    traceModelBatches: ['batch_size', (options) => traceModelBatches(model, x, options)],
    gateStatistics: ['Low', (options) => gateStatistics(trace, options)],
    gateStatisticsAccumulator: ['High', (options) => gateStatisticsAccumulator(options)],
    describeStatistics: ['saturation_threshold', (options) => describeStatistics({} as GateStatistics, options)],
    ablateUnits: ['layer_name', (options) => ablateUnits(model, x, options)],
    diagnose: ['Thresholds', (options) => diagnose(model, x, null, options)],
  };
  const count = tf.memory().numTensors;
  for (const [where, [misspelt, look]] of Object.entries(looks)) {
    const attempt = (options: unknown) => (async () => look(options as never))();
    await expect(attempt({ [misspelt]: 1 })).rejects.toThrow(`${where}: the option must be spelt`);
    await expect(attempt(null)).rejects.toThrow(`${where}: options must be an object, got null`);
  }
  expect(tf.memory().numTensors).toBe(count);
});
