import * as tf from '@tensorflow/tfjs';
import { GATE_NAMES } from '../../core/quantities.js';
import type { GateSequences } from '../../core/scan.js';
import { type LSTMStep, lstmStep, type StepActivations } from '../../core/step.js';
import { tidy } from '../../core/tidy.js';
import { unstackSteps } from '../../core/unstack-steps.js';
import { watchedGradients } from '../../host/watched-gradients.js';
import type { GateTrace } from '../../layers/trace.js';

/** What of a loss's gradient reaches a call's results from outside, in the input's order; null: nothing does. */
export interface IncomingGradients {
  /** Of every output, [B, T, U]. */
  outputs: tf.Tensor3D | null;
  /** Of the last output, and of the states after the last step, each [B, U]. */
  lastOutput: tf.Tensor2D | null;
  h: tf.Tensor2D | null;
  c: tf.Tensor2D | null;
  /** Of the gates and the cell state of every step, each [B, T, U]. */
  gates: Record<keyof GateSequences, tf.Tensor3D | null>;
}

/** A cell as gradients are followed back through it. */
export interface WalkedCell {
  /** Whether a step is other than the six equations of `core/step.ts`. */
  hasOwnEquations: boolean;
  /** Whether somebody replaces what a step computes. */
  isEdited: boolean;
  /** Whether an activation makes what it makes of one unit from other units as well. */
  mixesUnits: boolean;
  activations: StepActivations;
  recurrentKernel: tf.Tensor2D;
  /** Those whose gradients are wanted, the recurrent kernel among them. */
  weights: tf.Tensor[];
  /** [N, 4U] from [N, D]. */
  projectInput(x: tf.Tensor2D): tf.Tensor2D;
  /** `t` is the input's timestep. */
  step(projectedInput: tf.Tensor2D, states: readonly [tf.Tensor2D, tf.Tensor2D], t: number): LSTMStep;
  /** The error where an operation has no gradient, or h does not come from c. */
  refusal(cause: unknown): Error;
}

/** A call that was run: its input and its trace, in the input's order. */
export interface WalkedCall {
  /** [B, T, D], float32. */
  x: tf.Tensor3D;
  trace: GateTrace;
  goBackwards: boolean;
  /** Whether outputs, though not states, are 0 at masked steps. */
  zeroOutputForMask: boolean;
}

/** Gradients of a call, sequences in the input's order; see `GradientFlow`. */
export interface CallGradients extends GradientSequences {
  /** [B, U] */
  dh0: tf.Tensor2D;
  dc0: tf.Tensor2D;
  /** As the cell's `weights`. */
  dWeights: tf.Tensor[];
}

interface GradientSequences {
  /** [B, T, U] */
  dh: tf.Tensor3D;
  dc: tf.Tensor3D;
  dhRecurrent: tf.Tensor3D;
  dcCell: tf.Tensor3D;
  outputSlope: tf.Tensor3D;
  /** [B, T, 4U] */
  dz: tf.Tensor3D;
  /** [B, T, D] */
  dx: tf.Tensor3D;
}

/** How much is worked on at once, in bytes and in steps. */
const BYTES_OF_PIECE = 2 ** 24;
const STEPS_OF_PIECE = 512;
/** What the work holds for each unit and each feature of a step: pre-activations, factors, gradients, and copies. */
const NUMBERS_OF_A_UNIT = 56;
const NUMBERS_OF_A_FEATURE = 8;

/** How many steps are worked on at once, and what that takes besides the results, in bytes. */
export function sizeOfPiece(
  [batch, timesteps, features]: readonly [number, number, number],
  units: number,
): { steps: number; bytes: number } {
  const numbers = NUMBERS_OF_A_UNIT * units + NUMBERS_OF_A_FEATURE * features;
  const bytesOfStep = numbers * batch * tf.util.bytesPerElement('float32');
  const steps = Math.min(timesteps, STEPS_OF_PIECE, Math.max(1, Math.floor(BYTES_OF_PIECE / bytesOfStep)));
  return { steps, bytes: steps * bytesOfStep };
}

