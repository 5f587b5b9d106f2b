// Writes ONNX files of every kind that writeOnnx writes, for fixtures/models/onnx/check_written.py:
//
//   npx tsx tools/write-onnx-files.ts FOLDER
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { writeOnnx } from '../src/convert/index.js';
import { lstm } from '../src/index.js';
import { basicLSTMCell, peepholeCell } from '../src/variants/index.js';

const [D, U] = [3, 4];
const sequences = { returnSequences: true } as const;
const twoWays = (mergeMode: 'concat' | 'sum' | 'mul' | 'ave' | null, args = {}) =>
  tf.layers.bidirectional({ layer: lstm({ units: U, ...sequences, ...args }), mergeMode: mergeMode as 'sum' });

const LAYERS: Readonly<Record<string, tf.layers.Layer[]>> = {
  'all-outputs': [lstm({ units: U, ...sequences, returnState: true })],
  'last-output': [tf.layers.lstm({ units: U })],
  backwards: [lstm({ units: U, ...sequences, goBackwards: true, recurrentActivation: 'hardSigmoidKeras3' })],
  basic: [lstm({ cell: basicLSTMCell({ units: U }) })],
  peepholes: [
    lstm({ cell: peepholeCell({ units: U, coupled: true, gateClip: 2, activation: 'linear' }), ...sequences }),
  ],
  'two-ways': [twoWays('concat', { returnState: true })],
  'two-ways-sum': [twoWays('sum')],
  'two-ways-product': [twoWays('mul')],
  'two-ways-average': [twoWays('ave', { returnSequences: false })],
  'two-ways-apart': [twoWays(null)],
  chain: [twoWays('concat'), lstm({ units: U }), tf.layers.dense({ units: 2, activation: 'softmax' })],
};

const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error('Which folder?');
mkdirSync(folder, { recursive: true });
for (const [name, layers] of Object.entries(LAYERS)) {
  let outputs = tf.randomNormal([1, 2, D]);
  for (const layer of layers) outputs = [layer.apply(outputs) as tf.Tensor].flat()[0] as tf.Tensor;
  for (const initialState of [false, true]) {
    writeFileSync(join(folder, `${name}${initialState ? '-states' : ''}.onnx`), writeOnnx(layers, { initialState }));
  }
}
