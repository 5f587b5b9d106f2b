/**
 * Writes what `fixtures/models/torch/check_torch.py` loads into PyTorch:
 *
 *     npx tsx tools/write-torch-models.ts FOLDER
 *     python fixtures/models/torch/check_torch.py FOLDER
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { writeTorch } from '../src/convert/index.js';
import { lstm, lstmCell } from '../src/index.js';
import type { AnyLSTMCell } from '../src/layers/lstm-cell.js';
import { basicLSTMCell, gruCell, peepholeCell } from '../src/variants/index.js';

const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error('usage: tsx tools/write-torch-models.ts FOLDER');

const D = 3;
const SIGMOID = { recurrentActivation: 'sigmoid', returnSequences: true } as const;
const both = (layer: tf.layers.Layer) =>
  tf.layers.bidirectional({ layer: layer as tf.layers.RNN, mergeMode: 'concat' });
const over = (cell: AnyLSTMCell) => lstm({ cell, returnSequences: true });

/** What a module is made with in Python, how many layers it has, and what makes one of them. */
const MODELS: Record<string, [module: string, args: object, depth: number, make: () => tf.layers.Layer]> = {
  'one-layer': ['LSTM', {}, 1, () => lstm({ units: 4, ...SIGMOID })],
  'without-bias': ['LSTM', { bias: false }, 2, () => lstm({ units: 4, ...SIGMOID, useBias: false })],
  'both-ways': ['LSTM', { bidirectional: true }, 3, () => both(lstm({ units: 4, ...SIGMOID }))],
  'built-in': ['LSTM', {}, 1, () => tf.layers.lstm({ units: 4, ...SIGMOID })],
  'built-in-both-ways': ['LSTM', { bidirectional: true }, 2, () => both(tf.layers.lstm({ units: 4, ...SIGMOID }))],
  'forget-bias': ['LSTM', {}, 1, () => over(basicLSTMCell({ units: 4, forgetBias: 0.7 }))],
  projection: [
    'LSTM',
    { proj_size: 2, bidirectional: true },
    2,
    () => both(over(peepholeCell({ units: 4, peepholes: false, projectionUnits: 2 }))),
  ],
  gru: ['GRU', { bidirectional: true }, 2, () => both(over(gruCell({ units: 4 })))],
};

mkdirSync(folder, { recursive: true });
let seed = 1;
for (const [name, [module, args, depth, make]] of Object.entries(MODELS)) {
  const layers = Array.from({ length: depth }, make);
  const x = tf.randomNormal([2, 5, D], 0, 1, 'float32', seed++);
  const model = tf.sequential({ layers: [tf.layers.inputLayer({ inputShape: [null, D] }), ...layers] });
  for (const weight of model.weights) {
    weight.write(tf.randomNormal(weight.shape as number[], 0, 0.6, 'float32', seed++));
  }
  const y = model.predict(x) as tf.Tensor;
  writeFileSync(join(folder, `${name}.safetensors`), writeTorch(layers));
  const numbers = { x: x.arraySync(), y: y.arraySync() };
  const document = { module, args: { ...args, num_layers: depth }, features: D, units: 4, ...numbers };
  writeFileSync(join(folder, `${name}.json`), JSON.stringify(document));
}
const cell = lstmCell({ units: 4, recurrentActivation: 'sigmoid' });
const [x, h, c] = [D, 4, 4].map((width) => tf.randomNormal([2, width], 0, 1, 'float32', seed++)) as [
  tf.Tensor2D,
  tf.Tensor2D,
  tf.Tensor2D,
];
cell.build([null, D]);
const step = cell.step(x, [h, c]);
writeFileSync(join(folder, 'cell.safetensors'), writeTorch(cell));
const numbers = { x: x.arraySync(), h: h.arraySync(), c: c.arraySync(), y: step.h.arraySync() };
const document = { module: 'LSTMCell', args: {}, features: D, units: 4, ...numbers };
writeFileSync(join(folder, 'cell.json'), JSON.stringify(document));
