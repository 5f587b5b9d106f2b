import * as tf from '@tensorflow/tfjs';
import { invalidArgument } from '../../core/errors.js';
import { splitByGate } from '../../core/gates.js';
import type { ActivationFunction, LSTMStep, StepActivations } from '../../core/step.js';
import { mapWeights, weightsOf } from '../../core/weights.js';
import { type GateTrace, traceSequence } from '../../layers/trace.js';
import { observersOf } from '../../sequence/observe.js';
import { chooseForSequence } from '../../sequence/run-sequence.js';
import { hasPreActivations, type LSTMToRun, type Sequence, type SequenceCell } from '../../sequence/sequence.js';
import { ownedWeights } from '../weights/weights-by-gate.js';
import type { GradientFlow } from './flow-types.js';
import { stepJacobian, weightsOfSteps } from './step-jacobian.js';
import { type IncomingGradients, type WalkedCall, type WalkedCell, walkBack } from './walk-back.js';

/** What comes to a call from outside. */
export interface FlowSource {
  /** The value of the loss. */
  loss: tf.Scalar;
  incoming: IncomingGradients;
  /** The error where an operation of the cell has no gradient. */
  refusal: (cause?: unknown) => Error;
}

/**
 * Checks that there are pre-activations whose gradients a flow can tell.
 *
 * @throws RangeError
 */
export function requirePreActivations(where: string, cell: SequenceCell, layer: string): void {
  if (hasPreActivations(cell)) return;
  const rule =
    'the cell must compute its gates from pre-activations, with projectInput and stepFromProjectedInput; a cell that overrides step itself has no pre-activations to take gradients of';
  throw invalidArgument(where, rule, cell.getClassName(), { layer });
}

/** Runs a sequence with all its gates kept. To be called within a tidy. */
export function traceForFlow(
  where: string,
  { name, cell, goBackwards }: Pick<LSTMToRun, 'name' | 'cell' | 'goBackwards'>,
  sequence: Sequence,
): GateTrace {
  const wanted = { where, layer: name, useFused: 'auto', isTraining: false, keepsGates: true } as const;
  const { fusedKernel } = chooseForSequence(cell, sequence, wanted);
  return traceSequence(fusedKernel, cell, sequence, { goBackwards });
}

/** Nothing reaches a call. */
export const NOTHING_INCOMING: IncomingGradients = {
  outputs: null,
  lastOutput: null,
  h: null,
  c: null,
  gates: { i: null, f: null, g: null, o: null, c: null },
};

/**
 * Follows gradients back through a call that was run without dropout. To be called within a tidy.
 *
 * @returns A flow that owns the call's trace.
 */
export function sequenceFlow(
  cell: SequenceCell,
  call: WalkedCall,
  { loss, incoming, refusal }: FlowSource,
): GradientFlow {
  const walked = walkedCell(cell, refusal);
  const { trace, goBackwards } = call;
  const { dz, dWeights, ...gradients } = walkBack(walked, call, incoming);
  const byGate = splitByGate(dz);
  tf.dispose(dz);
  const tensors = { ...gradients, loss: tf.clone(loss), x: tf.clone(call.x) };
  const copies = weightsOfSteps(cell).map((weight) => tf.clone(weight.read()));
  const flow: GradientFlow = {
    ...tensors,
    dz: byGate,
    dWeights: ownedWeights(mapWeights(cell, (_, n) => splitByGate(dWeights[n] as tf.Tensor))),
    trace,
    goBackwards,
    weights: copies,
    stepJacobian: (t) => stepJacobian(flow, cell, t),
    dispose: () => {
      tf.dispose([...Object.values(tensors), ...Object.values(byGate), ...copies]);
      flow.dWeights.dispose();
      trace.dispose();
    },
  };
  return flow;
}

function walkedCell(cell: SequenceCell, refusal: (cause?: unknown) => Error): WalkedCell {
  const { activation, recurrentActivation } = cell;
  const edits = observersOf(cell).flatMap(({ editStep }) => editStep ?? []);
  const activations: StepActivations = {
    activation: ((x) => activation.apply(x)) as ActivationFunction,
    recurrentActivation: ((x) => recurrentActivation.apply(x)) as ActivationFunction,
  };
  const weights = mapWeights(cell, (weight) => weight.read());
  return {
    hasOwnEquations: cell.ownEquations !== 'none',
    isEdited: edits.length > 0,
    mixesUnits: [activation, recurrentActivation].some((one) => one.getClassName() === 'softmax'),
    activations,
    recurrentKernel: weights.recurrentKernel as tf.Tensor2D,
    weights: weightsOf(weights),
    projectInput: (x) => cell.projectInput(x, []),
    step: (projectedInput, states, t) => {
      const computed = cell.stepFromProjectedInput(projectedInput, states, []);
      return edits.reduce((edited, edit) => edit(edited, states, t), computed) as LSTMStep;
    },
    refusal,
  };
}
