import * as tf from '@tensorflow/tfjs';
import { tidy } from '../../core/tidy.js';
import type {
  ForwardPass,
  FusedInputs,
  FusedKernel,
  FusedOptions,
  FusedProblem,
  InputGradients,
  RecordedInputs,
  ResultGradients,
  StepGradients,
} from '../fused-kernel.js';
import { backwardAtOnce } from './backward-at-once.js';
import { backwardBySteps, stepGradients } from './backward-by-steps.js';
import { BLOCK_OUTPUTS, blockLSTM, namedOutputs } from './block-lstm.js';
import { areRight } from './self-check.js';
import { MOST_WEIGHTS_AT_ONCE } from './speed-rules.js';
import { lastStep, swapBatchAndTime } from './time-major.js';

/** The scan as TensorFlow's own LSTM ops, which tfjs-node runs but does not offer. */
export class TensorFlowKernel implements FusedKernel {
  readonly name = 'tensorflow-block-lstm';
  /** By whether gradients are taken, once it has been checked. */
  private readonly isRight = new Map<boolean, boolean>();

  /** @param mostWeightsAtOnce With more weights, the backward pass goes step by step. */
  constructor(private readonly mostWeightsAtOnce = MOST_WEIGHTS_AT_ONCE) {}

  refusal(problem: FusedProblem) {
    const { activation, recurrentActivation, isMasked, hasRecurrentDropout, takesGradients, additions = [] } = problem;
    const [addition] = additions;
    if (addition !== undefined) return `TensorFlow's ops are not run with ${addition}`;
    if (activation !== 'tanh' || recurrentActivation !== 'sigmoid')
      return "TensorFlow's ops support only sigmoid and tanh";
    if (isMasked) return "TensorFlow's ops do not support masks";
    if (hasRecurrentDropout) return "TensorFlow's ops do not support dropout of the hidden state";
    const waysBack = [new TensorFlowKernel(Number.POSITIVE_INFINITY), new TensorFlowKernel(0)];
    const ways = takesGradients ? waysBack : waysBack.slice(0, 1);
    const isRight = this.isRight.get(takesGradients) ?? areRight(ways, 'sigmoid', takesGradients);
    this.isRight.set(takesGradients, isRight);
    return isRight ? null : "this version of tfjs-node does not run TensorFlow's LSTM ops";
  }

  forward(inputs: FusedInputs, options: FusedOptions, forBackward: boolean): ForwardPass {
    return tidy(() => {
      const outputs = blockLSTM(inputs, options);
      const { i, cs, f, o, ci, h } = outputs;
      const all = swapBatchAndTime;
      const last = lastStep(h);
      return {
        result: {
          lastOutput: last,
          // Gradients of two outputs that are one tensor would be counted twice.
          h: tf.clone(last),
          c: lastStep(cs),
          outputs: options.keepOutputs ? all(h) : null,
          gates: options.keepGates ? { i: all(i), f: all(f), g: all(ci), o: all(o), c: all(cs) } : null,
        },
        saved: forBackward ? BLOCK_OUTPUTS.map((name) => outputs[name]) : [],
      };
    });
  }

  backward(
    inputs: RecordedInputs,
    options: FusedOptions,
    saved: readonly tf.Tensor[],
    gradients: ResultGradients,
  ): InputGradients {
    const { kernel, recurrentKernel } = inputs;
    const isAtOnce = gradients.gates === null && kernel.size + recurrentKernel.size <= this.mostWeightsAtOnce;
    const backward = isAtOnce ? backwardAtOnce : backwardBySteps;
    return backward(inputs, options, namedOutputs(saved), gradients);
  }

  backwardBySteps(
    inputs: RecordedInputs,
    options: FusedOptions,
    saved: readonly tf.Tensor[],
    gradients: ResultGradients,
  ): StepGradients {
    return stepGradients(inputs, options, namedOutputs(saved), gradients);
  }
}
