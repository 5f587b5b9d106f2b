import type * as tf from '@tensorflow/tfjs';
import { HARD_SIGMOIDS } from './identifiers.js';

type Layer = tf.layers.Layer;

/**
 * 0.2x + 0.5, which is tfjs's and Keras 2's, is relu6(1.2x + 3) / 6, which is Keras 3's of 1.2x: where a hard sigmoid comes
 * right after the weights, one is the other of weights that are so many times as large.
 */
export const HARD_SIGMOID_SCALE = 1.2;

/** Which weights come before a hard sigmoid: of the gates, or all. */
export type Scaling = 'gates' | 'all';

/** A hard sigmoid in a layer or cell. */
export interface HardSigmoid {
  /** The argument, in tfjs's words. */
  argument: 'activation' | 'recurrentActivation';
  isKeras3: boolean;
  /** Null where other things come between the weights and it. */
  scaling: Scaling | null;
}

/** Whose activation comes right after the weights. */
const LINEAR_BEFORE = ['Dense', 'Conv1D', 'Conv2D'];

/** The hard sigmoids of a layer that has weights of its own, or of a cell. */
export function hardSigmoidsOf(layer: Layer): HardSigmoid[] {
  const config = layer.getConfig();
  return (['activation', 'recurrentActivation'] as const).flatMap((argument): HardSigmoid[] => {
    const isKeras3 = config[argument] === HARD_SIGMOIDS.keras3;
    if (!isKeras3 && config[argument] !== HARD_SIGMOIDS.keras2) return [];
    const isAfterAll = LINEAR_BEFORE.includes(layer.getClassName());
    return [{ argument, isKeras3, scaling: argument === 'recurrentActivation' ? 'gates' : isAfterAll ? 'all' : null }];
  });
}

/**
 * Multiplies the weights that come before a hard sigmoid: of gates, every block of columns but the third, the candidate's.
 *
 * @returns A new array.
 */
export function scaleWeight(
  numbers: Float32Array,
  shape: readonly number[],
  layer: Layer,
  scaling: Scaling,
  factor: number,
): Float32Array {
  const { units } = layer as unknown as { units: number };
  const columns = shape[shape.length - 1] as number;
  return numbers.map((number, n) => {
    const isCandidate = scaling === 'gates' && Math.floor((n % columns) / units) === 2;
    return isCandidate ? number : number * factor;
  });
}