/**
 * Follows gradients back through a call step by step, the last processed first, by the vector-Jacobian product of each
 * step on its own: time is in proportion to T, and what is held besides the results does not grow with T.
 *
 * To be called within a tidy.
 */
export function walkBack(cell: WalkedCell, call: WalkedCall, incoming: IncomingGradients): CallGradients {
  const [batch, timesteps] = call.x.shape;
  const units = call.trace.h.shape[2];
  const own = ownGradients(call, incoming);
  const { steps } = sizeOfPiece(call.x.shape, units);
  const pieces: GradientSequences[] = [];
  let carried: Carried = { h: tf.zeros([batch, units]), c: tf.zeros([batch, units]) };
  let dWeights: tf.Tensor[] = cell.weights.map((weight) => tf.zeros(weight.shape));
  for (let done = 0; done < timesteps; done += steps) {
    const count = Math.min(steps, timesteps - done);
    const first = call.goBackwards ? done : timesteps - done - count;
    const previous = [carried.h, carried.c, ...dWeights];
    const walked = tidy(() => {
      const piece = pieceOf(cell, call, own, first, count);
      const { sequences, carried: next, dWeights: added } = walkPiece(cell, piece, carried);
      return { sequences, next, sums: dWeights.map((sum, n) => tf.add(sum, added[n] as tf.Tensor)) };
    });
    pieces.push(walked.sequences);
    carried = walked.next;
    dWeights = walked.sums;
    tf.dispose(previous);
  }
  tf.dispose(Object.values(own));
  if (!call.goBackwards) pieces.reverse();
  return {
    dh: joined(pieces, 'dh'),
    dc: joined(pieces, 'dc'),
    dhRecurrent: joined(pieces, 'dhRecurrent'),
    dcCell: joined(pieces, 'dcCell'),
    outputSlope: joined(pieces, 'outputSlope'),
    dz: joined(pieces, 'dz'),
    dx: joined(pieces, 'dx'),
    dh0: carried.h,
    dc0: carried.c,
    dWeights,
  };
}

/** One sequence after the other is joined and its pieces disposed, so that no more than one is held twice. */
function joined(pieces: GradientSequences[], name: keyof GradientSequences): tf.Tensor3D {
  const parts = pieces.map((piece) => piece[name]);
  if (parts.length === 1) return parts[0] as tf.Tensor3D;
  const whole = tf.concat(parts, 1);
  tf.dispose(parts);
  return whole;
}

/** What a step hands on to the one processed before it, each [B, U]. */
interface Carried {
  h: tf.Tensor2D;
  c: tf.Tensor2D;
}

/** The gradients of each step's own results, each [B, T, U] in the input's order; what is missing is 0. */
interface OwnGradients {
  /** Of the state h after the step, which at a masked step is the one before it. */
  h?: tf.Tensor3D;
  /** Of an output that is 0 at a masked step. */
  output?: tf.Tensor3D;
  /** Of the state c after the step. */
  c?: tf.Tensor3D;
  /** Of the four gates, [B, T, 4U]. */
  gates?: tf.Tensor3D;
}

function ownGradients(
  { trace, goBackwards, zeroOutputForMask }: WalkedCall,
  incoming: IncomingGradients,
): OwnGradients {
  const [, timesteps] = trace.h.shape;
  const atLastStep = (state: tf.Tensor2D) => {
    const around: [number, number] = goBackwards ? [0, timesteps - 1] : [timesteps - 1, 0];
    return tf.pad(tf.expandDims(state, 1), [[0, 0], around, [0, 0]]) as tf.Tensor3D;
  };
  return tidy(() => {
    const { outputs, lastOutput, h, c } = incoming;
    const { c: ofCells, ...gates } = incoming.gates;
    const ofOutput = sumOf([outputs && tf.clone(outputs), lastOutput && atLastStep(lastOutput)]);
    const isState = trace.mask === null || !zeroOutputForMask;
    const own: OwnGradients = {};
    const ofH = sumOf([isState ? ofOutput : null, h && atLastStep(h)]);
    if (ofH !== null) own.h = ofH;
    if (!isState && ofOutput !== null) own.output = ofOutput;
    const ofC = sumOf([ofCells && tf.clone(ofCells), c && atLastStep(c)]);
    if (ofC !== null) own.c = ofC;
    if (GATE_NAMES.some((gate) => gates[gate] !== null)) {
      const blocks = GATE_NAMES.map((gate) => gates[gate] ?? (tf.zeros(trace.h.shape) as tf.Tensor3D));
      own.gates = tf.concat(blocks, 2);
    }
    return own;
  });
}

