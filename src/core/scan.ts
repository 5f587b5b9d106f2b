import * as tf from '@tensorflow/tfjs';
import type { ByGate } from './quantities.js';
import type { LSTMStep } from './step.js';
import { tidy } from './tidy.js';
import { unstackSteps } from './unstack-steps.js';

/**
 * One timestep: from what it reads of the input, which mostly is its contribution to the pre-activations, `[B, 4U]`, and
 * from the previous h and c. `t` is the input's timestep.
 */
export type StepFunction = (stepInput: tf.Tensor2D, states: readonly [tf.Tensor2D, tf.Tensor2D], t: number) => LSTMStep;

export interface ScanInputs {
  /** What the step function reads of each timestep, of which there is one at least: `[B, 4U]`, or x itself, `[B, D]`. */
  stepInputs: readonly tf.Tensor2D[];
  /** The states before the first step, each `[B, U]`. */
  h0: tf.Tensor2D;
  c0: tf.Tensor2D;
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
  /** Returns the gates and the cell state of every step. */
  keepGates: boolean;
  /** The units, N of them, that are kept of every step's output, gates and cell state. Default: all. */
  keptUnits?: readonly number[] | undefined;
}

/**
 * The gates and the cell state of every step, each `[B, T, U]`, or `[B, T, N]` of the kept units, in processing order;
 * gates are 0 at masked steps.
 */
export type GateSequences = ByGate<tf.Tensor3D> & { c: tf.Tensor3D };

export const GATE_SEQUENCE_NAMES = ['i', 'f', 'g', 'o', 'c'] as const;

export interface ScanResult {
  /** The output of the last step processed, `[B, U]`. */
  lastOutput: tf.Tensor2D;
  /** The states after the last step processed, each `[B, U]`. */
  h: tf.Tensor2D;
  c: tf.Tensor2D;
  /** Every output, `[B, T, U]` or `[B, T, N]`, in processing order; null unless kept. */
  outputs: tf.Tensor3D | null;
  /** Null unless kept. */
  gates: GateSequences | null;
}

type Step = LSTMStep & { output: tf.Tensor2D };
type KeptStep = Pick<Step, 'output'> & Partial<Step>;

/**
 * Runs a step function over time: the reference against which every fused kernel is tested.
 *
 * A masked step copies h and c and contributes no gradient; what it computed is selected away, not multiplied by 0, so
 * that a NaN there goes nowhere as long as `stepInputs` are finite there.
 */
export function scan(step: StepFunction, inputs: ScanInputs, options: ScanOptions): ScanResult {
  return tidy(() => {
    const steps = inputs.stepInputs;
    const stepMasks = unstackMask(inputs.mask, inputs.h0.shape[1]);
    const keptUnits = options.keptUnits && tf.tensor1d([...options.keptUnits], 'int32');
    const kept: KeptStep[] = [];
    let { h0: h, c0: c } = inputs;
    let lastOutput = h;
    for (let n = 0; n < steps.length; n++) {
      const t = options.goBackwards ? steps.length - 1 - n : n;
      const result = tidy(() => {
        const states = [h, c] as const;
        const computed = step(steps[t] as tf.Tensor2D, states, t);
        const selected = selectStep(computed, states, stepMasks?.[t], options);
        const { h: nextH, c: nextC, output } = selected;
        return { h: nextH, c: nextC, output, kept: keepStep(selected, options, keptUnits) };
      });
      // Chosen units are copies, so that whole states need not wait for the end of the scan.
      if (n > 0 && keptUnits !== undefined) tf.dispose([h, c]);
      ({ h, c, output: lastOutput } = result);
      if (result.kept !== null) kept.push(result.kept);
    }
    return {
      lastOutput,
      h,
      c,
      outputs: options.keepOutputs ? stackSteps(kept, 'output') : null,
      gates: options.keepGates ? stackGates(kept) : null,
    };
  });
}

/** `[B, T]` to T masks of `[B, U]`: broadcast once here instead of at every step. */
function unstackMask(mask: tf.Tensor2D | null, units: number): tf.Tensor2D[] | null {
  if (mask === null) return null;
  const timeMajor = tf.expandDims(tf.transpose(mask), 2);
  return unstackSteps(tf.tile(timeMajor, [1, 1, units]));
}

function selectStep(
  computed: LSTMStep,
  [h, c]: readonly [tf.Tensor2D, tf.Tensor2D],
  mask: tf.Tensor2D | undefined,
  { zeroOutputForMask, keepGates }: ScanOptions,
): Step {
  if (mask === undefined) return { ...computed, output: computed.h };
  const zeros = tf.zerosLike(h);
  const newH = tf.where(mask, computed.h, h);
  const output = zeroOutputForMask ? tf.where(mask, computed.h, zeros) : newH;
  const selected = { ...computed, h: newH, c: tf.where(mask, computed.c, c), output };
  if (!keepGates) return selected;
  const openGate = (gate: tf.Tensor2D) => tf.where(mask, gate, zeros);
  const { i, f, g, o } = computed;
  return { ...selected, i: openGate(i), f: openGate(f), g: openGate(g), o: openGate(o) };
}

/** What is kept of a step. Units are chosen here, step by step: what is left out is never held for the whole sequence. */
function keepStep(
  step: Step,
  { keepOutputs, keepGates }: ScanOptions,
  keptUnits: tf.Tensor1D | undefined,
): KeptStep | null {
  if (!keepOutputs && !keepGates) return null;
  const { i, f, g, o, c, output } = step;
  if (keptUnits === undefined) return keepGates ? { i, f, g, o, c, output } : { output };
  const choose = (quantity: tf.Tensor2D) => tf.gather(quantity, keptUnits, 1);
  if (!keepGates) return { output: choose(output) };
  return { i: choose(i), f: choose(f), g: choose(g), o: choose(o), c: choose(c), output: choose(output) };
}

function stackSteps(steps: KeptStep[], quantity: keyof Step): tf.Tensor3D {
  return tf.stack(
    steps.map((step) => step[quantity] as tf.Tensor2D),
    1,
  ) as tf.Tensor3D;
}

function stackGates(steps: KeptStep[]): GateSequences {
  const stack = (name: keyof GateSequences) => stackSteps(steps, name);
  return { i: stack('i'), f: stack('f'), g: stack('g'), o: stack('o'), c: stack('c') };
}
