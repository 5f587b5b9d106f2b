import * as tf from '@tensorflow/tfjs';
import { layersWithin } from '../../../src/host/held-layers';
import { LSTM_BRAND, LSTM_CELL_BRAND } from '../../../src/layers/brand';

export type Symbolic = tf.SymbolicTensor;

/** Sets every weight of a model, biases too, to its own random values. */
export function randomizeWeights(model: tf.LayersModel, seed = 1): void {
  for (const [index, variable] of model.weights.entries()) {
    tf.tidy(() => {
      const values = tf.randomNormal(variable.shape as number[], 0, 0.5, 'float32', seed + 31 * index);
      variable.write(variable.originalName.endsWith('variance') ? tf.square(values) : values);
    });
  }
}

export function predict(model: tf.LayersModel, inputs: tf.Tensor[]): number[][] {
  return tf.tidy(() =>
    [model.predict(inputs.length === 1 ? (inputs[0] as tf.Tensor) : inputs) as tf.Tensor | tf.Tensor[]]
      .flat()
      .map((output) => Array.from(output.dataSync())),
  );
}

export function weightValues(model: tf.LayersModel): number[][] {
  return model.weights.map((variable) => Array.from(variable.read().dataSync()));
}

export function expectClose(received: number[][], expected: number[][], tolerance = 1e-5): void {
  expect(received.map((values) => values.length)).toEqual(expected.map((values) => values.length));
  const differences = received.map((values, n) =>
    values.map((value, k) => Math.abs(value - (expected[n]?.[k] as number))),
  );
  for (const difference of differences.flat()) expect(difference).toBeLessThan(tolerance);
}

/** The model's JSON with the class names of this package's layers in the place of the built-in ones. */
export function explicitJSON(model: tf.LayersModel): unknown {
  return JSON.parse(topology(model), (_key, value) =>
    ['LSTM', 'LSTMCell'].includes(value?.class_name) && value.config.units !== undefined
      ? { ...value, class_name: `Explicit${value.class_name}` }
      : value,
  );
}

export function topology(model: tf.LayersModel): string {
  const warn = jest.spyOn(console, 'warn').mockImplementation(() => {});
  try {
    return model.toJSON() as string;
  } finally {
    warn.mockRestore();
  }
}

/** Counts the layers and cells that run, by whose they are. */
export function countLSTMs(model: tf.LayersModel): { builtIn: number; explicit: number } {
  const layers = [...layersWithin(model)].filter((layer) => layer.weights.length > 0);
  return {
    builtIn: layers.filter((layer) => ['LSTM', 'LSTMCell'].includes(layer.getClassName())).length,
    explicit: layers.filter((layer) => LSTM_BRAND in layer || LSTM_CELL_BRAND in layer).length,
  };
}

/** Random values for every input of a model; whole numbers below `vocabulary` where the input feeds an embedding. */
export function randomInputs(model: tf.LayersModel, seed = 5, batch = 3): tf.Tensor[] {
  return model.inputs.map((input, index) => {
    const shape = input.shape.map((size, axis) => size ?? (axis === 0 ? batch : 5));
    if (!input.name.startsWith('tokens')) return tf.randomNormal(shape, 0, 1, 'float32', seed + 7 * index);
    return tf.tidy(() => tf.floor(tf.randomUniform(shape, 0, 4, 'float32', seed + 7 * index)));
  });
}

export function dense(units: number, name?: string) {
  return tf.layers.dense({ units, name, activation: 'tanh' });
}

/** tfjs's factory, which writes into its arguments, on a copy of them. */
export function builtIn(args: Partial<tf.LSTMLayerArgs> & { units: number }): tf.layers.RNN {
  return tf.layers.lstm({ ...args } as tf.LSTMLayerArgs);
}
