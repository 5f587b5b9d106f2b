import * as tf from '@tensorflow/tfjs';
import { type ByGate, GATE_NAMES } from '../../core/quantities.js';
import type { FusedKernel, InputGradients, StepGradients } from '../../fused/fused-kernel.js';
import type { RecordedRun } from '../../fused/run-fused.js';
import { sharingData } from '../../host/sharing-data.js';
import type { Watch } from '../../host/watched-gradients.js';
import type { SequenceCell } from '../../sequence/sequence.js';

/** What tfjs's backward pass comes by as it goes over one run of a sequence. */
export interface WayBack {
  /** Tensors that no scope disposes; null until the pass has been there, where it never comes if no output matters. */
  gradients: StepGradients | null;
  /** Whether sequences are in another order than the layer's input, as above a stack's first cell that reads backwards. */
  isReversed: boolean;
}

/**
 * Has tfjs go back over a run step by step, once, so that a flow need not go back over it again.
 *
 * @param goBackwards The layer's own.
 * @returns Null where the fused kernel cannot tell what it comes by.
 */
export function watchWayBack(
  { ownEquations }: Pick<SequenceCell, 'ownEquations'>,
  run: RecordedRun,
  goBackwards: boolean,
  watch: Watch,
): WayBack | null {
  const { fusedKernel, inputs, options } = run;
  if (ownEquations !== 'none' || fusedKernel.backwardBySteps === undefined) return null;
  const wayBack: WayBack = { gradients: null, isReversed: options.goBackwards !== goBackwards };
  run.backward = (...given) => {
    const gradients = (fusedKernel as Required<FusedKernel>).backwardBySteps(...given);
    wayBack.gradients = zipped([gradients], ([tensor]) => tf.keep(tensor as tf.Tensor));
    return inputGradients(gradients);
  };
  // Of what any run reads, so that tfjs goes there at all: whether x depends on something is the model's affair.
  watch(inputs.h0);
  return wayBack;
}

/** What tfjs disposes of these are others. */
function inputGradients({ x, h0, c0, kernel, recurrentKernel, bias }: StepGradients): InputGradients {
  const whole = (blocks: ByGate<tf.Tensor> | null) => () =>
    tf.concat(
      GATE_NAMES.map((gate) => (blocks as ByGate<tf.Tensor>)[gate]),
      -1,
    );
  return {
    x: () => sharingData(x),
    h0: () => sharingData(h0),
    c0: () => sharingData(c0),
    kernel: whole(kernel),
    recurrentKernel: whole(recurrentKernel),
    bias: whole(bias),
  };
}

/**
 * All gradients of a call in its input's order: of one that a model ran several times, those by what all runs returned.
 * To be called within a tidy, which they belong to.
 *
 * @returns Null where the pass has come to no run.
 */
export function gradientsOfCall(ways: readonly WayBack[]): StepGradients | null {
  const all = ways.flatMap((way) => (way.gradients === null ? [] : [inInputOrder(way.gradients, way.isReversed)]));
  const [first] = all;
  if (first === undefined) return null;
  if (all.length === 1) return zipped([first], ([tensor]) => sharingData(tensor as tf.Tensor));
  return { ...zipped(all, (tensors) => tf.addN(tensors)), outputSlope: sharingData(first.outputSlope) };
}

function inInputOrder(gradients: StepGradients, isReversed: boolean): StepGradients {
  if (!isReversed) return gradients;
  const { x, dZ, dH, dC, laterDH, laterDC, outputSlope } = gradients;
  const sequences = { x, dZ, dH, dC, laterDH, laterDC, outputSlope };
  return { ...gradients, ...zipped([sequences], ([sequence]) => tf.reverse(sequence as tf.Tensor3D, 1)) };
}

/** Objects of tensors, the same way nested, as one of what is made of the tensors in each place. */
function zipped<Tensors>(objects: readonly Tensors[], make: (tensors: tf.Tensor[]) => tf.Tensor): Tensors {
  const [first] = objects;
  if (first instanceof tf.Tensor) return make(objects as unknown as tf.Tensor[]) as Tensors;
  if (first == null) return first as Tensors;
  const made: Record<string, unknown> = {};
  for (const name of Object.keys(first)) {
    const inPlace = objects.map((object) => (object as Record<string, unknown>)[name]);
    made[name] = zipped(inPlace, make);
  }
  return made as Tensors;
}

export function disposeWayBack(wayBack: WayBack | null): void {
  if (wayBack === null) return;
  tf.dispose(wayBack.gradients as unknown as tf.TensorContainer);
  wayBack.gradients = null;
}
