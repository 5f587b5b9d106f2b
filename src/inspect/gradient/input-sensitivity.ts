import * as tf from '@tensorflow/tfjs';
import { invalidArgument } from '../../core/errors.js';
import { AN_INTEGER, CHECKED_LATER, checkOptions, type OptionRules } from '../../core/options.js';
import type { TraceOptions } from '../../layers/trace.js';
import { chooseForSequence, runSequence } from '../../sequence/run-sequence.js';
import type { Sequence, SequenceCell } from '../../sequence/sequence.js';
import { oneCall } from './one-call.js';

/** The options of `inputSensitivity`. */
export interface InputSensitivityOptions extends Pick<TraceOptions, 'initialState' | 'mask'> {
  /** The timestep, in the order of the input, whose h is examined. Default: the step processed last. */
  timestep?: number | null | undefined;
}

const RULES: OptionRules = { timestep: AN_INTEGER, initialState: CHECKED_LATER, mask: CHECKED_LATER };

/**
 * How much each timestep of the input affects the hidden state at one timestep: the Frobenius norm of the Jacobian
 * dh_timestep / dx_s, for every s. It is 0 at masked steps and at steps that are processed later. Inference mode.
 *
 * ```ts
 * const sensitivity = inputSensitivity(model.getLayer('lstm'), x);
 * sensitivity.print(); // how far back the last hidden state depends on the input
 * sensitivity.dispose();
 * ```
 *
 * It takes a forward and a backward pass with U copies of the batch, a few at a time.
 *
 * @param layer A built LSTM of this package or of tfjs, or `tf.layers.rnn` over one cell of either.
 * @param x [B, T, D], B at least 1.
 * @returns [B, T]; the caller disposes it.
 * @throws RangeError for a layer that is not an LSTM, for inputs of a wrong shape, and for a timestep out of range; Error
 *   for a layer that is not built.
 * @category Gradients through time
 */
export function inputSensitivity(
  layer: tf.layers.Layer,
  x: tf.Tensor,
  options: InputSensitivityOptions = {},
): tf.Tensor2D {
  const where = 'inputSensitivity';
  checkOptions(where, options, RULES);
  const { cell, sequence, goBackwards, name } = oneCall(where, layer, x, options);
  const timesteps = x.shape[1] as number;
  const timestep = options.timestep ?? (goBackwards ? 0 : timesteps - 1);
  if (timestep < 0 || timestep >= timesteps) {
    const rule = `timestep must be an integer from 0 to ${timesteps - 1}`;
    throw invalidArgument(where, rule, timestep, { layer: name });
  }
  return tf.tidy(() => {
    const own = sequence;
    const [first, last] = goBackwards ? [timestep, timesteps - 1] : [0, timestep];
    const processed = upTo(own, first, last - first + 1);
    const norms = tf.sqrt(squaredNorms(cell, processed, goBackwards));
    return tf.pad(norms, [
      [0, 0],
      [first, timesteps - 1 - last],
    ]) as tf.Tensor2D;
  });
}

/** The part of a sequence that is processed until its last step. */
function upTo(sequence: Sequence, first: number, length: number): Sequence {
  return {
    ...sequence,
    x: tf.slice(tf.cast(sequence.x, 'float32'), [0, first, 0], [-1, length, -1]),
    mask: sequence.mask && tf.slice(sequence.mask, [0, first], [-1, length]),
  };
}

/** How many sequences run at once, at most. */
const ROWS = 256;

/** Sums over units and features of the squares of dh / dx, [B, T], h of the step processed last. */
function squaredNorms(cell: SequenceCell, sequence: Sequence, goBackwards: boolean): tf.Tensor2D {
  const [batch, timesteps] = sequence.x.shape;
  const copies = Math.max(1, Math.floor(ROWS / batch));
  let sum = tf.zeros([batch, timesteps]) as tf.Tensor2D;
  const width = cell.widthOf('h');
  for (let unit = 0; unit < width; unit += copies) {
    const units = Array.from({ length: Math.min(copies, width - unit) }, (_, n) => unit + n);
    sum = tf.tidy(() => tf.add(sum, squaredNormsOf(units, cell, sequence, goBackwards)));
  }
  return sum;
}

function squaredNormsOf(units: number[], cell: SequenceCell, sequence: Sequence, goBackwards: boolean): tf.Tensor {
  const [batch, timesteps] = sequence.x.shape;
  const copied = <T extends tf.Tensor>(tensor: T) =>
    tf.tile(tensor, [units.length, ...tensor.shape.slice(1).map(() => 1)]) as T;
  const states = sequence.states?.map(copied) ?? null;
  const mask = sequence.mask && copied(sequence.mask);
  // Copy n looks at the n-th unit. (tf.oneHot knows no single unit.)
  const width = cell.widthOf('h');
  const isLooked = tf.equal(tf.tensor3d(units, [units.length, 1, 1], 'int32'), tf.range(0, width, 1, 'int32'));
  const looked = tf.reshape(tf.tile(tf.cast(isLooked, 'float32'), [1, batch, 1]), [units.length * batch, width]);
  const lookAt = (x: tf.Tensor3D) => {
    const options = { goBackwards, zeroOutputForMask: false, keepOutputs: false, keepGates: false };
    const where = 'inputSensitivity';
    const wanted = { where, layer: cell.name, useFused: 'auto', isTraining: false, keepsGates: false } as const;
    const copies = { ...sequence, x, states, mask };
    const [h] = runSequence(chooseForSequence(cell, copies, wanted).fusedKernel, cell, copies, options).states;
    return tf.sum(tf.mul(h as tf.Tensor2D, looked)) as tf.Scalar;
  };
  const gradient = tf.grad(lookAt as (x: tf.Tensor) => tf.Scalar)(copied(sequence.x));
  const squares = tf.sum(tf.square(gradient), 2);
  return tf.sum(tf.reshape(squares, [units.length, batch, timesteps]), 0);
}
