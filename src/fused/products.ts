import * as tf from '@tensorflow/tfjs';
import { tidy } from '../core/tidy.js';
import { type GateDropoutMasks, weightedSum } from '../core/weighted-sum.js';
import type { FusedInputs } from './fused-kernel.js';

// What a sequence takes of products over all timesteps at once, by tfjs's own. N is U, or more where a kernel pads.

type XAndMasks = Pick<FusedInputs, 'x' | 'inputDropoutMasks'>;

/** x·W + b, [B·T, 4N]. */
export function projectSequence(
  { x, inputDropoutMasks }: XAndMasks,
  kernel: tf.Tensor2D,
  bias: tf.Tensor1D | null,
): tf.Tensor {
  const everyStep = inputDropoutMasks.map(overSteps);
  if (everyStep.length < 2) {
    const a = rowsOf(dropOut(x, everyStep[0]));
    return bias === null ? tf.matMul(a, kernel) : tf.fused.matMul({ a, b: kernel, bias });
  }
  const product = (value: tf.Tensor, block: tf.Tensor2D) => tf.matMul<tf.Tensor2D>(rowsOf(value), block);
  const sum = weightedSum(x as unknown as tf.Tensor2D, kernel, everyStep, product);
  return bias === null ? sum : tf.add(sum, bias);
}

/**
 * The gradient of x, [B, T, D].
 *
 * @param dZ Those of the pre-activations, [B·T, 4N].
 */
export function gradientOfInput({ x, inputDropoutMasks }: XAndMasks, kernel: tf.Tensor2D, dZ: tf.Tensor2D): tf.Tensor {
  return tidy(() => {
    const weights = blocksOf(kernel, inputDropoutMasks);
    const sums = blocksOf(dZ, inputDropoutMasks).map((block, gate) => {
      const steps = tf.reshape(tf.matMul(block, weights[gate] as tf.Tensor, false, true), x.shape);
      return dropOut(steps, inputDropoutMasks[gate] && overSteps(inputDropoutMasks[gate]));
    });
    return sums.length === 1 ? (sums[0] as tf.Tensor) : tf.addN(sums);
  });
}

/**
 * The gradient of the kernel, [D, 4N].
 *
 * @param valid From rows of x, [B·T, D], to those with zeros at masked steps: a NaN there, times 0, would be one.
 */
export function gradientOfKernel(
  { x, inputDropoutMasks }: XAndMasks,
  dZ: tf.Tensor2D,
  valid: (rows: tf.Tensor2D) => tf.Tensor,
): tf.Tensor {
  const dropoutMasks = inputDropoutMasks.map(overSteps);
  return gradientOfWeights(dropoutMasks, dZ, (gate) => valid(rowsOf(dropOut(x, dropoutMasks[gate]))));
}

/** What is multiplied with the gradients of each block: all of them at once where there is one dropout mask at most. */
export function gradientOfWeights(
  dropoutMasks: GateDropoutMasks,
  dZ: tf.Tensor2D,
  rowsFor: (gate: number) => tf.Tensor,
): tf.Tensor {
  return tidy(() => {
    const blocks = blocksOf(dZ, dropoutMasks).map((block, gate) => tf.matMul(rowsFor(gate), block, true));
    return blocks.length === 1 ? (blocks[0] as tf.Tensor) : tf.concat(blocks, 1);
  });
}

/** The gradient of the bias, [1, 4N]: by a product, which is faster than tfjs's sum over the first axis of a long matrix. */
export function gradientOfBias(dZ: tf.Tensor2D): tf.Tensor2D {
  // Of one row, tfjs would make a sum again.
  return tf.slice(tf.matMul<tf.Tensor2D>(tf.ones([2, dZ.shape[0]]), dZ), 0, 1);
}

function blocksOf(matrix: tf.Tensor2D, dropoutMasks: GateDropoutMasks): tf.Tensor2D[] {
  return dropoutMasks.length < 2 ? [matrix] : tf.split(matrix, dropoutMasks.length, 1);
}

function rowsOf(sequence: tf.Tensor): tf.Tensor2D {
  return tf.reshape(sequence, [-1, sequence.shape[2] as number]);
}

function overSteps(dropoutMask: tf.Tensor): tf.Tensor {
  return tf.expandDims(dropoutMask, 1);
}

function dropOut(x: tf.Tensor, dropoutMask: tf.Tensor | undefined): tf.Tensor {
  return dropoutMask === undefined ? x : tf.mul(x, dropoutMask);
}
