import * as tf from '@tensorflow/tfjs';
import {
  type GateMonitor,
  type GateMonitorOptions,
  gateMonitor,
  type MonitorWarning,
} from '../../../../src/inspect/index.js';
import { EXPLICIT, type Factories } from '../../../support/factories.js';
import { randomizeWeights, randomTensor } from '../../../support/random.js';

export const [SAMPLES, BATCH, TIMESTEPS, FEATURES, UNITS] = [12, 3, 4, 3, 2];
export const BATCHES = SAMPLES / BATCH;

export const someInputs = () => randomTensor<tf.Rank.R3>([SAMPLES, TIMESTEPS, FEATURES], 21);
export const someLabels = () => randomTensor<tf.Rank.R2>([SAMPLES, 1], 22);

/** An LSTM named 'memory' and a dense layer, with weights that depend on the seed alone. */
export function smallModel(make: Factories = EXPLICIT, args: object = {}, optimizer: tf.Optimizer = tf.train.sgd(0.1)) {
  const layer = make.lstm({
    units: UNITS,
    inputShape: [TIMESTEPS, FEATURES],
    name: 'memory',
    recurrentActivation: 'sigmoid',
    ...args,
  });
  const model = tf.sequential({ layers: [layer, tf.layers.dense({ units: 1 })] });
  randomizeWeights(model, 5);
  model.compile({ optimizer, loss: 'meanSquaredError' });
  return model;
}

/** A monitor of every batch that puts its warnings into a list rather than on the console. */
export function silentMonitor(options: GateMonitorOptions = {}): GateMonitor & { told: MonitorWarning[] } {
  const told: MonitorWarning[] = [];
  const monitor = gateMonitor({ everyBatches: 1, onWarning: (warning) => told.push(warning), ...options });
  return Object.assign(monitor, { told });
}

/** One epoch in the order of the samples. */
export function train(
  model: tf.LayersModel,
  callbacks: unknown,
  { x = someInputs() as tf.Tensor | tf.Tensor[], y = someLabels() as tf.Tensor, epochs = 1 } = {},
): Promise<tf.History> {
  return model.fit(x, y, { batchSize: BATCH, epochs, shuffle: false, verbose: 0, callbacks: callbacks as never });
}
