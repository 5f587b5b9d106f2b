import * as tf from '@tensorflow/tfjs';
import { GATE_SEQUENCE_NAMES } from '../../core/scan.js';
import type { WatchedGradients } from '../../host/watched-gradients.js';
import { cellToRun, isExplicitLSTM } from '../../layers/foreign-lstm.js';
import { leafCells } from '../model/find-lstms.js';
import { type LSTMCall, type Returned, traceOfCall } from '../trace/lstm-call.js';
import type { GradientFlow } from './flow-types.js';
import { NOTHING_INCOMING, sequenceFlow } from './sequence-flow.js';
import type { IncomingGradients } from './walk-back.js';

type GradientOf = WatchedGradients<tf.Scalar>['gradientOf'];

/**
 * How the gradient flows through one call of a model's run, from the gradients of what the call returned. To be called
 * within a tidy.
 *
 * @param loss What the gradients are of.
 */
export function callFlow(
  where: string,
  call: LSTMCall,
  gradientOf: GradientOf,
  loss: tf.Scalar,
  refusal: (cause?: unknown) => Error,
): GradientFlow {
  const trace = traceOfCall(where, call);
  const { layer, lstmCell } = call.lstm;
  const { goBackwards } = layer;
  const x = tf.cast(call.sequence.x, 'float32');
  const zeroOutputForMask = isExplicitLSTM(layer) && layer.zeroOutputForMask;
  const incoming = call.returned
    .map((returned) => incomingOf(call, returned, gradientOf))
    .reduce(added, NOTHING_INCOMING);
  return sequenceFlow(cellToRun(lstmCell), { x, trace, goBackwards, zeroOutputForMask }, { loss, incoming, refusal });
}

/** What a loss's gradient is of what a call returned. */
function incomingOf(
  { lstm: { layer, cell } }: LSTMCall,
  { outputs, addedToSteps }: Returned,
  gradientOf: GradientOf,
): IncomingGradients {
  const [output, ...others] = outputs as [tf.Tensor, ...tf.Tensor[]];
  const gradient = <T extends tf.Tensor>(tensor: tf.Tensor | undefined) =>
    tensor === undefined ? null : (gradientOf(tensor) as T | null);
  const inInputOrder = (sequence: tf.Tensor | null) =>
    sequence && (layer.goBackwards ? tf.reverse(sequence as tf.Tensor3D, 1) : (sequence as tf.Tensor3D));
  const sequence =
    addedToSteps !== null
      ? ofSteps(addedToSteps, gradientOf)
      : layer.returnSequences
        ? gradient<tf.Tensor3D>(output)
        : null;
  const first = layer.returnState ? statesAfter(layer, cell) : others.length;
  const returnsGates = isExplicitLSTM(layer) && layer.returnGates;
  const gates = returnsGates ? others.slice(-GATE_SEQUENCE_NAMES.length) : [];
  const ofGate = (name: (typeof GATE_SEQUENCE_NAMES)[number]) =>
    inInputOrder(gradient(gates[GATE_SEQUENCE_NAMES.indexOf(name)]));
  return {
    outputs: inInputOrder(sequence),
    lastOutput: addedToSteps === null && !layer.returnSequences ? gradient<tf.Tensor2D>(output) : null,
    h: gradient<tf.Tensor2D>(others[first]),
    c: gradient<tf.Tensor2D>(others[first + 1]),
    gates: { i: ofGate('i'), f: ofGate('f'), g: ofGate('g'), o: ofGate('o'), c: ofGate('c') },
  };
}

/** A model may run a call once for each of its outputs. */
function added(a: IncomingGradients, b: IncomingGradients): IncomingGradients {
  const sum = <T extends tf.Tensor>(one: T | null, other: T | null) =>
    one === null || other === null ? (one ?? other) : (tf.add(one, other) as T);
  return {
    outputs: sum(a.outputs, b.outputs),
    lastOutput: sum(a.lastOutput, b.lastOutput),
    h: sum(a.h, b.h),
    c: sum(a.c, b.c),
    gates: {
      i: sum(a.gates.i, b.gates.i),
      f: sum(a.gates.f, b.gates.f),
      g: sum(a.gates.g, b.gates.g),
      o: sum(a.gates.o, b.gates.o),
      c: sum(a.gates.c, b.gates.c),
    },
  };
}

/** tfjs lists the states of stacked cells from the last cell to the first. */
function statesAfter(layer: tf.layers.RNN, cell: number): number {
  const cells = leafCells(layer) as tf.layers.RNNCell[];
  return cells.slice(cell + 1).reduce((count, { stateSize }) => count + [stateSize].flat().length, 0);
}

/** The gradients of steps, as a sequence [B, T, U], from those of what was added to them; null where none has one. */
function ofSteps(added: tf.Tensor[], gradientOf: GradientOf): tf.Tensor | null {
  const gradients = added.map(gradientOf);
  if (gradients.every((gradient) => gradient === null)) return null;
  const ofAll = gradients.map((gradient, n) => gradient ?? tf.zerosLike(added[n] as tf.Tensor));
  return tf.transpose(tf.concat(ofAll, 0), [1, 0, 2]);
}