function sumOf<T extends tf.Tensor>(terms: (T | null | undefined)[]): T | null {
  const present = terms.filter((term) => term != null) as T[];
  return present.length < 2 ? (present[0] ?? null) : (tf.addN(present) as T);
}

/** Some timesteps that follow each other, N of them. Rows are [N·B, ...], time by time. */
interface Piece {
  first: number;
  count: number;
  batch: number;
  units: number;
  goBackwards: boolean;
  x: tf.Tensor2D;
  /** What `projectInput` makes of x. */
  projected: tf.Tensor2D;
  /** The states before each step. */
  h: tf.Tensor2D;
  c: tf.Tensor2D;
  /** Gates and cell state after each step, as traced. */
  o: tf.Tensor2D;
  newC: tf.Tensor2D;
  /** [N·B, U]: whether a sample is valid; null without a mask. */
  valid: tf.Tensor2D | null;
  own: { [Name in keyof OwnGradients]: tf.Tensor2D };
}

function pieceOf(cell: WalkedCell, call: WalkedCall, own: OwnGradients, first: number, count: number): Piece {
  const { x, trace, goBackwards } = call;
  const [batch, timesteps, units] = trace.h.shape;
  const rowsOf = (sequence: tf.Tensor, from = first, length = count) => {
    const width = sequence.shape[2] as number;
    const steps = tf.slice(sequence as tf.Tensor3D, [0, from, 0], [-1, length, -1]);
    return tf.reshape(tf.transpose(steps, [1, 0, 2]), [length * batch, width]) as tf.Tensor2D;
  };
  /** Of the states after each step and the state before the first one processed, those before each step. */
  const before = (states: tf.Tensor3D, initial: tf.Tensor2D) => {
    const start = goBackwards ? first + 1 : first - 1;
    if (start >= 0 && start + count <= timesteps) return rowsOf(states, start);
    if (count === 1) return tf.clone(initial);
    const others = rowsOf(states, Math.max(start, 0), count - 1);
    return tf.concat(goBackwards ? [others, initial] : [initial, others], 0);
  };
  const valid =
    trace.mask === null
      ? null
      : (tf.reshape(
          tf.tile(tf.expandDims(tf.transpose(tf.slice(trace.mask, [0, first], [-1, count])), 2), [1, 1, units]),
          [count * batch, units],
        ) as tf.Tensor2D);
  const rows = rowsOf(x);
  // A NaN at a masked step must not reach a gradient, times 0.
  const validX =
    trace.mask === null
      ? rows
      : tf.where(
          tf.reshape(tf.transpose(tf.slice(trace.mask, [0, first], [-1, count])), [count * batch, 1]),
          rows,
          tf.zerosLike(rows),
        );
  const ownRows: Piece['own'] = {};
  for (const name of Object.keys(own) as (keyof OwnGradients)[]) ownRows[name] = rowsOf(own[name] as tf.Tensor3D);
  if (ownRows.gates !== undefined && valid !== null) {
    const ofGates = tf.tile(valid, [1, GATE_NAMES.length]);
    ownRows.gates = tf.where(ofGates, ownRows.gates, tf.zerosLike(ownRows.gates));
  }
  return {
    first,
    count,
    batch,
    units,
    goBackwards,
    x: validX,
    projected: cell.projectInput(validX),
    h: before(trace.h, trace.h0),
    c: before(trace.c, trace.c0),
    o: rowsOf(trace.o),
    newC: rowsOf(trace.c),
    valid,
    own: ownRows,
  };
}

/** [N·B, W] to N tensors [B, W]. */
function stepsOf(rows: tf.Tensor2D, { count, batch }: Piece): tf.Tensor2D[] {
  return unstackSteps(tf.reshape(rows, [count, batch, rows.shape[1]]));
}

