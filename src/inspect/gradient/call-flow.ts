import * as tf from '@tensorflow/tfjs';
import { gateSequencesOf } from '../../core/quantities.js';
import type { WatchedGradients } from '../../host/watched-gradients.js';
import { cellToRun, isExplicitLSTM } from '../../layers/foreign-lstm.js';
import { leafCells } from '../model/find-lstms.js';
import { type HandedUp, type LSTMCall, type Returned, traceOfCall } from '../trace/lstm-call.js';
import { disposeWayBack, gradientsOfCall } from '../trace/way-back.js';
import { namedGradients } from './back-on-fused-kernel.js';
import type { GradientFlow } from './flow-types.js';
import { flowOf, NOTHING_INCOMING, sequenceFlow } from './sequence-flow.js';
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
  const { x: given } = call.sequence;
  const x = given.dtype === 'float32' ? given : tf.cast(given, 'float32');
  const zeroOutputForMask = isExplicitLSTM(layer) && layer.zeroOutputForMask;
  const cell = cellToRun(lstmCell);
  const walked = { x, trace, goBackwards, zeroOutputForMask };
  const ways = call.returned.flatMap(({ wayBack }) => wayBack ?? []);
  const known = gradientsOfCall(ways);
  ways.forEach(disposeWayBack);
  if (known !== null) return flowOf(cell, walked, loss, namedGradients(known));
  const incoming = call.returned
    .map((returned) => incomingOf(call, returned, gradientOf))
    .reduce(added, NOTHING_INCOMING);
  return sequenceFlow(cell, walked, { loss, incoming, refusal });
}

/** What a loss's gradient is of what a call returned. */
function incomingOf(
  { lstm: { layer, cell, lstmCell } }: LSTMCall,
  { outputs, handedUp }: Returned,
  gradientOf: GradientOf,
): IncomingGradients {
  const [output, ...others] = outputs as [tf.Tensor, ...tf.Tensor[]];
  const gradient = <T extends tf.Tensor>(tensor: tf.Tensor | undefined) =>
    tensor === undefined ? null : (gradientOf(tensor) as T | null);
  const inInputOrder = (sequence: tf.Tensor | null) =>
    sequence && (layer.goBackwards ? tf.reverse(sequence as tf.Tensor3D, 1) : (sequence as tf.Tensor3D));
  const sequence =
    handedUp !== null ? ofHandedUp(handedUp, gradientOf) : layer.returnSequences ? gradient<tf.Tensor3D>(output) : null;
  const first = layer.returnState ? statesAfter(layer, cell) : others.length;
  const returnsGates = isExplicitLSTM(layer) && layer.returnGates;
  const names = cellToRun(lstmCell);
  const states: Record<string, tf.Tensor2D | null> = {};
  for (const [n, name] of names.stateNames.entries()) states[name] = gradient<tf.Tensor2D>(others[first + n]);
  const gates: Record<string, tf.Tensor3D | null> = {};
  const gateNames = returnsGates ? gateSequencesOf(names) : [];
  for (const [n, name] of gateNames.entries()) {
    gates[name] = inInputOrder(gradient(others[others.length - gateNames.length + n]));
  }
  return {
    outputs: inInputOrder(sequence),
    lastOutput: handedUp === null && !layer.returnSequences ? gradient<tf.Tensor2D>(output) : null,
    states,
    gates,
  };
}

/** A model may run a call once for each of its outputs. */
function added(a: IncomingGradients, b: IncomingGradients): IncomingGradients {
  const sum = <T extends tf.Tensor>(one: T | null, other: T | null) =>
    one === null || other === null ? (one ?? other) : (tf.add(one, other) as T);
  const sums = <T extends tf.Tensor>(ones: Readonly<Record<string, T | null>>, others: typeof ones) => {
    const all: Record<string, T | null> = {};
    for (const name of Object.keys({ ...ones, ...others })) all[name] = sum(ones[name] ?? null, others[name] ?? null);
    return all;
  };
  return {
    outputs: sum(a.outputs, b.outputs),
    lastOutput: sum(a.lastOutput, b.lastOutput),
    states: sums(a.states, b.states),
    gates: sums(a.gates, b.gates),
  };
}

/** tfjs lists the states of stacked cells from the last cell to the first. */
function statesAfter(layer: tf.layers.RNN, cell: number): number {
  const cells = leafCells(layer) as tf.layers.RNNCell[];
  return cells.slice(cell + 1).reduce((count, { stateSize }) => count + [stateSize].flat().length, 0);
}

/** The gradient of a sequence [B, T, U]; null where it has none. */
function ofHandedUp(handedUp: HandedUp, gradientOf: GradientOf): tf.Tensor | null {
  if ('sequence' in handedUp) return gradientOf(handedUp.sequence);
  const { addedToSteps: added } = handedUp;
  const gradients = added.map(gradientOf);
  if (gradients.every((gradient) => gradient === null)) return null;
  const ofAll = gradients.map((gradient, n) => gradient ?? tf.zerosLike(added[n] as tf.Tensor));
  return tf.transpose(tf.concat(ofAll, 0), [1, 0, 2]);
}
