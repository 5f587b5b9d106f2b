import * as tf from '@tensorflow/tfjs';
import { splitByGate } from '../../core/gates.js';
import { tidy } from '../../core/tidy.js';
import type { SequenceCell } from '../../sequence/sequence.js';
import type { WeightsByGate } from '../weights/weights-by-gate.js';

/** The gradients of a cell's weights, by gate. */
export function weightGradients(cell: SequenceCell, gradientOf: <T extends tf.Tensor>(weight: T) => T): WeightsByGate {
  const gradients = tidy(() => ({
    kernel: splitByGate(gradientOf(cell.kernel.read()) as tf.Tensor2D),
    recurrentKernel: splitByGate(gradientOf(cell.recurrentKernel.read()) as tf.Tensor2D),
    bias: cell.bias === null ? null : splitByGate(gradientOf(cell.bias.read()) as tf.Tensor1D),
  }));
  return { ...gradients, dispose: () => tf.dispose(gradients as unknown as tf.TensorContainer) };
}

/** The kernel, the recurrent kernel and, if there is one, the bias. A view of another layer's cell lists no weights. */
export function weightTensors({ kernel, recurrentKernel, bias }: SequenceCell): tf.Tensor[] {
  return [kernel, recurrentKernel, ...(bias === null ? [] : [bias])].map((weight) => weight.read());
}
