import * as tf from '@tensorflow/tfjs';
import { gateSequencesOf, type SizedCell } from '../core/quantities.js';
import type { ScanResult, SequencesByName } from '../core/scan.js';

/** What the layer returns without its gates. */
export function usualOutputs({ lastOutput, outputs, states }: ScanResult, returnState: boolean): tf.Tensor[] {
  if (!returnState) return [outputs ?? lastOutput];
  const [h, ...others] = states as [tf.Tensor2D, ...tf.Tensor2D[]];
  // Two outputs may not be one tensor: tfjs's executor disposes an output as soon as nobody needs it any more.
  return [outputs ?? lastOutput, h === lastOutput ? tf.clone(h) : h, ...others];
}

// With `returnGates`, the gates and the states but h follow the usual outputs: i, f, g, o and c of the plain LSTM, each
// [B, T, U].

export function withGates(usual: tf.Tensor[], cell: SizedCell, gates: SequencesByName | null): tf.Tensor[] {
  return gates === null ? usual : [...usual, ...gateSequencesOf(cell).map((name) => gates[name] as tf.Tensor3D)];
}

export function withGateShapes(
  usual: tf.Shape | tf.Shape[],
  inputShape: tf.Shape | tf.Shape[],
  cell: SizedCell,
): tf.Shape[] {
  const usualShapes = (Array.isArray(usual[0]) ? usual : [usual]) as tf.Shape[];
  const [batch, timesteps] = (Array.isArray(inputShape[0]) ? inputShape[0] : inputShape) as [number, number];
  const gateShapes = gateSequencesOf(cell).map((name): tf.Shape => [batch, timesteps, cell.widthOf(name)]);
  return [...usualShapes, ...gateShapes];
}

/** Gates have no mask of their own. */
export function withGateMasks(usual: tf.Tensor | tf.Tensor[], cell: SizedCell): tf.Tensor[] {
  const usualMasks = Array.isArray(usual) ? usual : [usual];
  return [...usualMasks, ...gateSequencesOf(cell).map(() => null as unknown as tf.Tensor)];
}
