import * as tf from '@tensorflow/tfjs';
import { tidy } from '../../core/tidy.js';
import { NO_DROPOUT } from '../../core/weighted-sum.js';
import type {
  FusedKernel,
  FusedResult,
  RecordedInputs,
  ResultGradients,
  StepGradients,
} from '../../fused/fused-kernel.js';
import { observersOf } from '../../sequence/observe.js';
import { chooseForSequence, fusedInputs, fusedOptions } from '../../sequence/run-sequence.js';
import type { Sequence, SequenceCell } from '../../sequence/sequence.js';
import {
  type IncomingGradients,
  type NamedGradients,
  type OwnGradients,
  ownGradients,
  type WalkedCall,
  type WalkedCell,
} from './walk-back.js';

/** A run of a fused kernel that can tell what its backward pass comes by. */
export interface RunToGoBack {
  fusedKernel: FusedKernel;
  /** What `forward` saved. */
  saved: readonly tf.Tensor[];
}

/**
 * Runs a call, without dropout, on a fused kernel that can tell what its backward pass comes by. To be called within a tidy.
 *
 * @param sequence With its initial states.
 * @param keepsAll Whether outputs and gates are wanted.
 * @returns Null where there is none.
 */
export function runToGoBack(
  cell: SequenceCell,
  sequence: Sequence,
  goBackwards: boolean,
  keepsAll: boolean,
): { run: RunToGoBack; result: FusedResult } | null {
  if (cell.ownEquations !== 'none' || observersOf(cell).length > 0 || sequence.x.shape[0] === 0) return null;
  const wanted = { where: 'gradientFlow', layer: cell.name, useFused: 'auto', isTraining: false } as const;
  const { fusedKernel } = chooseForSequence(cell, sequence, { ...wanted, keepsGates: true, goesBackBySteps: true });
  if (fusedKernel?.backwardBySteps === undefined) return null;
  const options = fusedOptions(cell, {
    goBackwards,
    zeroOutputForMask: false,
    keepOutputs: keepsAll,
    keepGates: keepsAll,
  });
  const { result, saved } = fusedKernel.forward(fusedInputs(cell, sequence), options, true);
  return { run: { fusedKernel, saved }, result };
}

/**
 * The same as `walkBack`, by the backward pass of a fused kernel, which has all of it on its way. To be called within a tidy.
 *
 * @param known How a fused kernel ran the call; null to run it once more.
 * @returns Null where no fused kernel applies, or none that can tell what it comes by.
 */
export function backOnFusedKernel(
  cell: SequenceCell,
  walked: WalkedCell,
  call: WalkedCall,
  incoming: IncomingGradients,
  known: RunToGoBack | null,
): NamedGradients | null {
  if (walked.hasOwnEquations || walked.isEdited || walked.mixesUnits) return null;
  const { trace, goBackwards } = call;
  const { h, c } = trace.initialStates as { h: tf.Tensor2D; c: tf.Tensor2D };
  const sequence: Sequence = { x: call.x, states: [h, c], mask: trace.mask, dropoutMasks: NO_DROPOUT };
  return tidy(() => {
    const own = ownGradients(walked, call, incoming);
    // An output that is 0 at masked steps has another gradient there than the state.
    if (own.output !== null && own.states[0] != null) return null;
    const run = known ?? runToGoBack(cell, sequence, goBackwards, false)?.run ?? null;
    if (run === null) return null;
    const options = fusedOptions(cell, {
      goBackwards,
      zeroOutputForMask: own.output !== null,
      keepOutputs: false,
      keepGates: false,
    });
    const inputs = fusedInputs(cell, sequence) as RecordedInputs;
    const gradients = { ...gradientsAfterLast(h, c), ...sequenceGradients(own, goBackwards) };
    const back = (run.fusedKernel as Required<FusedKernel>).backwardBySteps(inputs, options, run.saved, gradients);
    return namedGradients(back);
  });
}

/** What a fused kernel tells of its way back, as a flow names it. */
export function namedGradients(back: StepGradients): NamedGradients {
  return {
    ofStates: [back.dH, back.dC],
    fromLater: [back.laterDH, back.laterDC],
    outputSlope: [back.outputSlope],
    dz: back.dZ,
    dx: back.x,
    ofInitialStates: [back.h0, back.c0],
    dWeights: { kernel: back.kernel, recurrentKernel: back.recurrentKernel, bias: back.bias },
  };
}

/** All that arrives is at the steps' own results. */
function gradientsAfterLast(h: tf.Tensor2D, c: tf.Tensor2D) {
  const zeros = tf.zerosLike(h);
  return { lastOutput: zeros, h: zeros, c: tf.zerosLike(c) };
}

function sequenceGradients(
  own: OwnGradients<tf.Tensor3D>,
  goBackwards: boolean,
): Pick<ResultGradients, 'outputs' | 'gates'> {
  const inOrder = (sequence: tf.Tensor3D) => (goBackwards ? tf.reverse(sequence, 1) : sequence);
  const outputs = own.output ?? own.states[0] ?? null;
  return { outputs: outputs && inOrder(outputs), gates: gatesGradients(own, inOrder) };
}

/** Of the gates and of c; what is missing is 0, unless all is. */
function gatesGradients(
  { gates, states: [, ofC] }: OwnGradients<tf.Tensor3D>,
  inOrder: (sequence: tf.Tensor3D) => tf.Tensor3D,
) {
  if (gates === null && ofC == null) return null;
  const blocks = gates && tf.split(inOrder(gates), 4, 2);
  const zeros = () => tf.zerosLike(ofC as tf.Tensor3D);
  const [i, f, g, o] = (blocks ?? [zeros(), zeros(), zeros(), zeros()]) as [
    tf.Tensor3D,
    tf.Tensor3D,
    tf.Tensor3D,
    tf.Tensor3D,
  ];
  return { i, f, g, o, c: ofC == null ? tf.zerosLike(i) : inOrder(ofC) };
}
