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
import { backwardBySteps, stepGradients } from './backward-by-steps.js';
import { BLOCK_OUTPUTS, type BlockOutputs, namedOutputs } from './block-lstm.js';
import { areRight } from './self-check.js';
import { areRowsOfUnitsFaster } from './speed-rules.js';
import { stepsForward } from './steps-forward.js';
import { lastStep, swapBatchAndTime, validSteps, zeroWhereMasked } from './time-major.js';

const OF_GATES = ['i', 'f', 'ci', 'o', 'cs'] as const;

/** The scan as a graph of TensorFlow's own ops, which runs as a whole: what its LSTM ops compute, for hard sigmoids and masks too. */
export class StepsKernel implements FusedKernel {
  readonly name = 'tensorflow-steps';
  /** By recurrent activation and whether gradients are taken, once it has been checked: it loads and optimizes graphs. */
  private readonly isRight = new Map<string, boolean>();

  /** @param hasRowsOfUnits Whether inference has a row for each unit, of so many samples and timesteps. */
  constructor(private readonly hasRowsOfUnits = areRowsOfUnitsFaster) {}

  refusal(problem: FusedProblem): string | null {
    const { activation, recurrentActivation, hasRecurrentDropout, takesGradients, additions = [] } = problem;
    const [addition] = additions;
    if (addition !== undefined) return `TensorFlow's ops are not run with ${addition}`;
    if (activation !== 'tanh' || (recurrentActivation !== 'sigmoid' && recurrentActivation !== 'hardSigmoid'))
      return "TensorFlow's ops support only sigmoid or hardSigmoid, and tanh";
    if (hasRecurrentDropout) return "TensorFlow's ops do not support dropout of the hidden state";
    const kind = `${recurrentActivation} ${takesGradients}`;
    const isRight =
      this.isRight.get(kind) ?? areRight([new StepsKernel(() => true)], recurrentActivation, takesGradients);
    this.isRight.set(kind, isRight);
    return isRight ? null : "this version of tfjs-node does not run TensorFlow's ops as they are known";
  }

  forward(inputs: FusedInputs, options: FusedOptions, forBackward: boolean): ForwardPass {
    return tidy(() => {
      const { keepOutputs, keepGates, zeroOutputForMask } = options;
      const wanted = BLOCK_OUTPUTS.filter(
        (name) => forBackward || (keepOutputs && name === 'h') || (keepGates && OF_GATES.some((gate) => gate === name)),
      );
      const [batch, timesteps] = inputs.x.shape;
      const isByUnits = !forBackward && !keepGates && this.hasRowsOfUnits(batch, timesteps);
      const { h, c, kept, sequence } = stepsForward(inputs, options, wanted, isByUnits);
      const valid = validSteps(inputs, options);
      const [validByRow, shown] = [valid && swapBatchAndTime(valid), zeroOutputForMask ? valid : null];
      const gate = (name: keyof BlockOutputs) => zeroWhereMasked(sequence(name), validByRow);
      return {
        result: {
          // Gradients of two outputs that are one tensor would be counted twice.
          lastOutput: shown === null ? tf.clone(h) : zeroWhereMasked(h, lastStep(shown)),
          h,
          c,
          outputs: keepOutputs ? zeroWhereMasked(sequence('h'), shown && validByRow) : null,
          gates: keepGates ? { i: gate('i'), f: gate('f'), g: gate('ci'), o: gate('o'), c: sequence('cs') } : null,
        },
        saved: forBackward ? BLOCK_OUTPUTS.map((name) => kept[name] as tf.Tensor3D) : [],
      };
    });
  }

  backward(
    inputs: RecordedInputs,
    options: FusedOptions,
    saved: readonly tf.Tensor[],
    gradients: ResultGradients,
  ): InputGradients {
    return backwardBySteps(inputs, options, namedOutputs(saved), gradients);
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
