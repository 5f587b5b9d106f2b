import { type Hdf5Tree, writeHdf5 } from '../../src/formats/hdf5/write-hdf5.js';
import { writeZip } from '../../src/formats/zip.js';

/** The sizes of the one LSTM in a file. */
export interface FileSize {
  features: number;
  units: number;
}

const text = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

/** A `.keras` archive of a Sequential of one LSTM, as Keras 3 writes it: its recurrent kernel would start orthogonal. */
export function kerasFile({ features, units }: FileSize): Uint8Array {
  const initializer = (name: string) => ({ module: 'keras.initializers', class_name: name, config: {} });
  const layers = [
    { class_name: 'InputLayer', config: { batch_shape: [null, 2, features], dtype: 'float32', name: 'x' } },
    {
      module: 'keras.layers',
      class_name: 'LSTM',
      config: {
        name: 'lstm',
        units,
        activation: 'tanh',
        recurrent_activation: 'sigmoid',
        kernel_initializer: initializer('GlorotUniform'),
        recurrent_initializer: initializer('OrthogonalInitializer'),
      },
    },
  ];
  const dataset = (shape: number[]) => ({ dtype: 'float32' as const, shape, data: noise(shape) });
  const vars = new Map([
    ['0', dataset([features, 4 * units])],
    ['1', dataset([units, 4 * units])],
    ['2', dataset([4 * units])],
  ]);
  const cell = { groups: new Map([['vars', { datasets: vars }]]) };
  const lstm = { groups: new Map<string, Hdf5Tree>([['cell', cell]]) };
  const weights = writeHdf5({ groups: new Map([['layers', { groups: new Map([['lstm', lstm]]) }]]) });
  return writeZip([
    ['metadata.json', text({ keras_version: '3.15.1' })],
    [
      'config.json',
      text({ module: 'keras', class_name: 'Sequential', config: { name: 'large', trainable: true, layers } }),
    ],
    ['model.weights.h5', weights],
  ]);
}

/** Small numbers, none of which is a whole one: a generator of one line. */
function noise(shape: readonly number[]): Float32Array {
  const values = new Float32Array(shape.reduce((a, b) => a * b, 1));
  let state = 1;
  for (let n = 0; n < values.length; n++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    values[n] = (state / 2 ** 32 - 0.5) / 50;
  }
  return values;
}
