import * as tf from '@tensorflow/tfjs';
import { quantitiesOf, type SizedCell } from '../../core/quantities.js';
import { type CellStep, lstmStep, type States, type StepActivations } from '../../core/step.js';
import { tidy } from '../../core/tidy.js';
import { unstackSteps } from '../../core/unstack-steps.js';
import { watchedGradients } from '../../host/watched-gradients.js';
import type { GateTrace } from '../../layers/trace.js';

/** What of a loss's gradient reaches a call's results from outside, in the input's order; null: nothing does. */
export interface IncomingGradients {
  /** Of every output, [B, T, U]. */
  outputs: tf.Tensor3D | null;
  /** Of the last output, [B, U]. */
  lastOutput: tf.Tensor2D | null;
  /** Of the states after the last step, by name; what is missing is 0. */
  states: Readonly<Record<string, tf.Tensor2D | null>>;
  /** Of the gates, and the states but h, of every step, by name; what is missing is 0. */
  gates: Readonly<Record<string, tf.Tensor3D | null>>;
}

/** A cell as gradients are followed back through it. */
export interface WalkedCell extends SizedCell {
  /** Whether a step is other than the six equations of `core/step.ts`. */
  hasOwnEquations: boolean;
  /** Whether somebody replaces what a step computes. */
  isEdited: boolean;
  /** Whether an activation makes what it makes of one unit from other units as well. */
  mixesUnits: boolean;
  activations: StepActivations;
  /** tfjs's name of φ. */
  activationName: string;
  /** Null where a cell of its own equations has none. */
  recurrentKernel: tf.Tensor2D | null;
  /** Those whose gradients are wanted, the recurrent kernel among them. */
  weights: tf.Tensor[];
  /** [N, 4U] from [N, D]. */
  projectInput(x: tf.Tensor2D): tf.Tensor2D;
  /** `t` is the input's timestep. */
  step(projectedInput: tf.Tensor2D, states: States, t: number): CellStep;
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
  /** Of the states before the first step, in the order of the cell's `stateNames`, each [B, width]. */
  ofInitialStates: tf.Tensor2D[];
  /** As the cell's `weights`. */
  dWeights: tf.Tensor[];
}

/** The same, with what is of each gate by the gate's name. */
export interface NamedGradients extends Omit<CallGradients, 'dz' | 'dWeights'> {
  dz: Record<string, tf.Tensor3D>;
  /** By property, and then by what the weight has blocks of; null for a weight that is not there. */
  dWeights: Record<string, Record<string, tf.Tensor> | null>;
}

