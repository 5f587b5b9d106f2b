import * as tf from '@tensorflow/tfjs';
import { GATE_SEQUENCE_NAMES } from '../core/scan.js';
import { tidy } from '../core/tidy.js';
import { runDifferentiable } from '../host/differentiable-operation.js';
import { gradientDepth } from '../host/gradient-tape.js';
import type {
  FusedInputs,
  FusedKernel,
  FusedOptions,
  FusedResult,
  InputGradients,
  RecordedInputs,
  ResultGradients,
} from './fused-kernel.js';

/** Runs a sequence on a fused kernel. Differentiable, once. To be called within a tidy. */
export function runFused(fusedKernel: FusedKernel, inputs: FusedInputs, options: FusedOptions): FusedResult {
  return gradientDepth() === 0
    ? fusedKernel.forward(inputs, options, false).result
    : runRecorded(fusedKernel, inputs, options, options).result;
}

/** What a run returns, and beside it all that was computed on the way, of which nothing is differentiable. */
interface ShownRun {
  result: FusedResult;
  all: FusedResult;
  /** Null where no gradients may be asked for. */
  recorded: RecordedRun | null;
}

/** The same as `runFused`, with all that was computed on the way. */
export function runFusedShowingAll(fusedKernel: FusedKernel, inputs: FusedInputs, options: FusedOptions): ShownRun {
  const showing = { ...options, keepOutputs: true, keepGates: true };
  if (gradientDepth() !== 0) return runRecorded(fusedKernel, inputs, options, showing);
  const all = fusedKernel.forward(inputs, showing, false).result;
  return { result: wantedOf(all, options), all, recorded: null };
}

/** A run of a fused kernel that tfjs has recorded. */
export interface RecordedRun {
  readonly fusedKernel: FusedKernel;
  /** Where a gradient is taken with respect to one of these, tfjs goes back over the run. */
  readonly inputs: RecordedInputs;
  readonly options: FusedOptions;
  /** How it goes back: the fused kernel's own, as long as nobody replaces it. */
  backward: FusedKernel['backward'];
}

/** U. */
export function unitsOf({ kernel }: Pick<FusedInputs, 'kernel'>): number {
  return kernel.shape[1] / 4;
}

/** Of a result, what the options want of it. */
export function wantedOf<Result extends Pick<FusedResult, 'outputs'> & { gates: unknown }>(
  all: Result,
  { keepOutputs, keepGates }: Pick<FusedOptions, 'keepOutputs' | 'keepGates'>,
): Result {
  return { ...all, outputs: keepOutputs ? all.outputs : null, gates: keepGates ? all.gates : null };
}

/**
 * @param options What is wanted of the result: each of its tensors is an output of the recorded operation, which costs
 *   a gradient as large as itself, of zeros where nobody asks for it.
 * @param showing What is computed.
 */
function runRecorded(
  fusedKernel: FusedKernel,
  given: FusedInputs,
  options: FusedOptions,
  showing: FusedOptions,
): ShownRun {
  return tidy(() => {
    const batch = given.x.shape[0];
    const inputs = {
      ...given,
      h0: given.h0 ?? (tf.zeros([batch, given.recurrentKernel.shape[0]]) as tf.Tensor2D),
      c0: given.c0 ?? (tf.zeros([batch, unitsOf(given)]) as tf.Tensor2D),
    };
    const recorded: RecordedRun = {
      fusedKernel,
      inputs,
      options,
      backward: (...given) => fusedKernel.backward(...given),
    };
    let all: FusedResult | null = null;
    const outputs = runDifferentiable(listInputs(inputs), {
      compute: () => {
        const { result, saved } = fusedKernel.forward(inputs, showing, true);
        all ??= result;
        const returned = listResult(wantedOf(result, options));
        return { outputs: returned, saved, aside: listResult(result).filter((tensor) => !returned.includes(tensor)) };
      },
      gradients: (outputGradients, copies, saved) => {
        const copiedInputs = readInputs(copies, inputs);
        const gradients: ResultGradients = readResult(outputGradients, options);
        return listGradients(recorded.backward(copiedInputs, options, saved, gradients), copiedInputs);
      },
    });
    return { result: readResult(outputs, options), all: all as unknown as FusedResult, recorded };
  });
}

