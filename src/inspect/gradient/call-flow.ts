import * as tf from '@tensorflow/tfjs';
import { GATE_SEQUENCE_NAMES, type ScanResult } from '../../core/scan.js';
import type { States } from '../../core/step.js';
import { NO_DROPOUT } from '../../core/weighted-sum.js';
import { cellToRun, isExplicitLSTM } from '../../layers/foreign-lstm.js';
import { leafCells } from '../model/places.js';
import type { LSTMCall, Returned } from '../trace/lstm-call.js';
import type { GradientFlow } from './flow-types.js';
import { sequenceFlow } from './sequence-flow.js';
import type { WatchedGradients } from './watched-gradients.js';

type GradientOf = WatchedGradients<tf.Scalar>['gradientOf'];

/**
 * How the gradient flows through one call of a model's run, from the gradients of what the call returned: the chain rule
 * does the rest, so that the loss here is the sum of returned values times their gradients.
 *
 * @param loss What the gradients are of.
 */
export function callFlow(
  call: LSTMCall,
  gradientOf: GradientOf,
  loss: tf.Scalar,
  refusal: (cause?: unknown) => Error,
): GradientFlow {
  const { lstmCell, layer, x, mask } = call;
  const { goBackwards } = layer;
  const cell = cellToRun(lstmCell);
  return sequenceFlow(
    cell,
    { x, states: call.states as States | null, mask: mask as tf.Tensor2D | null, dropoutMasks: NO_DROPOUT },
    {
      ...{ goBackwards, refusal, loss },
      zeroOutputForMask: isExplicitLSTM(layer) && layer.zeroOutputForMask,
      lossOf: (result) =>
        chained(
          call.returned.flatMap((returned) => partsOf(call, returned, result)),
          gradientOf,
        ),
    },
  );
}

/** What a call returned, and what of a run of its sequence that is. */
type Part = [returned: tf.Tensor | tf.Tensor[], computed: tf.Tensor];

function partsOf(call: LSTMCall, { outputs, steps }: Returned, result: ScanResult): Part[] {
  const { layer, cell } = call;
  const [output, ...others] = outputs as [tf.Tensor, ...tf.Tensor[]];
  const sequence = result.outputs as tf.Tensor3D;
  const ofOutput: Part =
    steps !== null ? [steps, sequence] : [output, layer.returnSequences ? sequence : result.lastOutput];
  const first = layer.returnState ? statesAfter(layer, cell) : null;
  const ofStates: Part[] =
    first === null
      ? []
      : [
          [others[first] as tf.Tensor, result.h],
          [others[first + 1] as tf.Tensor, result.c],
        ];
  return [ofOutput, ...ofStates, ...gateParts(call, result, others)];
}

/** tfjs lists the states of stacked cells from the last cell to the first. */
function statesAfter(layer: tf.layers.RNN, cell: number): number {
  const cells = leafCells((layer as tf.layers.RNN & { cell: tf.layers.Layer }).cell) as tf.layers.RNNCell[];
  return cells.slice(cell + 1).reduce((count, { stateSize }) => count + [stateSize].flat().length, 0);
}

function gateParts({ layer }: LSTMCall, { gates }: ScanResult, others: tf.Tensor[]): Part[] {
  if (!isExplicitLSTM(layer) || !layer.returnGates || gates === null) return [];
  const returned = others.slice(-GATE_SEQUENCE_NAMES.length);
  return GATE_SEQUENCE_NAMES.map((name, n) => [returned[n] as tf.Tensor, gates[name]]);
}

function chained(parts: Part[], gradientOf: GradientOf): tf.Scalar {
  const terms = parts.flatMap(([returned, computed]) => {
    const gradient = Array.isArray(returned) ? ofSteps(returned, gradientOf) : gradientOf(returned);
    return gradient === null ? [] : [tf.sum(tf.mul(computed, gradient))];
  });
  // Where the loss does not reach, gradients are 0, not missing.
  if (terms.length > 0) return tf.addN(terms) as tf.Scalar;
  return tf.sum(tf.mul((parts[0] as Part)[1], 0)) as tf.Scalar;
}

/** The gradients of steps as a sequence, [B, T, U]; null where none has one. */
function ofSteps(steps: tf.Tensor[], gradientOf: GradientOf): tf.Tensor | null {
  const gradients = steps.map(gradientOf);
  if (gradients.every((gradient) => gradient === null)) return null;
  return tf.stack(
    gradients.map((gradient, n) => gradient ?? tf.zerosLike(steps[n] as tf.Tensor)),
    1,
  );
}
