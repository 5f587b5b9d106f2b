import { readdirSync, readFileSync } from 'node:fs';
import type * as tf from '@tensorflow/tfjs';
import { readTensorOfShape } from '../../src/testing/decode-tensor.js';
import { Field } from '../../src/testing/fields.js';
import { toTensor } from '../../src/testing/fixture.js';
import { randomTensor } from './random.js';

const FOLDER = 'fixtures/block-lstm';

/** What TensorFlow's op BlockLSTMV2 returns, by its own names and in its order: ci is g, cs is c, co is tanh(c). */
export const BLOCK_LSTM_OUTPUTS = ['i', 'cs', 'f', 'o', 'ci', 'co', 'h'] as const;
export type BlockLSTMOutputs = Record<(typeof BLOCK_LSTM_OUTPUTS)[number], tf.Tensor3D>;

/** An LSTM and what it runs on; gate blocks in the order i, f, g, o. */
export interface BlockLSTMProblem {
  /** [D, 4U] */
  kernel: tf.Tensor2D;
  /** [U, 4U] */
  recurrentKernel: tf.Tensor2D;
  /** [4U] */
  bias: tf.Tensor1D;
  /** [B, T, D] */
  x: tf.Tensor3D;
  /** [B, U] each. */
  h0: tf.Tensor2D;
  c0: tf.Tensor2D;
}

/** Every committed fixture, none left out. */
export const BLOCK_LSTM_FIXTURES: string[] = readdirSync(FOLDER)
  .filter((file) => file.endsWith('.json'))
  .map((file) => file.slice(0, -'.json'.length));

/** One of the committed fixtures as tensors, which the caller disposes. */
export function blockLSTMFixture(name: string): { problem: BlockLSTMProblem; outputs: BlockLSTMOutputs } {
  const root = new Field(JSON.parse(readFileSync(`${FOLDER}/${name}.json`, 'utf8')), '');
  root.at('format').oneOf(['explicit-lstm-block-lstm']);
  const [batch, timesteps, features] = root.at('input').at('shape').shape() as [number, number, number];
  const units = root.at('h0').at('shape').shape()[1] as number;
  const read = <R extends tf.Rank>(field: Field, ...shape: number[]) =>
    toTensor(readTensorOfShape(field, shape, field.path)) as tf.Tensor<R>;
  const outputs = BLOCK_LSTM_OUTPUTS.map((output) => [
    output,
    read<tf.Rank.R3>(root.at('outputs').at(output), batch, timesteps, units),
  ]);
  return {
    problem: {
      kernel: read<tf.Rank.R2>(root.at('kernel'), features, 4 * units),
      recurrentKernel: read<tf.Rank.R2>(root.at('recurrentKernel'), units, 4 * units),
      bias: read<tf.Rank.R1>(root.at('bias'), 4 * units),
      x: read<tf.Rank.R3>(root.at('input'), batch, timesteps, features),
      h0: read<tf.Rank.R2>(root.at('h0'), batch, units),
      c0: read<tf.Rank.R2>(root.at('c0'), batch, units),
    },
    outputs: Object.fromEntries(outputs) as BlockLSTMOutputs,
  };
}

/** A problem of the given sizes with random weights, input and states. */
export function randomProblem(sizes: Record<'B' | 'T' | 'D' | 'U', number>, seed: number): BlockLSTMProblem {
  const { B, T, D, U } = sizes;
  return {
    kernel: randomTensor([D, 4 * U], seed, 0.5),
    recurrentKernel: randomTensor([U, 4 * U], seed + 1, 0.5),
    bias: randomTensor([4 * U], seed + 2, 0.5),
    x: randomTensor([B, T, D], seed + 3),
    h0: randomTensor([B, U], seed + 4),
    c0: randomTensor([B, U], seed + 5),
  };
}