function listInputs(inputs: RecordedInputs): tf.Tensor[] {
  const { x, h0, c0, kernel, recurrentKernel, bias, mask, inputDropoutMasks, recurrentDropoutMasks } = inputs;
  const { peepholes = null, projection = null } = inputs.additions ?? {};
  const list: tf.Tensor[] = [x, h0, c0, kernel, recurrentKernel];
  for (const weight of [bias, peepholes, projection]) if (weight !== null) list.push(weight);
  if (mask !== null) list.push(mask);
  return [...list, ...inputDropoutMasks, ...recurrentDropoutMasks];
}

/** The inverse of `listInputs`, for inputs that are there and missing as in `pattern`. */
function readInputs(list: tf.Tensor[], pattern: FusedInputs): RecordedInputs {
  const rest = [...list];
  const next = <T extends tf.Tensor>() => rest.shift() as T;
  const { additions } = pattern;
  return {
    x: next<tf.Tensor3D>(),
    h0: next<tf.Tensor2D>(),
    c0: next<tf.Tensor2D>(),
    kernel: next<tf.Tensor2D>(),
    recurrentKernel: next<tf.Tensor2D>(),
    bias: pattern.bias && next<tf.Tensor1D>(),
    additions: additions && {
      ...additions,
      peepholes: additions.peepholes && next<tf.Tensor1D>(),
      projection: additions.projection && next<tf.Tensor2D>(),
    },
    mask: pattern.mask && next<tf.Tensor2D>(),
    inputDropoutMasks: pattern.inputDropoutMasks.map(() => next()),
    recurrentDropoutMasks: pattern.recurrentDropoutMasks.map(() => next()),
  };
}

function listGradients(gradients: InputGradients, inputs: FusedInputs): (() => tf.Tensor)[] {
  const { x, h0, c0, kernel, recurrentKernel, bias, peepholes, projection } = gradients;
  const { mask, additions, inputDropoutMasks, recurrentDropoutMasks } = inputs;
  // Masks only choose: that they might come from what is differentiated is no reason to throw.
  const none = [...(mask === null ? [] : [mask]), ...inputDropoutMasks, ...recurrentDropoutMasks];
  return [
    x,
    h0,
    c0,
    kernel,
    recurrentKernel,
    ...(inputs.bias === null ? [] : [bias]),
    ...(additions?.peepholes && peepholes ? [peepholes] : []),
    ...(additions?.projection && projection ? [projection] : []),
    ...none.map(
      ({ shape }) =>
        () =>
          tf.zeros(shape),
    ),
  ];
}

function listResult({ lastOutput, h, c, outputs, gates }: FusedResult): tf.Tensor[] {
  const kept = gates === null ? [] : GATE_SEQUENCE_NAMES.map((name) => gates[name]);
  return [lastOutput, h, c, ...(outputs === null ? [] : [outputs]), ...kept];
}

/** The inverse of `listResult`. */
function readResult(list: readonly tf.Tensor[], { keepOutputs, keepGates }: FusedOptions): FusedResult {
  const [lastOutput, h, c, ...rest] = list as [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D, ...tf.Tensor3D[]];
  const outputs = keepOutputs ? (rest.shift() as tf.Tensor3D) : null;
  if (!keepGates) return { lastOutput, h, c, outputs, gates: null };
  const [i, f, g, o, cells] = rest as [tf.Tensor3D, tf.Tensor3D, tf.Tensor3D, tf.Tensor3D, tf.Tensor3D];
  return { lastOutput, h, c, outputs, gates: { i, f, g, o, c: cells } };
}
