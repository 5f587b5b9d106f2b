import * as tf from '@tensorflow/tfjs';
import type { ForwardPass, FusedInputs, FusedKernel, FusedOptions, RecordedInputs } from '../src/fused/fused-kernel.js';
import { ModuleKernel } from '../src/fused/tensorflow/module-kernel.js';
import { StepsKernel } from '../src/fused/tensorflow/steps-kernel.js';
import { TensorFlowKernel } from '../src/fused/tensorflow/tensorflow-kernel.js';
import { WasmKernel } from '../src/fused/wasm/wasm-kernel.js';

type Passes = Pick<FusedKernel, 'forward' | 'backward'>;

const KERNELS: readonly Passes[] = [WasmKernel, ModuleKernel, StepsKernel, TensorFlowKernel].map(
  ({ prototype }) => prototype,
);

/** Of the right shapes, and nothing else. */
const ZEROS: Passes = {
  forward: ({ x, recurrentKernel }: FusedInputs, { keepOutputs }: FusedOptions): ForwardPass => {
    const [batch, timesteps] = x.shape;
    const units = recurrentKernel.shape[0];
    const state = () => tf.zeros<tf.Rank.R2>([batch, units]);
    const outputs = keepOutputs ? tf.zeros<tf.Rank.R3>([batch, timesteps, units]) : null;
    return { result: { lastOutput: state(), h: state(), c: state(), outputs, gates: null }, saved: [] };
  },
  backward: ({ x, h0, c0, kernel, recurrentKernel, bias }: RecordedInputs) => {
    const like = (tensor: tf.Tensor) => () => tf.zerosLike(tensor);
    return {
      x: like(x),
      h0: like(h0),
      c0: like(c0),
      kernel: like(kernel),
      recurrentKernel: like(recurrentKernel),
      bias: like(bias ?? tf.scalar(0)),
    };
  },
};

/** Runs with fused kernels that compute nothing: what takes its time then is all that is not the sequences themselves. */
export async function withoutSequences<Value>(run: () => Value): Promise<Awaited<Value>> {
  const before = KERNELS.map(({ forward, backward }) => ({ forward, backward }));
  for (const kernel of KERNELS) Object.assign(kernel, ZEROS);
  try {
    return await run();
  } finally {
    for (const [n, kernel] of KERNELS.entries()) Object.assign(kernel, before[n]);
  }
}