/** What reaches what a step computed, each [B, U]; 0 where the step is masked. */
interface StepGradients {
  h: tf.Tensor2D;
  c: tf.Tensor2D;
}

/** What a step makes of the gradients of what it computed. */
interface StepBack {
  dz: tf.Tensor2D;
  /** The total gradient of the cell state, the path through h included. */
  dc: tf.Tensor2D;
  /** Of the states before the step. */
  h: tf.Tensor2D;
  c: tf.Tensor2D;
  /** Of this step, [B, U], where it is not known for all steps at once. */
  outputSlope?: tf.Tensor2D;
  /** The gradients of the weights by all steps so far, as the cell's `weights`; null for 0. */
  dWeights: (tf.Tensor | null)[];
}

/** The vector-Jacobian products of the steps of a piece. */
interface BackThroughSteps {
  /**
   * @param at The step's place in the piece.
   * @param dWeights By the steps so far.
   */
  back(at: number, gradients: StepGradients, dWeights: (tf.Tensor | null)[]): StepBack;
  /** [N·B, U] */
  outputSlope: tf.Tensor2D | null;
  /** What the steps add to the weights' gradients that `back` has not. */
  dWeightsOfAll(dz: tf.Tensor2D): (tf.Tensor | null)[];
}

function walkPiece(
  cell: WalkedCell,
  piece: Piece,
  last: Carried,
): { sequences: GradientSequences; carried: Carried; dWeights: tf.Tensor[] } {
  const { count, batch, own } = piece;
  const isSixEquations = !cell.hasOwnEquations && !cell.isEdited && !cell.mixesUnits;
  const through = isSixEquations ? throughSixEquations(cell, piece) : throughOwnSteps(cell, piece);
  const valid = piece.valid && stepsOf(piece.valid, piece);
  const ofStep = (rows: tf.Tensor2D | undefined) => (rows === undefined ? null : stepsOf(rows, piece));
  const [ownH, ownOutput, ownC] = [ofStep(own.h), ofStep(own.output), ofStep(own.c)];
  const dhRecurrent: tf.Tensor2D[] = [];
  const dcCell: tf.Tensor2D[] = [];
  const dc: tf.Tensor2D[] = [];
  const dz: tf.Tensor2D[] = [];
  const slopes: tf.Tensor2D[] = [];
  let carried = last;
  let dWeights: (tf.Tensor | null)[] = cell.weights.map(() => null);
  for (let n = 0; n < count; n++) {
    const at = piece.goBackwards ? n : count - 1 - n;
    const isValid = valid?.[at];
    const step = tidy(() => {
      const h = sumOf([carried.h, ownH?.[at]]) as tf.Tensor2D;
      const c = sumOf([carried.c, ownC?.[at]]) as tf.Tensor2D;
      const ofH = sumOf([h, ownOutput?.[at]]) as tf.Tensor2D;
      if (isValid === undefined) return through.back(at, { h: ofH, c }, dWeights);
      const zeros = tf.zerosLike(h);
      const gradients = { h: tf.where(isValid, ofH, zeros), c: tf.where(isValid, c, zeros) };
      const back = through.back(at, gradients, dWeights);
      return {
        ...back,
        dc: tf.where(isValid, back.dc, c),
        h: tf.where(isValid, back.h, h),
        c: tf.where(isValid, back.c, c),
      };
    });
    dhRecurrent[at] = carried.h;
    dcCell[at] = carried.c;
    dc[at] = step.dc;
    dz[at] = step.dz;
    if (step.outputSlope !== undefined) slopes[at] = step.outputSlope;
    tf.dispose(dWeights.filter((sum): sum is tf.Tensor => sum !== null && !step.dWeights.includes(sum)));
    dWeights = step.dWeights;
    carried = { h: step.h, c: step.c };
  }
  const sequence = (steps: tf.Tensor2D[]) => tf.stack(steps, 1) as tf.Tensor3D;
  const fromRows = (rows: tf.Tensor2D) =>
    tf.transpose(tf.reshape(rows, [count, batch, rows.shape[1]]), [1, 0, 2]) as tf.Tensor3D;
  const dzRows = tf.concat(dz, 0);
  const input = throughProjection(cell, piece, dzRows);
  const ofAllSteps = through.dWeightsOfAll(dzRows);
  const slope = through.outputSlope ?? tf.concat(slopes, 0);
  const recurrentRows = tf.concat(dhRecurrent, 0);
  const ofState = sumOf([recurrentRows, own.h]) as tf.Tensor2D;
  return {
    sequences: {
      dh: fromRows(own.output === undefined ? ofState : tf.add(ofState, whereValid(piece, own.output))),
      dc: sequence(dc),
      dhRecurrent: fromRows(recurrentRows),
      dcCell: sequence(dcCell),
      outputSlope: fromRows(whereValid(piece, slope)),
      dz: fromRows(dzRows),
      dx: fromRows(whereValidInput(piece, input.dx)),
    },
    carried: { h: tf.clone(carried.h), c: tf.clone(carried.c) },
    dWeights: cell.weights.map(
      (weight, n) => sumOf([input.dWeights[n], dWeights[n], ofAllSteps[n]]) ?? (tf.zeros(weight.shape) as tf.Tensor),
    ),
  };
}

