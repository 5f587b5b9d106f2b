import * as tf from '@tensorflow/tfjs';
import { tidy } from '../core/tidy.js';
import type { DropoutMasks, GateDropoutMasks, StepMasks } from '../core/weighted-sum.js';

/** Draws a dropout mask: 0 where a value is dropped, 1 / (1 - rate) elsewhere. */
export type DropoutFunction = (ones: tf.Tensor, rate: number) => tf.Tensor;

export interface DropoutRates {
  /** One dropout mask is drawn for each. */
  gateNames: readonly string[];
  dropout: number;
  recurrentDropout: number;
}

/**
 * Draws the dropout masks of one sequence.
 *
 * One a gate is drawn a set, for tfjs calls an injected function that often. All of these are used where the hidden
 * state is dropped, as in Keras; else the first serves every gate.
 */
export function drawDropoutMasks(
  { gateNames, dropout, recurrentDropout }: DropoutRates,
  draw: DropoutFunction,
  inputShape: [batch: number, features: number],
  stateShape: [batch: number, units: number],
): DropoutMasks {
  const drawSet = (rate: number, shape: [number, number]): GateDropoutMasks => {
    if (rate === 0) return [];
    const dropoutMasks = gateNames.map(() => draw(tf.ones(shape), rate));
    return recurrentDropout > 0 ? dropoutMasks : dropoutMasks.slice(0, 1);
  };
  return tidy(() => ({
    input: drawSet(dropout, inputShape),
    recurrent: drawSet(recurrentDropout, stateShape),
  }));
}

export interface StepRates {
  widthOf(name: string): number;
  candidateDropout: number;
  zoneout: number;
  zoneoutCell: number;
}

/** What draws the dropout mask of the candidate and the updates of h and c at each step; null where all rates are 0. */
export function stepMasksDrawer(cell: StepRates, draw: DropoutFunction): ((batch: number) => StepMasks) | null {
  const { candidateDropout, zoneout, zoneoutCell } = cell;
  if (candidateDropout === 0 && zoneout === 0 && zoneoutCell === 0) return null;
  return (batch) => {
    const drawFor = (name: string, rate: number) => draw(tf.ones([batch, cell.widthOf(name)]), rate) as tf.Tensor2D;
    const candidate = candidateDropout === 0 ? null : drawFor('g', candidateDropout);
    const updates: Record<string, tf.Tensor2D> = {};
    if (zoneout > 0) updates.h = tf.notEqual(drawFor('h', zoneout), 0);
    if (zoneoutCell > 0) updates.c = tf.notEqual(drawFor('c', zoneoutCell), 0);
    return { candidate, updates };
  };
}

/**
 * tfjs's dropout as a drawing function. With a seed, dropout mask number n depends on the seed and n alone.
 */
export function dropoutFunction(seed: number | undefined): DropoutFunction {
  if (seed === undefined) return (ones, rate) => tf.dropout(ones, rate);
  let drawn = 0;
  return (ones, rate) => {
    drawn += 1;
    return tf.dropout(ones, rate, undefined, `${seed}/${drawn}`);
  };
}
