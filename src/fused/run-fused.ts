import * as tf from '@tensorflow/tfjs';
import { GATE_SEQUENCE_NAMES, type ScanResult } from '../core/scan.js';
import { tidy } from '../core/tidy.js';
import { runDifferentiable } from '../host/differentiable-operation.js';
import { gradientDepth } from '../host/gradient-tape.js';
import type {
  FusedInputs,
  FusedKernel,
  FusedOptions,
  InputGradients,
  RecordedInputs,
  ResultGradients,
} from './fused-kernel.js';

/** Runs a sequence on a fused kernel. Differentiable, once. To be called within a tidy. */
export function runFused(fusedKernel: FusedKernel, inputs: FusedInputs, options: FusedOptions): ScanResult {
  return gradientDepth() === 0
    ? fusedKernel.forward(inputs, options, false).result
    : runRecorded(fusedKernel, inputs, options);
}

function runRecorded(fusedKernel: FusedKernel, given: FusedInputs, options: FusedOptions): ScanResult {
  return tidy(() => {
    const shape: [number, number] = [given.x.shape[0], given.recurrentKernel.shape[0]];
    const inputs = { ...given, h0: given.h0 ?? tf.zeros(shape), c0: given.c0 ?? tf.zeros(shape) };
    const outputs = runDifferentiable(listInputs(inputs), {
      compute: () => {
        const { result, saved } = fusedKernel.forward(inputs, options, true);
        return { outputs: listResult(result), saved };
      },
      gradients: (outputGradients, copies, saved) => {
        const copiedInputs = readInputs(copies, inputs);
        const gradients: ResultGradients = readResult(outputGradients, options);
        return listGradients(fusedKernel.backward(copiedInputs, options, saved, gradients), copiedInputs);
      },
    });
    return readResult(outputs, options);
  });
}

function listInputs(inputs: RecordedInputs): tf.Tensor[] {
  const { x, h0, c0, kernel, recurrentKernel, bias, mask, inputDropoutMasks, recurrentDropoutMasks } = inputs;
  const list: tf.Tensor[] = [x, h0, c0, kernel, recurrentKernel];
  if (bias !== null) list.push(bias);
  if (mask !== null) list.push(mask);
  return [...list, ...inputDropoutMasks, ...recurrentDropoutMasks];
}

/** The inverse of `listInputs`, for inputs that are there and missing as in `pattern`. */
function readInputs(list: tf.Tensor[], pattern: FusedInputs): RecordedInputs {
  const rest = [...list];
  const next = <T extends tf.Tensor>() => rest.shift() as T;
  return {
    x: next<tf.Tensor3D>(),
    h0: next<tf.Tensor2D>(),
    c0: next<tf.Tensor2D>(),
    kernel: next<tf.Tensor2D>(),
    recurrentKernel: next<tf.Tensor2D>(),
    bias: pattern.bias && next<tf.Tensor1D>(),
    mask: pattern.mask && next<tf.Tensor2D>(),
    inputDropoutMasks: pattern.inputDropoutMasks.map(() => next()),
    recurrentDropoutMasks: pattern.recurrentDropoutMasks.map(() => next()),
  };
}

function listGradients(gradients: InputGradients, inputs: FusedInputs): (() => tf.Tensor)[] {
  const { x, h0, c0, kernel, recurrentKernel, bias } = gradients;
  const { mask, inputDropoutMasks, recurrentDropoutMasks } = inputs;
  // Masks only choose: that they might come from what is differentiated is no reason to throw.
  const none = [...(mask === null ? [] : [mask]), ...inputDropoutMasks, ...recurrentDropoutMasks];
  return [
    x,
    h0,
    c0,
    kernel,
    recurrentKernel,
    ...(inputs.bias === null ? [] : [bias]),
    ...none.map(
      ({ shape }) =>
        () =>
          tf.zeros(shape),
    ),
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
  if (!keepGates) return { lastOutput, h, c, outputs, gates: null };
  const [i, f, g, o, cells] = rest as [tf.Tensor3D, tf.Tensor3D, tf.Tensor3D, tf.Tensor3D, tf.Tensor3D];
  return { lastOutput, h, c, outputs, gates: { i, f, g, o, c: cells } };
}
