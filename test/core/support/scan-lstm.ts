import type * as tf from '@tensorflow/tfjs';
import { GATE_NAMES } from '../../../src/core/quantities.js';
import { type GateSequences, type ScanOptions, scan } from '../../../src/core/scan.js';
import type { CellStep, States } from '../../../src/core/step.js';

export interface LSTMScan {
  lastOutput: tf.Tensor2D;
  h: tf.Tensor2D;
  c: tf.Tensor2D;
  outputs: tf.Tensor3D | null;
  gates: GateSequences | null;
}

export type LSTMStepFunction = (
  stepInput: tf.Tensor2D,
  states: readonly [tf.Tensor2D, tf.Tensor2D],
  t: number,
) => CellStep;

interface LSTMInputs {
  stepInputs: readonly tf.Tensor2D[];
  h0: tf.Tensor2D;
  c0: tf.Tensor2D;
  mask: tf.Tensor2D | null;
}

/** A scan of the plain LSTM's gates and states, with the states by name. */
export function scanLSTM(step: LSTMStepFunction, { h0, c0, ...inputs }: LSTMInputs, options: ScanOptions): LSTMScan {
  const units = h0.shape[1];
  const cell = { gateNames: GATE_NAMES, stateNames: ['h', 'c'], units, widthOf: () => units };
  const steps = (stepInput: tf.Tensor2D, states: States, t: number) =>
    step(stepInput, states as readonly [tf.Tensor2D, tf.Tensor2D], t);
  const { states, ...result } = scan(cell, steps, { ...inputs, states: [h0, c0] }, options);
  const [h, c] = states as readonly [tf.Tensor2D, tf.Tensor2D];
  return { ...result, gates: result.gates as GateSequences | null, h, c };
}
