import * as tf from '@tensorflow/tfjs';
import { tidy } from '../../core/tidy.js';
import { NO_DROPOUT } from '../../core/weighted-sum.js';
import type {
  ForwardPass,
  FusedKernel,
  FusedOptions,
  InputGradients,
  RecordedInputs,
  StepGradients,
} from '../../fused/fused-kernel.js';
import { type GateTrace, traceOfRun } from '../../layers/trace.js';
import { observersOf } from '../../sequence/observe.js';
import { chooseForSequence, fusedInputs, fusedOptions } from '../../sequence/run-sequence.js';
import type { Sequence, SequenceCell } from '../../sequence/sequence.js';
import {
  type CallGradients,
  type IncomingGradients,
  type OwnGradients,
  ownGradients,
  slopeOfEquation,
  sumOf,
  type WalkedCall,
  type WalkedCell,
} from './walk-back.js';

/** A call that a fused kernel ran, with what its way back wants. */
export interface SavedRun {
  fusedKernel: FusedKernel;
  inputs: RecordedInputs;
  pass: ForwardPass;
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
): SavedRun | null {
  if (cell.ownEquations !== 'none' || observersOf(cell).length > 0 || sequence.x.shape[0] === 0) return null;
  const wanted = { where: 'gradientFlow', layer: cell.name, useFused: 'auto', isTraining: false } as const;
  const { fusedKernel } = chooseForSequence(cell, sequence, { ...wanted, keepsGates: true, goesBackBySteps: true });
  if (fusedKernel?.backwardBySteps === undefined) return null;
  const inputs = fusedInputs(cell, sequence) as RecordedInputs;
  const options = fusedOptions(cell, {
    goBackwards,
    zeroOutputForMask: false,
    keepOutputs: keepsAll,
    keepGates: keepsAll,
  });
  return { fusedKernel, inputs, pass: fusedKernel.forward(inputs, options, true) };
}

/** The trace of such a run of which all was kept. To be called within a tidy. */
export function traceOfSavedRun(
  cell: SequenceCell,
  sequence: Sequence,
  goBackwards: boolean,
  { pass: { result } }: SavedRun,
): GateTrace {
  const sequences = { ...result.gates, h: result.outputs } as unknown as Record<string, tf.Tensor3D>;
  return traceOfRun(cell, sequence, sequences, { goBackwards });
}

/**
 * The same as `walkBack`, by the backward pass of a fused kernel, which has all of it on its way. To be called within a tidy.
 *
 * @param saved The run of the call; null to run it once more.
 * @returns Null where no fused kernel applies, or none that can tell what it comes by.
 */
export function backOnFusedKernel(
  cell: SequenceCell,
  walked: WalkedCell,
  call: WalkedCall,
  incoming: IncomingGradients,
  saved: SavedRun | null,
): CallGradients | null {
  if (walked.hasOwnEquations || walked.isEdited || walked.mixesUnits) return null;
  const { trace, goBackwards } = call;
  const { h, c } = trace.initialStates as { h: tf.Tensor2D; c: tf.Tensor2D };
  const sequence: Sequence = { x: call.x, states: [h, c], mask: trace.mask, dropoutMasks: NO_DROPOUT };
  return tidy(() => {
    const own = ownGradients(walked, call, incoming);
    // An output that is 0 at masked steps has another gradient there than the state.
    if (own.output !== null && own.states[0] != null) return null;
    const run = saved ?? runToGoBack(cell, sequence, goBackwards, false);
    if (run === null) return null;
    const options = fusedOptions(cell, {
      goBackwards,
      zeroOutputForMask: own.output !== null,
      keepOutputs: false,
      keepGates: false,
    });
    const back = goBack(run, options, own);
    const { dZ, laterDH, laterDC, ofInputs } = back;
    const gradients = ofInputs as InputGradients & Record<string, () => tf.Tensor>;
    const { o, c: cells } = trace as unknown as { o: tf.Tensor3D; c: tf.Tensor3D };
    const slope = slopeOf(walked, o, cells);
    const ofH = sumOf([laterDH, own.states[0], own.output && whereValid(trace.mask, own.output)]) as tf.Tensor3D;
    const ofC = sumOf([laterDC, own.states[1], tf.mul(slope, ofH) as tf.Tensor3D]) as tf.Tensor3D;
    return {
      ofStates: [ofH === laterDH ? tf.clone(ofH) : ofH, ofC],
      fromLater: [laterDH, laterDC],
      outputSlope: [slope],
      dz: dZ,
      dx: ofInputs.x() as tf.Tensor3D,
      ofInitialStates: [ofInputs.h0(), ofInputs.c0()] as tf.Tensor2D[],
      dWeights: cell.weightFacts.map(({ property }) => (gradients[property] as () => tf.Tensor)()),
    };
  });
}

/** ∂h/∂c with the gates held; 0 at masked steps, where o is. */
function slopeOf({ activations, activationName, refusal }: WalkedCell, o: tf.Tensor3D, c: tf.Tensor3D): tf.Tensor3D {
  if (activationName === 'tanh') return tf.mul(o, tf.sub(1, tf.square(tf.tanh(c))));
  const [batch, timesteps, units] = c.shape;
  const rows = (sequence: tf.Tensor3D) => tf.reshape(sequence, [batch * timesteps, units]) as tf.Tensor2D;
  return tf.reshape(slopeOfEquation(activations, rows(o), rows(c), refusal), c.shape);
}

function goBack(
  { fusedKernel, inputs, pass: { saved, result } }: SavedRun,
  options: FusedOptions,
  own: OwnGradients<tf.Tensor3D>,
): StepGradients {
  const zeros = { lastOutput: tf.zerosLike(result.lastOutput), h: tf.zerosLike(result.h), c: tf.zerosLike(result.c) };
  const inOrder = (sequence: tf.Tensor3D) => (options.goBackwards ? tf.reverse(sequence, 1) : sequence);
  const outputs = own.output ?? own.states[0] ?? null;
  const gradients = { ...zeros, outputs: outputs && inOrder(outputs), gates: gatesGradients(own, inOrder) };
  return (fusedKernel as Required<FusedKernel>).backwardBySteps(inputs, options, saved, gradients);
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

function whereValid(mask: tf.Tensor2D | null, sequence: tf.Tensor3D): tf.Tensor3D {
  return mask === null ? sequence : tf.where(tf.expandDims(mask, 2), sequence, tf.zerosLike(sequence));
}
