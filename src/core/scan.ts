import * as tf from '@tensorflow/tfjs';
import { type ByGate, type CellNames, gateSequencesOf, quantitiesOf, type SizedCell } from './quantities.js';
import type { CellStep, States } from './step.js';
import { tidy } from './tidy.js';
import { unstackSteps } from './unstack-steps.js';

/**
 * One timestep: from what it reads of the input, which mostly is its contribution to the pre-activations, `[B, 4U]`, and
 * from the states before it. `t` is the input's timestep.
 */
export type StepFunction = (stepInput: tf.Tensor2D, states: States, t: number) => CellStep;

export interface ScanInputs {
  /** What the step function reads of each timestep, of which there is one at least: `[B, 4U]`, or x itself, `[B, D]`. */
  stepInputs: readonly tf.Tensor2D[];
  /** The states before the first step, in the order of the cell's `stateNames`. */
  states: States;
  /** `[B, T]`, bool: false at masked steps. */
  mask: tf.Tensor2D | null;
}

export interface ScanOptions {
  /** Reads the last timestep first. */
  goBackwards: boolean;
  /** Outputs 0, instead of the previous hidden state, at masked steps. */
  zeroOutputForMask: boolean;
  /** Returns the output of every step. */
  keepOutputs: boolean;
  /** Returns the gates and the states of every step. */
  keepGates: boolean;
  /** The units, N of them, that are kept of every step's output, gates and states. Default: all. */
  keptUnits?: readonly number[] | undefined;
}

/**
 * The gates of every step, and its states but h, by name: each `[B, T, width]`, or `[B, T, N]` of the kept units, in
 * processing order; gates that are no states are 0 at masked steps.
 */
export type SequencesByName = Readonly<Record<string, tf.Tensor3D>>;

/** The same of the plain LSTM, each `[B, T, U]`. */
export type GateSequences = ByGate<tf.Tensor3D> & { c: tf.Tensor3D };

export const GATE_SEQUENCE_NAMES = ['i', 'f', 'g', 'o', 'c'] as const;

export interface ScanResult {
  /** The output of the last step processed, `[B, U]`. */
  lastOutput: tf.Tensor2D;
  /** The states after the last step processed. */
  states: States;
  /** Every output, `[B, T, U]` or `[B, T, N]`, in processing order; null unless kept. */
  outputs: tf.Tensor3D | null;
  /** Null unless kept. */
  gates: SequencesByName | null;
}

/** Where the output of a step is kept. No quantity is called so. */
const OUTPUT = 'output';

/**
 * Runs a step function over time: the reference against which every fused kernel is tested.
 *
 * A masked step copies the states and contributes no gradient; what it computed is selected away, not multiplied by 0,
 * so that a NaN there goes nowhere as long as `stepInputs` are finite there.
 */
export function scan(cell: SizedCell, step: StepFunction, inputs: ScanInputs, options: ScanOptions): ScanResult {
  return tidy(() => {
    const steps = inputs.stepInputs;
    const selections = selectionsOf(cell, inputs.mask);
    const keptUnits = options.keptUnits && tf.tensor1d([...options.keptUnits], 'int32');
    const keptNames = [
      ...(options.keepGates ? gateSequencesOf(cell) : []),
      ...(options.keepGates || options.keepOutputs ? [OUTPUT] : []),
    ];
    const kept: CellStep[] = [];
    let states = inputs.states;
    let lastOutput = states[0] as tf.Tensor2D;
    for (let n = 0; n < steps.length; n++) {
      const t = options.goBackwards ? steps.length - 1 - n : n;
      const result = tidy(() => {
        const computed = step(steps[t] as tf.Tensor2D, states, t);
        const { next, shown } = selectStep(cell, computed, states, selections?.(t) ?? null, options);
        return { states: next, output: shown[OUTPUT] as tf.Tensor2D, kept: keepStep(shown, keptNames, keptUnits) };
      });
      // Chosen units are copies, so that whole states need not wait for the end of the scan.
      if (n > 0 && keptUnits !== undefined) tf.dispose([...states]);
      states = result.states;
      lastOutput = result.output;
      kept.push(result.kept);
    }
    const sequence = (name: string) =>
      tf.stack(
        kept.map((step) => step[name] as tf.Tensor2D),
        1,
      ) as tf.Tensor3D;
    const gates: Record<string, tf.Tensor3D> = {};
    if (options.keepGates) for (const name of gateSequencesOf(cell)) gates[name] = sequence(name);
    return {
      lastOutput,
      states,
      outputs: options.keepOutputs ? sequence(OUTPUT) : null,
      gates: options.keepGates ? gates : null,
    };
  });
}

/** Selects between what a valid and what a masked step has. */
type Select = (valid: tf.Tensor2D, masked: tf.Tensor2D) => tf.Tensor2D;

/**
 * `[B, T]` to what selects at each timestep; null without a mask. The mask is broadcast once for each width instead of at
 * every step.
 */
function selectionsOf(cell: SizedCell, mask: tf.Tensor2D | null): ((t: number) => Select) | null {
  if (mask === null) return null;
  const timeMajor = tf.expandDims(tf.transpose(mask), 2);
  const byWidth = new Map<number, tf.Tensor2D[]>();
  for (const name of quantitiesOf(cell)) {
    const width = cell.widthOf(name);
    if (!byWidth.has(width)) byWidth.set(width, unstackSteps(tf.tile(timeMajor, [1, 1, width])));
  }
  return (t) => (valid, masked) => tf.where(byWidth.get(valid.shape[1])?.[t] as tf.Tensor2D, valid, masked);
}

/** The states after a step, and all that is shown of it, with its output. */
function selectStep(
  { gateNames, stateNames }: CellNames,
  computed: CellStep,
  states: States,
  select: Select | null,
  { zeroOutputForMask, keepGates }: ScanOptions,
): { next: tf.Tensor2D[]; shown: Record<string, tf.Tensor2D> } {
  const newStates = stateNames.map((name) => computed[name] as tf.Tensor2D);
  const newH = newStates[0] as tf.Tensor2D;
  if (select === null) return { next: newStates, shown: { ...computed, [OUTPUT]: newH } };
  const next = newStates.map((state, n) => select(state, states[n] as tf.Tensor2D));
  const zeroed = (value: tf.Tensor2D) => select(value, tf.zerosLike(value));
  const shown: Record<string, tf.Tensor2D> = {};
  if (keepGates) for (const name of gateNames) shown[name] = zeroed(computed[name] as tf.Tensor2D);
  // After the gates: one that is handed on too is carried over a masked step, as states are.
  for (const [n, name] of stateNames.entries()) shown[name] = next[n] as tf.Tensor2D;
  shown[OUTPUT] = zeroOutputForMask ? zeroed(newH) : (next[0] as tf.Tensor2D);
  return { next, shown };
}

/** What is kept of a step. Units are chosen here, step by step: what is left out is never held for the whole sequence. */
function keepStep(
  step: CellStep,
  names: readonly string[],
  keptUnits: tf.Tensor1D | undefined,
): Record<string, tf.Tensor2D> {
  const kept: Record<string, tf.Tensor2D> = {};
  for (const name of names) {
    const quantity = step[name] as tf.Tensor2D;
    kept[name] = keptUnits === undefined ? quantity : tf.gather(quantity, keptUnits, 1);
  }
  return kept;
}