function whereValid({ valid }: Piece, rows: tf.Tensor2D): tf.Tensor2D {
  return valid === null ? rows : tf.where(valid, rows, tf.zerosLike(rows));
}

function whereValidInput({ valid }: Piece, rows: tf.Tensor2D): tf.Tensor2D {
  return valid === null ? rows : tf.where(tf.slice(valid, [0, 0], [-1, 1]), rows, tf.zerosLike(rows));
}

/** The projection of the input stands in no recurrence: all steps at once. */
function throughProjection(
  { projectInput, weights, refusal }: WalkedCell,
  { x }: Piece,
  dz: tf.Tensor2D,
): { dx: tf.Tensor2D; dWeights: (tf.Tensor | null)[] } {
  const { gradientOf } = watchedGradients([x, ...weights], () => projectInput(x), refusal, dz);
  return {
    dx: (gradientOf(x) as tf.Tensor2D | null) ?? tf.zerosLike(x),
    dWeights: weights.map((weight) => gradientOf(weight)),
  };
}

/**
 * All that is elementwise is computed for all steps at once, by tfjs's own gradients of the equations; what is left for
 * each step is the one product that the recurrence demands.
 */
function throughSixEquations(cell: WalkedCell, piece: Piece): BackThroughSteps {
  const { activations, recurrentKernel, weights, refusal } = cell;
  const { projected, h, c, o, newC, own } = piece;
  const z = tf.add(projected, tf.matMul(h, recurrentKernel)) as tf.Tensor2D;
  // Of c' by i, f and g, and of h' by o with c' held: what of a gradient of c' or h' reaches each pre-activation.
  const { gradientOf } = watchedGradients(
    [z, c],
    () => {
      const step = lstmStep(z, c, activations);
      return tf.add(step.c, tf.mul(step.o, activations.activation(newC)));
    },
    refusal,
    tf.onesLike(c),
  );
  const factors = stepsOf(gradientOf(z) as tf.Tensor2D, piece);
  const forget = stepsOf(gradientOf(c) as tf.Tensor2D, piece);
  const slopeRows = slopeOfEquation(activations, o, newC, refusal);
  const slopes = stepsOf(slopeRows, piece);
  const ownDz = own.gates === undefined ? null : stepsOf(gatesGradient(z, c, cell, own.gates), piece);
  return {
    back: (at, gradients, dWeights) => {
      const dc = tf.add(gradients.c, tf.mul(slopes[at] as tf.Tensor2D, gradients.h)) as tf.Tensor2D;
      const byFactors = tf.mul(tf.concat([dc, dc, dc, gradients.h], 1), factors[at] as tf.Tensor2D) as tf.Tensor2D;
      const dz = sumOf([byFactors, ownDz?.[at]]) as tf.Tensor2D;
      return {
        dz,
        dc,
        h: tf.matMul(dz, recurrentKernel, false, true),
        c: tf.mul(dc, forget[at] as tf.Tensor2D) as tf.Tensor2D,
        dWeights,
      };
    },
    outputSlope: slopeRows,
    dWeightsOfAll: (dz) => {
      const ofRecurrentKernel = tf.matMul(h, dz, true, false);
      return weights.map((weight) => (weight === recurrentKernel ? ofRecurrentKernel : null));
    },
  };
}

