import * as tf from '@tensorflow/tfjs';
import { tidy } from '../../core/tidy.js';
import { chooseImplementation } from '../../fused/choose-implementation.js';
import type { FusedKernel } from '../../fused/fused-kernel.js';
import type { BuiltInClass, BuiltInLSTM } from '../../host/built-in-classes.js';
import type { BuiltInCell, Kwargs } from '../../host/types.js';
import { type DropoutMasks, drawDropoutMasks, dropoutFunction, NO_DROPOUT } from '../dropout.js';
import { runFusedSequence } from '../run-fused-sequence.js';
import type { States } from '../run-sequence.js';
import { describeProblem } from '../sequence-problem.js';
import { type BuiltInCall, readBuiltInCall } from './built-in-call.js';
import { noteImplementation } from './last-implementation.js';

type Tensors = tf.Tensor | tf.Tensor[];

/** Calls a built-in layer: on a fused kernel where one applies, else its own way. */
export function callAccelerated(
  builtIn: BuiltInClass,
  layer: BuiltInLSTM,
  inputs: Tensors,
  kwargs: Kwargs | null | undefined,
  callOriginal: () => Tensors,
): Tensors {
  const call = readBuiltInCall(builtIn, layer, inputs, kwargs ?? {});
  const isPlain = typeof call !== 'string';
  const wanted = { isTraining: isPlain && call.isTraining, keepsGates: false };
  const problem = isPlain ? describeProblem(layer.cell, call.x.shape, call.mask, wanted) : call;
  const { name, reason, kernel } = chooseImplementation('LSTM.call', layer.name, 'auto', problem);
  if (kernel === null || !isPlain) {
    noteImplementation(layer, { name: 'built-in', ...(reason !== undefined && { reason }) });
    return callOriginal();
  }
  noteImplementation(layer, { name });
  return runOnKernel(kernel, layer, call);
}

function runOnKernel(kernel: FusedKernel, layer: BuiltInLSTM, { x, states, mask, isTraining }: BuiltInCall): Tensors {
  const { cell, returnSequences, returnState, goBackwards, stateful } = layer;
  return tidy(() => {
    disposeOwnDropoutMasks(cell);
    const dropout = isTraining ? drawFirstMasks(cell, x) : NO_DROPOUT;
    const sequence = { x, states: states ?? zeroStates(x, cell.units), mask: mask && asBuiltInReads(mask), dropout };
    const options = { goBackwards, zeroOutputForMask: false, keepOutputs: returnSequences, keepGates: false };
    const { lastOutput, outputs, h, c } = runFusedSequence(kernel, cell, sequence, options);
    // Told that this is training, it would keep the old states for ever. A gradient tape keeps its own references.
    if (stateful) layer.resetStates([h, c], false);
    const output = outputs ?? lastOutput;
    return returnState ? [output, h, c] : output;
  });
}

/** The built-in keeps those of its last call until the next one. */
function disposeOwnDropoutMasks(cell: BuiltInCell & { dropoutMask?: unknown; recurrentDropoutMask?: unknown }): void {
  tf.dispose([cell.dropoutMask, cell.recurrentDropoutMask] as tf.TensorContainer);
  Object.assign(cell, { dropoutMask: null, recurrentDropoutMask: null });
}

/** The built-in draws four masks a set and uses the first for all gates. A rate that it clipped to 1 drops nothing. */
function drawFirstMasks(cell: BuiltInCell, x: tf.Tensor3D): DropoutMasks {
  const [batch, , features] = x.shape;
  const effective = (rate: number) => (rate < 1 ? rate : 0);
  const rates = { dropout: effective(cell.dropout), recurrentDropout: effective(cell.recurrentDropout) };
  const draw = (cell.dropoutFunc as ReturnType<typeof dropoutFunction> | undefined) ?? dropoutFunction(undefined);
  const { input, recurrent } = drawDropoutMasks(rates, draw, [batch, features], [batch, cell.units]);
  return { input: input.slice(0, 1), recurrent: recurrent.slice(0, 1) };
}

function zeroStates(x: tf.Tensor3D, units: number): States {
  const shape: [number, number] = [x.shape[0], units];
  return [tf.zeros(shape), tf.zeros(shape)];
}

/** As bool by a cast: what the built-in does, and what on the wasm backend rounds fractions. */
function asBuiltInReads(mask: tf.Tensor2D): tf.Tensor2D {
  return tf.cast(mask, 'bool');
}
