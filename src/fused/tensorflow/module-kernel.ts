import * as tf from '@tensorflow/tfjs';
import { tidy } from '../../core/tidy.js';
import type { FusedOptions, InputGradients, RecordedInputs, ResultGradients, StepGradients } from '../fused-kernel.js';
import { gradientOfInput, gradientOfKernel, gradientOfWeights } from '../products.js';
import { WasmKernel } from '../wasm/wasm-kernel.js';
import { byGate } from './backward-by-steps.js';
import { areProductsFaster } from './speed-rules.js';

/**
 * The WebAssembly module step by step, and TensorFlow for the products over all timesteps of the backward pass, which it has wider
 * SIMD and threads for, and whose factors are in its memory.
 */
export class ModuleKernel extends WasmKernel {
  /** @param areProductsOfOps Whether TensorFlow computes them for a backward pass. */
  constructor(private readonly areProductsOfOps: (inputs: RecordedInputs) => boolean = areProductsFaster) {
    super();
  }

  override backward(
    inputs: RecordedInputs,
    options: FusedOptions,
    saved: readonly tf.Tensor[],
    gradients: ResultGradients,
  ): InputGradients {
    if (inputs.additions !== undefined || !this.areProductsOfOps(inputs)) {
      return super.backward(inputs, options, saved, gradients);
    }
    const { ofInputs, dZ } = this.goBack(inputs, options, saved, gradients);
    return { ...ofInputs, ...productsOfOps(inputs, options, saved, dZ) };
  }

  override backwardBySteps(
    inputs: RecordedInputs,
    options: FusedOptions,
    saved: readonly tf.Tensor[],
    gradients: ResultGradients,
  ): StepGradients {
    if (!this.areProductsOfOps(inputs)) return super.backwardBySteps(inputs, options, saved, gradients);
    return tidy(() => {
      const { dZ, ...steps } = this.goBackThroughSteps(inputs, options, saved, gradients);
      const { x, kernel, recurrentKernel, bias } = productsOfOps(inputs, options, saved, dZ);
      return {
        ...steps,
        x: x() as tf.Tensor3D,
        kernel: byGate(kernel() as tf.Tensor2D),
        recurrentKernel: byGate(recurrentKernel() as tf.Tensor2D),
        bias: inputs.bias && byGate(bias() as tf.Tensor1D),
        dZ: byGate(dZ),
      };
    });
  }
}

/** @param dZ The gradients of the pre-activations, [B, T, 4U], by the input's timestep. */
function productsOfOps(
  inputs: RecordedInputs,
  options: FusedOptions,
  saved: readonly tf.Tensor[],
  dZ: tf.Tensor,
): Pick<InputGradients, 'x' | 'kernel' | 'recurrentKernel' | 'bias'> {
  const { x, kernel, mask, recurrentDropoutMasks } = inputs;
  const rows = x.shape[0] * x.shape[1];
  const dRows = tf.reshape(dZ, [rows, kernel.shape[1]]) as tf.Tensor2D;
  const validRows = (values: tf.Tensor2D) =>
    mask === null ? values : tf.where(tf.reshape(mask, [rows, 1]), values, tf.zeros([1, 1]));
  const hiddens = (gate: number) => {
    const before = hiddensBefore(inputs, options, saved[2] as tf.Tensor3D);
    const dropoutMask = recurrentDropoutMasks[gate];
    const read = dropoutMask === undefined ? before : tf.mul(before, tf.expandDims(dropoutMask, 1));
    return validRows(tf.reshape(read, [rows, -1]));
  };
  return {
    x: () => gradientOfInput(inputs, kernel, dRows),
    kernel: () => tidy(() => gradientOfKernel(inputs, dRows, validRows)),
    recurrentKernel: () => gradientOfWeights(recurrentDropoutMasks, dRows, hiddens),
    bias: () => tf.sum(dRows, 0),
  };
}

/**
 * The hidden states that the steps read, [B, T, U], by the input's timestep.
 *
 * @param hiddens Those after the steps, in processing order.
 */
function hiddensBefore({ x, h0 }: RecordedInputs, { goBackwards }: FusedOptions, hiddens: tf.Tensor3D): tf.Tensor {
  const timesteps = x.shape[1];
  const first = tf.expandDims(h0, 1);
  if (timesteps === 1) return first;
  const before = tf.concat([first, tf.slice(hiddens, [0, 0, 0], [-1, timesteps - 1, -1])], 1);
  return goBackwards ? tf.reverse(before, 1) : before;
}
