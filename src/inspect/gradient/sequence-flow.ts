import * as tf from '@tensorflow/tfjs';
import { invalidArgument } from '../../core/errors.js';
import { splitBlocks } from '../../core/gates.js';
import type { ActivationFunction, StepActivations } from '../../core/step.js';
import { NO_DROPOUT } from '../../core/weighted-sum.js';
import type { Block } from '../../core/weights.js';
import { sharingData } from '../../host/sharing-data.js';
import { type GateTrace, traceOf, traceSequence } from '../../layers/trace.js';
import { observersOf } from '../../sequence/observe.js';
import { chooseForSequence } from '../../sequence/run-sequence.js';
import {
  hasPreActivations,
  type LSTMToRun,
  type Sequence,
  type SequenceCell,
  statesBefore,
} from '../../sequence/sequence.js';
import { hasZoneout, stepCellFrom } from '../../sequence/step-cell.js';
import { backOnFusedKernel, type RunToGoBack, runToGoBack } from './back-on-fused-kernel.js';
import type { GradientFlow } from './flow-types.js';
import { stepJacobian, weightsInOrder, weightsOfSteps } from './step-jacobian.js';
import {
  type CallGradients,
  type IncomingGradients,
  type NamedGradients,
  type WalkedCall,
  type WalkedCell,
  walkBack,
} from './walk-back.js';

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

/** Runs a sequence with all its gates kept, and with what a fused kernel wants to go back. To be called within a tidy. */
export function traceForFlow(
  where: string,
  { name, cell, goBackwards }: Pick<LSTMToRun, 'name' | 'cell' | 'goBackwards'>,
  given: Sequence,
): { trace: GateTrace; run: RunToGoBack | null } {
  const sequence = { ...given, states: statesBefore(given, cell) };
  const ran = runToGoBack(cell, sequence, goBackwards, true);
  if (ran !== null) {
    const { gates, outputs } = ran.result;
    const sequences = { ...gates, h: outputs as tf.Tensor3D };
    return { trace: traceOf(cell, sequence, sequences, { goBackwards }), run: ran.run };
  }
  const wanted = { where, layer: name, useFused: 'auto', isTraining: false, keepsGates: true } as const;
  const { fusedKernel } = chooseForSequence(cell, sequence, wanted);
  return { trace: traceSequence(fusedKernel, cell, sequence, { goBackwards }), run: null };
}

/** Nothing reaches a call. */
export const NOTHING_INCOMING: IncomingGradients = {
  outputs: null,
  lastOutput: null,
  states: {},
  gates: {},
};

/**
 * Follows gradients back through a call that was run without dropout. To be called within a tidy.
 *
 * @param run How a fused kernel ran the call, if one did and it is known.
 * @returns A flow that owns the call's trace.
 */
export function sequenceFlow(
  cell: SequenceCell,
  call: WalkedCall,
  { loss, incoming, refusal }: FlowSource,
  run: RunToGoBack | null = null,
): GradientFlow {
  const walked = walkedCell(cell, refusal);
  const gradients =
    backOnFusedKernel(cell, walked, call, incoming, run) ?? byName(cell, walkBack(walked, call, incoming));
  return flowOf(cell, call, loss, gradients);
}

/** The flow of a call whose gradients are known. It owns them, and the call's trace. */
export function flowOf(
  cell: SequenceCell,
  { x, trace, goBackwards }: Pick<WalkedCall, 'x' | 'trace' | 'goBackwards'>,
  loss: tf.Scalar,
  { dz, dx, dWeights, ofStates, fromLater, ofInitialStates, outputSlope }: NamedGradients,
): GradientFlow {
  const dStates = byState(cell, ofStates);
  const dStatesLater = byState(cell, fromLater);
  const dInitialStates = byState(cell, ofInitialStates);
  const copies = weightsOfSteps(cell).map((weight) => sharingData(weight.read()));
  const ofWeights = Object.values(dWeights).flatMap((weight) => Object.values(weight ?? {}));
  const flow = {
    dx,
    dz,
    dStates,
    dStatesLater,
    dInitialStates,
    dh: dStates.h,
    dc: dStates.c,
    dhRecurrent: dStatesLater.h,
    dcCell: dStatesLater.c,
    dh0: dInitialStates.h,
    dc0: dInitialStates.c,
    outputSlope: outputSlope[0],
    dWeights: { ...dWeights, dispose: () => tf.dispose(ofWeights) },
    loss: sharingData(loss),
    x: sharingData(x),
    trace,
    goBackwards,
    weights: copies,
    stepJacobian: (t: number) => stepJacobian(flow, cell, t),
    dispose: () => {
      const { dx, loss, x, dWeights } = flow;
      const named = [dz, dStates, dStatesLater, dInitialStates].flatMap((tensors) => Object.values<tf.Tensor>(tensors));
      tf.dispose([dx, loss, x, ...named, ...outputSlope, ...copies]);
      dWeights.dispose();
      trace.dispose();
    },
  } as unknown as GradientFlow;
  return flow;
}