interface GradientSequences {
  /** The total derivatives of the states, in the order of the cell's `stateNames`, each [B, T, width]. */
  ofStates: tf.Tensor3D[];
  /** What of them comes from later steps. */
  fromLater: tf.Tensor3D[];
  /** [B, T, width of h]; none for a cell without c. */
  outputSlope: tf.Tensor3D[];
  /** [B, T, 4U], or what the cell makes of x */
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
  const own = ownGradients(cell, call, incoming);
  const { steps } = sizeOfPiece(call.x.shape, cell.units);
  const pieces: GradientSequences[] = [];
  let carried = cell.stateNames.map((name): tf.Tensor2D => tf.zeros([batch, cell.widthOf(name)]));
  let dWeights: tf.Tensor[] = cell.weights.map((weight) => tf.zeros(weight.shape));
  for (let done = 0; done < timesteps; done += steps) {
    const count = Math.min(steps, timesteps - done);
    const first = call.goBackwards ? done : timesteps - done - count;
    const previous = [...carried, ...dWeights];
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
  tf.dispose(tensorsOf(own));
  if (!call.goBackwards) pieces.reverse();
  const all = (of: (piece: GradientSequences) => tf.Tensor3D[]) =>
    of(pieces[0] as GradientSequences).map((_, n) => joined(pieces.map((piece) => of(piece)[n] as tf.Tensor3D)));
  return {
    ofStates: all(({ ofStates }) => ofStates),
    fromLater: all(({ fromLater }) => fromLater),
    outputSlope: all(({ outputSlope }) => outputSlope),
    dz: joined(pieces.map(({ dz }) => dz)),
    dx: joined(pieces.map(({ dx }) => dx)),
    ofInitialStates: carried,
    dWeights,
  };
}

/** Parts are disposed as soon as they are joined, so that no more than one sequence is held twice. */
function joined(parts: tf.Tensor3D[]): tf.Tensor3D {
  if (parts.length === 1) return parts[0] as tf.Tensor3D;
  const whole = tf.concat(parts, 1);
  tf.dispose(parts);
  return whole;
}

/** The gradients of each step's own results, each [B, T, width] in the input's order; what is missing is 0. */
export interface OwnGradients<Sequence> {
  /** Of the states after the step, in the order of the cell's `stateNames`; at a masked step those are the ones before it. */
  states: (Sequence | null)[];
  /** Of an output that is 0 at a masked step. */
  output: Sequence | null;
  /** Of the gates, side by side. */
  gates: Sequence | null;
}

export function tensorsOf({ states, output, gates }: OwnGradients<tf.Tensor3D>): tf.Tensor[] {
  return [...states, output, gates].filter((tensor) => tensor !== null);
}

export function ownGradients(
  cell: WalkedCell,
  { trace, goBackwards, zeroOutputForMask }: WalkedCall,
  incoming: IncomingGradients,
): OwnGradients<tf.Tensor3D> {
  const [batch, timesteps] = trace.h.shape;
  const atLastStep = (state: tf.Tensor2D) => {
    const around: [number, number] = goBackwards ? [0, timesteps - 1] : [timesteps - 1, 0];
    return tf.pad(tf.expandDims(state, 1), [[0, 0], around, [0, 0]]) as tf.Tensor3D;
  };
  return tidy(() => {
    const { outputs, lastOutput, states: afterLast, gates: sequences } = incoming;
    const ofOutput = sumOf([outputs && tf.clone(outputs), lastOutput && atLastStep(lastOutput)]);
    const isState = trace.mask === null || !zeroOutputForMask;
    const { stateNames, gateNames } = cell;
    const states = stateNames.map((name) => {
      const sequence = name === 'h' ? (isState ? ofOutput : null) : stateSequence(cell, sequences, name);
      const last = afterLast[name] ?? null;
      return sumOf([sequence, last && atLastStep(last)]);
    });
    const isAnyGate = gateNames.some((name) => sequences[name] != null);
    const blocks = () =>
      gateNames.map((name) => sequences[name] ?? tf.zeros<tf.Rank.R3>([batch, timesteps, cell.widthOf(name)]));
    return {
      states,
      output: isState ? null : ofOutput,
      gates: isAnyGate ? joinedGates(blocks()) : null,
    };
  });
}

/** Of a state that is a gate as well, the gradient is the gate's: what a trace shows of it is the gate. */
function stateSequence(
  { gateNames }: WalkedCell,
  sequences: IncomingGradients['gates'],
  name: string,
): tf.Tensor3D | null {
  const sequence = gateNames.includes(name) ? null : sequences[name];
  return sequence == null ? null : tf.clone(sequence);
}

function joinedGates(blocks: tf.Tensor3D[]): tf.Tensor3D {
  return blocks.length === 1 ? tf.clone(blocks[0] as tf.Tensor3D) : tf.concat(blocks, 2);
}

export function sumOf<T extends tf.Tensor>(terms: (T | null | undefined)[]): T | null {
  const present = terms.filter((term) => term != null) as T[];
  return present.length < 2 ? (present[0] ?? null) : (tf.addN(present) as T);
}

/** Some timesteps that follow each other, N of them. Rows are [N·B, ...], time by time. */
interface Piece {
  first: number;
  count: number;
  batch: number;
  goBackwards: boolean;
  x: tf.Tensor2D;
  /** What `projectInput` makes of x. */
  projected: tf.Tensor2D;
  /** The states before each step, in the order of the cell's `stateNames`. */
  states: tf.Tensor2D[];
  /** What a plain LSTM's output gate and cell state were, as traced; null for a cell without one of them. */
  o: tf.Tensor2D | null;
  newC: tf.Tensor2D | null;
  /** By width, [N·B, width]: whether a sample is valid; null without a mask. */
  valid: ReadonlyMap<number, tf.Tensor2D> | null;
  own: OwnGradients<tf.Tensor2D>;
}

function pieceOf(
  cell: WalkedCell,
  call: WalkedCall,
  own: OwnGradients<tf.Tensor3D>,
  first: number,
  count: number,
): Piece {
  const { x, trace, goBackwards } = call;
  const [batch, timesteps] = trace.h.shape;
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
  const valid = trace.mask && validByWidth(cell, tf.slice(trace.mask, [0, first], [-1, count]));
  const rows = rowsOf(x);
  // A NaN at a masked step must not reach a gradient, times 0.
  const validX = valid === null ? rows : tf.where(valid.get(1) as tf.Tensor2D, rows, tf.zerosLike(rows));
  const gates = own.gates && rowsOf(own.gates);
  const { states, initialStates } = trace;
  const { o, c } = trace as { o?: tf.Tensor3D; c?: tf.Tensor3D };
  return {
    first,
    count,
    batch,
    goBackwards,
    x: validX,
    projected: cell.projectInput(validX),
    states: cell.stateNames.map((name) => before(states[name] as tf.Tensor3D, initialStates[name] as tf.Tensor2D)),
    o: o === undefined ? null : rowsOf(o),
    newC: c === undefined ? null : rowsOf(c),
    valid,
    own: {
      states: own.states.map((state) => state && rowsOf(state)),
      output: own.output && rowsOf(own.output),
      gates: gates && valid ? tf.where(valid.get(1) as tf.Tensor2D, gates, tf.zerosLike(gates)) : gates,
    },
  };
}

/** [B, N] as [N·B, width], for all widths that a cell has, and 1. */
function validByWidth(cell: WalkedCell, mask: tf.Tensor2D): Map<number, tf.Tensor2D> {
  const rows = tf.reshape(tf.transpose(mask), [-1, 1]) as tf.Tensor2D;
  const widths = new Set(quantitiesOf(cell).map((name) => cell.widthOf(name)));
  return new Map([...[...widths].map((width) => [width, tf.tile(rows, [1, width])] as const), [1, rows]]);
}

/** [N·B, W] to N tensors [B, W]. */
function stepsOf(rows: tf.Tensor2D, { count, batch }: Piece): tf.Tensor2D[] {
  return unstackSteps(tf.reshape(rows, [count, batch, rows.shape[1]]));
}

/** What a step makes of the gradients of what it computed. */
interface StepBack {
  dz: tf.Tensor2D;
  /** The total gradients of the states, the paths through h and each other included. */
  total: tf.Tensor2D[];
  /** Of the states before the step. */
  before: tf.Tensor2D[];
  /** Of this step, where it is not known for all steps at once. */
  outputSlope?: tf.Tensor2D;
  /** The gradients of the weights by all steps so far, as the cell's `weights`; null for 0. */
  dWeights: (tf.Tensor | null)[];
}

/** The vector-Jacobian products of the steps of a piece. */
interface BackThroughSteps {
  /**
   * @param at The step's place in the piece.
   * @param gradients What reaches the states that the step computed; 0 where it is masked.
   * @param dWeights By the steps so far.
   */
  back(at: number, gradients: tf.Tensor2D[], dWeights: (tf.Tensor | null)[]): StepBack;
  /** [N·B, U]; null where it is of each step, or where there is none. */
  outputSlope: tf.Tensor2D | null;
  /** What the steps add to the weights' gradients that `back` has not. */
  dWeightsOfAll(dz: tf.Tensor2D): (tf.Tensor | null)[];
}

function walkPiece(
  cell: WalkedCell,
  piece: Piece,
  last: tf.Tensor2D[],
): { sequences: GradientSequences; carried: tf.Tensor2D[]; dWeights: tf.Tensor[] } {
  const { count, batch, own } = piece;
  const isSixEquations = !cell.hasOwnEquations && !cell.isEdited && !cell.mixesUnits;
  const through = isSixEquations ? throughSixEquations(cell, piece) : throughOwnSteps(cell, piece);
  const valid = piece.valid && validAtSteps(piece.valid, piece);
  const ofStep = (rows: tf.Tensor2D | null) => rows && stepsOf(rows, piece);
  const ownStates = own.states.map(ofStep);
  const ownOutput = ofStep(own.output);
  const fromLater: tf.Tensor2D[][] = last.map(() => []);
  const total: tf.Tensor2D[][] = last.map(() => []);
  const dz: tf.Tensor2D[] = [];
  const slopes: tf.Tensor2D[] = [];
  let carried = last;
  let dWeights: (tf.Tensor | null)[] = cell.weights.map(() => null);
  for (let n = 0; n < count; n++) {
    const at = piece.goBackwards ? n : count - 1 - n;
    const step = tidy(() => {
      const arriving = carried.map((state, k) => sumOf([state, ownStates[k]?.[at]]) as tf.Tensor2D);
      const [ofState, ...others] = arriving as [tf.Tensor2D, ...tf.Tensor2D[]];
      const reaching = [sumOf([ofState, ownOutput?.[at]]) as tf.Tensor2D, ...others];
      if (valid === null) return through.back(at, reaching, dWeights);
      const orElse = (value: tf.Tensor2D, other: tf.Tensor2D) =>
        tf.where(valid.get(value.shape[1])?.[at] as tf.Tensor2D, value, other);
      const back = through.back(
        at,
        reaching.map((gradient) => orElse(gradient, tf.zerosLike(gradient))),
        dWeights,
      );
      return {
        ...back,
        total: back.total.map((state, k) => orElse(state, arriving[k] as tf.Tensor2D)),
        before: back.before.map((state, k) => orElse(state, arriving[k] as tf.Tensor2D)),
      };
    });
    for (const [k, state] of carried.entries()) (fromLater[k] as tf.Tensor2D[])[at] = state;
    for (const [k, state] of step.total.entries()) (total[k] as tf.Tensor2D[])[at] = state;
    dz[at] = step.dz;
    if (step.outputSlope !== undefined) slopes[at] = step.outputSlope;
    tf.dispose(dWeights.filter((sum): sum is tf.Tensor => sum !== null && !step.dWeights.includes(sum)));
    dWeights = step.dWeights;
    carried = step.before;
  }
  const fromRows = (rows: tf.Tensor2D) =>
    tf.transpose(tf.reshape(rows, [count, batch, rows.shape[1]]), [1, 0, 2]) as tf.Tensor3D;
  const dzRows = tf.concat(dz, 0);
  const input = throughProjection(cell, piece, dzRows);
  const ofAllSteps = through.dWeightsOfAll(dzRows);
  const slope = through.outputSlope ?? (slopes.length === 0 ? null : tf.concat(slopes, 0));
  const later = fromLater.map((steps) => tf.concat(steps, 0));
  // Nothing that a step computes leads from h to its other results, so that its total needs no step.
  const ofH = sumOf([later[0], own.states[0], own.output && whereValid(piece, own.output)]) as tf.Tensor2D;
  return {
    sequences: {
      ofStates: [fromRows(ofH), ...total.slice(1).map((steps) => tf.stack(steps, 1) as tf.Tensor3D)],
      fromLater: later.map(fromRows),
      outputSlope: slope === null ? [] : [fromRows(whereValid(piece, slope))],
      dz: fromRows(dzRows),
      dx: fromRows(whereValidInput(piece, input.dx)),
    },
    carried: carried.map((state) => tf.clone(state)),
    dWeights: cell.weights.map(
      (weight, n) => sumOf([input.dWeights[n], dWeights[n], ofAllSteps[n]]) ?? (tf.zeros(weight.shape) as tf.Tensor),
    ),
  };
}

function validAtSteps(valid: ReadonlyMap<number, tf.Tensor2D>, piece: Piece): Map<number, tf.Tensor2D[]> {
  return new Map([...valid].map(([width, rows]) => [width, stepsOf(rows, piece)]));
}

function whereValid({ valid }: Piece, rows: tf.Tensor2D): tf.Tensor2D {
  return valid === null ? rows : tf.where(valid.get(rows.shape[1]) as tf.Tensor2D, rows, tf.zerosLike(rows));
}

function whereValidInput({ valid }: Piece, rows: tf.Tensor2D): tf.Tensor2D {
  return valid === null ? rows : tf.where(valid.get(1) as tf.Tensor2D, rows, tf.zerosLike(rows));
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
  const { activations, weights, refusal } = cell;
  const { projected, own } = piece;
  const recurrentKernel = cell.recurrentKernel as tf.Tensor2D;
  const [h, c] = piece.states as [tf.Tensor2D, tf.Tensor2D];
  const newC = piece.newC as tf.Tensor2D;
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
  const slopeRows = slopeOfEquation(activations, piece.o as tf.Tensor2D, newC, refusal);
  const slopes = stepsOf(slopeRows, piece);
  const ownDz = own.gates === null ? null : stepsOf(gatesGradient(z, c, cell, own.gates), piece);
  return {
    back: (at, gradients, dWeights) => {
      const [ofH, ofC] = gradients as [tf.Tensor2D, tf.Tensor2D];
      const dc = tf.add(ofC, tf.mul(slopes[at] as tf.Tensor2D, ofH)) as tf.Tensor2D;
      const byFactors = tf.mul(tf.concat([dc, dc, dc, ofH], 1), factors[at] as tf.Tensor2D) as tf.Tensor2D;
      const dz = sumOf([byFactors, ownDz?.[at]]) as tf.Tensor2D;
      return {
        dz,
        total: [ofH, dc],
        before: [tf.matMul(dz, recurrentKernel, false, true), tf.mul(dc, forget[at] as tf.Tensor2D) as tf.Tensor2D],
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
export function slopeOfEquation(
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
  const { weights, refusal, hasOwnEquations, activations, stateNames, gateNames } = cell;
  const { own, first, o, newC } = piece;
  const projected = stepsOf(piece.projected, piece);
  const statesOfSteps = piece.states.map((rows) => stepsOf(rows, piece));
  const ofGates = own.gates === null ? null : stepsOf(own.gates, piece);
  // Of a projection, ∂h/∂c is no number for each unit.
  const hasSlope = stateNames.includes('c') && cell.widthOf('c') === cell.widthOf('h');
  return {
    back: (at, gradients, dWeights) => {
      const input = projected[at] as tf.Tensor2D;
      const states = statesOfSteps.map((steps) => steps[at] as tf.Tensor2D);
      const step = () => cell.step(input, states, first + at);
      const gates = ofGates === null ? [] : [ofGates[at] as tf.Tensor2D];
      let computed: tf.Tensor2D[] = [];
      const { gradientOf } = watchedGradients(
        [input, ...states, ...weights],
        (watch) => {
          const result = step();
          // One tensor may be two states, or a state that was there before: each is to have the gradient of its own.
          computed = stateNames.map((name) => result[name] as tf.Tensor2D);
          for (const state of computed.slice(1)) watch(state);
          const shown = gates.length === 0 ? [] : gateNames.map((name) => result[name] as tf.Tensor2D);
          return joinedColumns([...computed, ...shown]);
        },
        refusal,
        joinedColumns([...gradients, ...gates]),
      );
      const orZeros = (tensor: tf.Tensor2D) => (gradientOf(tensor) as tf.Tensor2D | null) ?? tf.zerosLike(tensor);
      const back: StepBack = {
        dz: orZeros(input),
        total: [gradients[0] as tf.Tensor2D, ...computed.slice(1).map(orZeros)],
        before: states.map(orZeros),
        dWeights: weights.map((weight, n) => sumOf([dWeights[n], gradientOf(weight)])),
      };
      if (hasOwnEquations && hasSlope) back.outputSlope = slopeOfStep(cell, step);
      return back;
    },
    outputSlope: hasOwnEquations || o === null || newC === null ? null : slopeOfEquation(activations, o, newC, refusal),
    dWeightsOfAll: () => weights.map(() => null),
  };
}

function joinedColumns(tensors: tf.Tensor2D[]): tf.Tensor2D {
  // The gradient of tf.concat throws where it has one input: tfjs hands it a tensor, not a list.
  return tensors.length === 1 ? tf.clone(tensors[0] as tf.Tensor2D) : tf.concat(tensors, 1);
}

/** ∂h/∂c of a step, by what leads from the c that it returns to its h. */
function slopeOfStep({ isEdited, refusal }: WalkedCell, step: () => CellStep): tf.Tensor2D {
  const one = tf.scalar(1);
  let c: tf.Tensor2D | null = null;
  const { gradientOf } = watchedGradients(
    [one],
    (watch) => {
      const computed = step();
      c = computed.c as tf.Tensor2D;
      watch(c);
      return tf.sum(computed.h as tf.Tensor2D);
    },
    refusal,
  );
  const cellState = c as unknown as tf.Tensor2D;
  const slope = gradientOf(cellState) as tf.Tensor2D | null;
  if (slope === null && !isEdited) throw refusal(new Error('the h of a step must come from the c that it returns'));
  return slope ?? tf.zerosLike(cellState);
}
