import * as tf from '@tensorflow/tfjs';
import { GATE_SEQUENCE_NAMES, type GateSequences, type ScanResult } from '../core/scan.js';
import { tidy } from '../core/tidy.js';
import { gradientDepth } from '../host/gradient-tape.js';
import type { FusedInputs, FusedKernel, FusedOptions, InputGradients, ResultGradients } from './fused-kernel.js';
import { runDifferentiable } from './multi-output-gradient.js';

/** Runs a sequence on a fused kernel. Differentiable, once. */
export function runFused(kernel: FusedKernel, inputs: FusedInputs, options: FusedOptions): ScanResult {
  return tidy(() => {
    if (gradientDepth() === 0) return kernel.forward(inputs, options, false).result;
    const outputs = runDifferentiable(listInputs(inputs), {
      compute: () => {
        const { result, saved } = kernel.forward(inputs, options, true);
        return { outputs: listResult(result), saved };
      },
      gradients: (outputGradients, copies, saved) => {
        const copiedInputs = readInputs(copies, inputs);
        const gradients = readResult(outputGradients, options) as ResultGradients;
        return listGradients(kernel.backward(copiedInputs, options, saved, gradients), copiedInputs);
      },
    });
    return readResult(outputs, options);
  });
}

const DIFFERENTIABLE = ['x', 'h0', 'c0', 'kernel', 'recurrentKernel'] as const;

function listInputs({ bias, mask, inputMasks, recurrentMasks, ...others }: FusedInputs): tf.Tensor[] {
  const optional = [bias, mask].filter((tensor) => tensor !== null);
  return [...DIFFERENTIABLE.map((name) => others[name]), ...optional, ...inputMasks, ...recurrentMasks];
}

/** The inverse of `listInputs`, for inputs that are there and missing as in `pattern`. */
function readInputs(list: tf.Tensor[], pattern: FusedInputs): FusedInputs {
  const rest = [...list];
  const next = () => rest.shift() as tf.Tensor;
  const required = Object.fromEntries(DIFFERENTIABLE.map((name) => [name, next()]));
  return {
    ...(required as unknown as Pick<FusedInputs, (typeof DIFFERENTIABLE)[number]>),
    bias: pattern.bias && (next() as tf.Tensor1D),
    mask: pattern.mask && (next() as tf.Tensor2D),
    inputMasks: pattern.inputMasks.map(next),
    recurrentMasks: pattern.recurrentMasks.map(next),
  };
}

function listGradients(gradients: InputGradients, { bias, mask, inputMasks, recurrentMasks }: FusedInputs) {
  // Masks only choose: that they might come from what is differentiated is no reason to throw.
  const none = [...(mask === null ? [] : [mask]), ...inputMasks, ...recurrentMasks];
  return [
    ...DIFFERENTIABLE.map((name) => gradients[name]),
    ...(bias === null ? [] : [gradients.bias]),
    ...none.map((tensor) => () => tf.zeros(tensor.shape)),
  ];
}

function listResult({ lastOutput, h, c, outputs, gates }: ScanResult): tf.Tensor[] {
  const kept = gates === null ? [] : GATE_SEQUENCE_NAMES.map((name) => gates[name]);
  return [lastOutput, h, c, ...(outputs === null ? [] : [outputs]), ...kept];
}

/** The inverse of `listResult`. */
function readResult(list: readonly tf.Tensor[], { keepOutputs, keepGates }: FusedOptions): ScanResult {
  const [lastOutput, h, c, ...rest] = list as [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D, ...tf.Tensor3D[]];
  const outputs = keepOutputs ? (rest.shift() as tf.Tensor3D) : null;
  const gates = keepGates ? Object.fromEntries(GATE_SEQUENCE_NAMES.map((name, index) => [name, rest[index]])) : null;
  return { lastOutput, h, c, outputs, gates: gates as GateSequences | null };
}
