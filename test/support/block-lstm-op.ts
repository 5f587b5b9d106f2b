import { createRequire } from 'node:module';
import * as tf from '@tensorflow/tfjs';
import { BLOCK_LSTM_OUTPUTS, type BlockLSTMOutputs, type BlockLSTMProblem } from './block-lstm.js';

interface OpAttribute {
  name: string;
  type: number;
  value: unknown;
}

/** What tfjs-node's backend has beyond the others'. */
interface TensorFlowBackend {
  binding: Record<'TF_ATTR_TYPE' | 'TF_ATTR_FLOAT' | 'TF_ATTR_BOOL' | 'TF_FLOAT', number>;
  executeMultipleOutputs(name: string, attributes: OpAttribute[], inputs: unknown[], outputs: number): tf.Tensor[];
}

const requireHere = createRequire(`${process.cwd()}/package.json`);

/** Runs TensorFlow's own op BlockLSTMV2, which needs the backend `tensorflow`. The caller disposes the outputs. */
export function runBlockLSTMOp(problem: BlockLSTMProblem): BlockLSTMOutputs {
  const { kernel, recurrentKernel, bias, x, h0, c0 } = problem;
  // seq_len_max is int64, which no tensor of tfjs is.
  const { Int64Scalar } = requireHere('@tensorflow/tfjs-node/dist/int64_tensors');
  const backend = tf.backend() as unknown as TensorFlowBackend;
  const { TF_ATTR_TYPE, TF_ATTR_FLOAT, TF_ATTR_BOOL, TF_FLOAT } = backend.binding;
  const attributes = [
    { name: 'T', type: TF_ATTR_TYPE, value: TF_FLOAT },
    { name: 'use_peephole', type: TF_ATTR_BOOL, value: false },
    { name: 'cell_clip', type: TF_ATTR_FLOAT, value: 0 },
  ];
  return tf.tidy(() => {
    const noPeephole = tf.zeros([h0.shape[1]]);
    const timesteps = new Int64Scalar(x.shape[1]);
    const weights = tf.concat([kernel, recurrentKernel]);
    const inputs = [timesteps, tf.transpose(x, [1, 0, 2]), c0, h0, weights, noPeephole, noPeephole, noPeephole, bias];
    const results = backend.executeMultipleOutputs('BlockLSTMV2', attributes, inputs, BLOCK_LSTM_OUTPUTS.length);
    const batchMajor = results.map((result) => tf.transpose(result, [1, 0, 2]));
    const named = BLOCK_LSTM_OUTPUTS.map((output, n) => [output, batchMajor[n]]);
    return Object.fromEntries(named) as BlockLSTMOutputs;
  });
}