/** Of the gates' own gradients, what reaches the pre-activations. */
function gatesGradient(
  z: tf.Tensor2D,
  c: tf.Tensor2D,
  { activations, refusal }: WalkedCell,
  gates: tf.Tensor2D,
): tf.Tensor2D {
  const { gradientOf } = watchedGradients(
    [z],
    () => {
      const step = lstmStep(z, c, activations);
      return tf.concat([step.i, step.f, step.g, step.o], 1);
    },
    refusal,
    gates,
  );
  return gradientOf(z) as tf.Tensor2D;
}

/** ∂h/∂c of h = o φ(c), the gates held. */
function slopeOfEquation(
  { activation }: StepActivations,
  o: tf.Tensor2D,
  c: tf.Tensor2D,
  refusal: WalkedCell['refusal'],
): tf.Tensor2D {
  const { gradientOf } = watchedGradients([c], () => tf.mul(o, activation(c)), refusal, tf.onesLike(c));
  return gradientOf(c) as tf.Tensor2D;
}

/** Each step is computed again, and tfjs's own gradients are taken of that one step. */
function throughOwnSteps(cell: WalkedCell, piece: Piece): BackThroughSteps {
  const { weights, refusal, hasOwnEquations, activations } = cell;
  const { own, first, o, newC } = piece;
  const projected = stepsOf(piece.projected, piece);
  const h = stepsOf(piece.h, piece);
  const c = stepsOf(piece.c, piece);
  const ofGates = own.gates === undefined ? null : stepsOf(own.gates, piece);
  return {
    back: (at, gradients, dWeights) => {
      const inputs = [projected[at], h[at], c[at]] as [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D];
      const step = () => cell.step(inputs[0], [inputs[1], inputs[2]], first + at);
      const gates = ofGates === null ? [] : [ofGates[at] as tf.Tensor2D];
      let cellState = inputs[2];
      const { gradientOf } = watchedGradients(
        [...inputs, ...weights],
        (watch) => {
          const { h, c, i, f, g, o } = step();
          cellState = c;
          watch(cellState);
          return tf.concat([h, c, ...(gates.length === 0 ? [] : [i, f, g, o])], 1);
        },
        refusal,
        tf.concat([gradients.h, gradients.c, ...gates], 1),
      );
      const orZeros = (tensor: tf.Tensor2D) => (gradientOf(tensor) as tf.Tensor2D | null) ?? tf.zerosLike(tensor);
      const back: StepBack = {
        dz: orZeros(inputs[0]),
        dc: orZeros(cellState),
        h: orZeros(inputs[1]),
        c: orZeros(inputs[2]),
        dWeights: weights.map((weight, n) => sumOf([dWeights[n], gradientOf(weight)])),
      };
      if (hasOwnEquations) back.outputSlope = slopeOfStep(cell, step);
      return back;
    },
    outputSlope: hasOwnEquations ? null : slopeOfEquation(activations, o, newC, refusal),
    dWeightsOfAll: () => weights.map(() => null),
  };
}

/** ∂h/∂c of a step, by what leads from the c that it returns to its h. */
function slopeOfStep({ isEdited, refusal }: WalkedCell, step: () => LSTMStep): tf.Tensor2D {
  const one = tf.scalar(1);
  let c: tf.Tensor2D | null = null;
  const { gradientOf } = watchedGradients(
    [one],
    (watch) => {
      const computed = step();
      c = computed.c;
      watch(c);
      return tf.sum(computed.h);
    },
    refusal,
  );
  const cellState = c as unknown as tf.Tensor2D;
  const slope = gradientOf(cellState) as tf.Tensor2D | null;
  if (slope === null && !isEdited) throw refusal(new Error('the h of a step must come from the c that it returns'));
  return slope ?? tf.zerosLike(cellState);
}