function byName(cell: SequenceCell, { dz, dWeights, ...gradients }: CallGradients): NamedGradients {
  const dzByName = splitColumns(dz, blocksOfInput(cell, dz.shape[2]));
  tf.dispose(dz);
  const dWeightsByName: NamedGradients['dWeights'] = { kernel: null, recurrentKernel: null, bias: null };
  for (const [n, { property, blocks }] of cell.weightFacts.entries()) {
    const gradient = dWeights[n] as tf.Tensor;
    const parts = blocks(cell.units);
    dWeightsByName[property] = parts === null ? { all: gradient } : splitColumns(gradient, parts);
  }
  return { ...gradients, dz: dzByName, dWeights: dWeightsByName };
}

/** The same as `splitBlocks`. What tfjs's cpu backend has of it computes each element's place, some hundred times as slow. */
function splitColumns<T extends tf.Tensor>(tensor: T, blocks: readonly Block[]): Record<string, T> {
  if (tf.getBackend() !== 'cpu') return splitBlocks(tensor, blocks);
  const values = tensor.dataSync<'float32'>();
  const columns = tensor.shape.at(-1) as number;
  const rows = tensor.size / columns;
  const byName: Record<string, T> = {};
  let first = 0;
  for (const { name, width } of blocks) {
    const part = new Float32Array(rows * width);
    for (let row = 0; row < rows; row++) {
      const from = row * columns + first;
      part.set(values.subarray(from, from + width), row * width);
    }
    byName[name] = tf.tensor(part, [...tensor.shape.slice(0, -1), width]) as T;
    first += width;
  }
  return byName;
}

function byState<T extends tf.Tensor>(cell: SequenceCell, ofStates: readonly T[]): Record<string, T> {
  const named: Record<string, T> = {};
  for (const [n, name] of cell.stateNames.entries()) named[name] = ofStates[n] as T;
  return named;
}

/** What `projectInput` makes of x, by name: blocks as of the kernel, and what else there may be. */
function blocksOfInput(cell: SequenceCell, width: number): Block[] {
  const kernel = cell.weightFacts.find(({ property }) => property === 'kernel');
  const blocks = kernel?.blocks(cell.units) ?? [];
  const rest = blocks.reduce((left, block) => left - block.width, width);
  return rest > 0 ? [...blocks, { name: 'others', width: rest }] : [...blocks];
}

function walkedCell(cell: SequenceCell, refusal: (cause?: unknown) => Error): WalkedCell {
  const { activation, recurrentActivation } = cell;
  const edits = observersOf(cell).flatMap(({ editStep }) => editStep ?? []);
  const activations: StepActivations = {
    activation: ((x) => activation.apply(x)) as ActivationFunction,
    recurrentActivation: ((x) => recurrentActivation.apply(x)) as ActivationFunction,
  };
  const weights = weightsInOrder(cell).map((weight) => weight.read());
  const recurrentKernel = cell.weightFacts.findIndex(({ property }) => property === 'recurrentKernel');
  const { gateNames, stateNames, units } = cell;
  return {
    gateNames,
    stateNames,
    units,
    widthOf: (name) => cell.widthOf(name),
    hasOwnEquations: cell.ownEquations !== 'none' || hasZoneout(cell),
    // With zoneout too, the c that a step hands on need not be the one that its h comes from.
    isEdited: edits.length > 0 || hasZoneout(cell),
    mixesUnits: [activation, recurrentActivation].some((one) => one.getClassName() === 'softmax'),
    activations,
    activationName: activation.getClassName(),
    recurrentKernel: (weights[recurrentKernel] as tf.Tensor2D | undefined) ?? null,
    weights,
    projectInput: (x) => cell.projectInput(x, []),
    step: (projectedInput, states, t) => {
      const computed = stepCellFrom(cell, projectedInput, states, NO_DROPOUT);
      return edits.reduce((edited, edit) => edit(edited, states, t), computed);
    },
    refusal,
  };
}
