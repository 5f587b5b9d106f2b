import * as tf from '@tensorflow/tfjs';
import { GATE_SEQUENCE_NAMES, type GateSequences, type ScanResult } from '../core/scan.js';

/** What the layer returns without its gates. */
export function usualOutputs({ lastOutput, outputs, h, c }: ScanResult, returnState: boolean): tf.Tensor[] {
  // Two outputs may not be one tensor: tfjs's executor disposes an output as soon as nobody needs it any more.
  const states = h === lastOutput ? [tf.clone(h), c] : [h, c];
  return [outputs ?? lastOutput, ...(returnState ? states : [])];
}

// With `returnGates`, five outputs follow the usual ones: i, f, g, o and c, each [B, T, U].

export function withGates(usual: tf.Tensor[], gates: GateSequences | null): tf.Tensor[] {
  return gates === null ? usual : [...usual, ...GATE_SEQUENCE_NAMES.map((name) => gates[name])];
}

export function withGateShapes(
  usual: tf.Shape | tf.Shape[],
  inputShape: tf.Shape | tf.Shape[],
  units: number,
): tf.Shape[] {
  const usualShapes = (Array.isArray(usual[0]) ? usual : [usual]) as tf.Shape[];
  const [batch, timesteps] = (Array.isArray(inputShape[0]) ? inputShape[0] : inputShape) as [number, number];
  return [...usualShapes, ...GATE_SEQUENCE_NAMES.map((): tf.Shape => [batch, timesteps, units])];
}

/** Gates have no mask of their own. */
export function withGateMasks(usual: tf.Tensor | tf.Tensor[]): tf.Tensor[] {
  const usualMasks = Array.isArray(usual) ? usual : [usual];
  return [...usualMasks, ...GATE_SEQUENCE_NAMES.map(() => null as unknown as tf.Tensor)];
}
