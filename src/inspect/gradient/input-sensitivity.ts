import * as tf from '@tensorflow/tfjs';
import { invalidArgument } from '../../core/errors.js';
import { AN_INTEGER, CHECKED_LATER, checkOptions, type OptionRules } from '../../core/options.js';
import type { FusedKernel, RecordedInputs } from '../../fused/fused-kernel.js';
import { gradientDepth } from '../../host/gradient-tape.js';
import type { TraceOptions } from '../../layers/trace.js';
import { observersOf } from '../../sequence/observe.js';
import { chooseForSequence, fusedInputs, fusedOptions, runSequence, type Wanted } from '../../sequence/run-sequence.js';
import { type Sequence, type SequenceCell, statesBefore } from '../../sequence/sequence.js';
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
 * It takes a backward pass with U copies of the batch, some at a time, so that the time grows with the cube of U; and, where
 * the WebAssembly module does not run it, as many forward passes.
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
  const gradientOfX =
    fromOneRun(cell, sequence, goBackwards, Math.min(copies, width)) ?? throughCopies(cell, sequence, goBackwards);
  for (let unit = 0; unit < width; unit += copies) {
    const units = Array.from({ length: Math.min(copies, width - unit) }, (_, n) => unit + n);
    sum = tf.tidy(() => {
      const squares = tf.sum(tf.square(gradientOfX(lookedAt(units, batch, width))), 2);
      return tf.add(sum, tf.sum(tf.reshape(squares, [units.length, batch, timesteps]), 0));
    });
  }
  return sum;
}

/** One row for each unit and sample, [n·B, U]: 1 at the unit. (tf.oneHot knows no single unit.) */
function lookedAt(units: number[], batch: number, width: number): tf.Tensor2D {
  const isLooked = tf.equal(tf.tensor3d(units, [units.length, 1, 1], 'int32'), tf.range(0, width, 1, 'int32'));
  return tf.reshape(tf.tile(tf.cast(isLooked, 'float32'), [1, batch, 1]), [units.length * batch, width]);
}

/** The gradients of x, [n·B, T, D], by those of the last h, [n·B, U], each for one of n copies of the samples. */
type GradientOfX = (dH: tf.Tensor2D) => tf.Tensor3D;

/** The samples run forward once, and back once for each copy. To be called within a tidy. Null where no fused kernel does that. */
function fromOneRun(cell: SequenceCell, sequence: Sequence, goBackwards: boolean, copies: number): GradientOfX | null {
  // Whoever takes gradients of the result wants those of the gradients.
  if (cell.ownEquations !== 'none' || observersOf(cell).length > 0 || gradientDepth() !== 0) return null;
  const [batch, timesteps, features] = sequence.x.shape;
  const { mask } = sequence;
  const { fusedKernel } = chooseForSequence(
    cell,
    { x: { shape: [copies * batch, timesteps, features] }, mask },
    { ...wantedFor(cell), goesBackBySteps: true },
  );
  if (fusedKernel?.backwardFromLast === undefined) return null;
  const inputs = fusedInputs(cell, { ...sequence, states: statesBefore(sequence, cell) }) as RecordedInputs;
  const options = fusedOptions(cell, { goBackwards, ...NOTHING_KEPT });
  const { saved } = fusedKernel.forward(inputs, options, true);
  return (dH) => (fusedKernel as Required<FusedKernel>).backwardFromLast(inputs, options, saved, dH);
}

/** The copies run forward as well. */
function throughCopies(cell: SequenceCell, sequence: Sequence, goBackwards: boolean): GradientOfX {
  const [batch] = sequence.x.shape;
  return (dH) => {
    const copies = dH.shape[0] / batch;
    const copied = <T extends tf.Tensor>(tensor: T) =>
      tf.tile(tensor, [copies, ...tensor.shape.slice(1).map(() => 1)]) as T;
    const states = sequence.states?.map(copied) ?? null;
    const mask = sequence.mask && copied(sequence.mask);
    const lookAt = (x: tf.Tensor3D) => {
      const all = { ...sequence, x, states, mask };
      const { fusedKernel } = chooseForSequence(cell, all, wantedFor(cell));
      const [h] = runSequence(fusedKernel, cell, all, { goBackwards, ...NOTHING_KEPT }).states;
      return tf.sum(tf.mul(h as tf.Tensor2D, dH)) as tf.Scalar;
    };
    return tf.grad(lookAt as (x: tf.Tensor) => tf.Scalar)(copied(sequence.x)) as tf.Tensor3D;
  };
}

const NOTHING_KEPT = { zeroOutputForMask: false, keepOutputs: false, keepGates: false };

function wantedFor({ name }: SequenceCell): Wanted {
  return { where: 'inputSensitivity', layer: name, useFused: 'auto', isTraining: false, keepsGates: false };
}
