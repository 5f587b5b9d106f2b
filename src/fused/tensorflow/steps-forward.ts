import * as tf from '@tensorflow/tfjs';
import { tidy } from '../../core/tidy.js';
import type { FusedInputs, FusedOptions } from '../fused-kernel.js';
import type { BlockOutputs } from './block-lstm.js';
import { runNativeOp } from './native-ops.js';
import { readSteps, validSteps } from './time-major.js';

/** A hard sigmoid is 0.2·z + 0.5 between 0 and 1. */
export const HARD_SLOPE = 0.2;
const HARD_MIDDLE = 0.5;

type OutputName = keyof BlockOutputs;

/** What `blockLSTM` computes, by a dozen ops a step: for hard sigmoids, and for masks. */
export interface Steps {
  /** The states after the last step, each [B, U]. */
  h: tf.Tensor2D;
  c: tf.Tensor2D;
  /** What was asked for of all steps, each [T, B, U]. At masked steps states are copied, and the gates those of an x of 0. */
  sequences: Partial<BlockOutputs>;
}

/** @param wanted Of which quantities all steps are kept. */
export function stepsForward(inputs: FusedInputs, options: FusedOptions, wanted: readonly OutputName[]): Steps {
  const { x, h0, c0, kernel, recurrentKernel } = inputs;
  const [batch, timesteps, features] = x.shape;
  const units = recurrentKernel.shape[0];
  const isHard = options.recurrentActivation === 'hardSigmoid';
  const valid = validSteps(inputs, options);
  const everyValid = valid && (tf.unstack(valid) as tf.Tensor2D[]);
  const rows = tf.reshape(readSteps(inputs, options), [timesteps * batch, features]) as tf.Tensor2D;
  const bias = inputs.bias ?? tf.zeros([4 * units]);
  // 0.2·z + 0.5 of the gates i, f and o: the slopes are in the weights, unless these are more than the rows to be multiplied.
  const slopes = isHard ? blocks(units, HARD_SLOPE, 1) : null;
  const scaled = <T extends tf.Tensor>(values: T): T => (slopes === null ? values : tf.mul(values, slopes));
  const areRowsScaled = timesteps * batch < features + units;
  const scaledWeights = (weights: tf.Tensor2D) => (areRowsScaled ? weights : scaled(weights));
  const middles = isHard ? tf.add(scaled(bias), blocks(units, HARD_MIDDLE, 0)) : bias;
  const products = tf.matMul(rows, scaledWeights(kernel));
  const projected = tf.add(areRowsScaled ? scaled(products) : products, middles);
  const everyZ = tf.unstack(tf.reshape(projected, [timesteps, batch, 4 * units])) as tf.Tensor2D[];
  const weights = scaledWeights(recurrentKernel);
  const [lastAxis, zero, one] = [tf.scalar(1, 'int32'), tf.scalar(0), tf.scalar(1)];
  const gate = (z: tf.Tensor) => run('ClipByValue', z, zero, one);
  const sigmoid = (z: tf.Tensor) => run('Sigmoid', z);
  const recurrentActivation = isHard ? gate : sigmoid;
  const kept: Partial<Record<OutputName, tf.Tensor[]>> = {};
  for (const name of wanted) kept[name] = [];
  let h: tf.Tensor = h0 ?? tf.zeros([batch, units]);
  let c: tf.Tensor = c0 ?? tf.zeros([batch, units]);
  for (let n = 0; n < timesteps; n++) {
    const step = tidy(() => {
      const product = run('MatMul', h, weights);
      const isScaled = slopes === null || !areRowsScaled;
      const z = run('AddV2', isScaled ? product : run('Mul', product, slopes), everyZ[n] as tf.Tensor);
      const [zi, zf, zg, zo] = runNativeOp('Split', [lastAxis, z]) as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
      const [i, f, o] = [recurrentActivation(zi), recurrentActivation(zf), recurrentActivation(zo)];
      const g = run('Tanh', zg);
      const newC = run('AddV2', run('Mul', f, c), run('Mul', i, g));
      const co = run('Tanh', newC);
      const newH = run('Mul', o, co);
      const isValid = everyValid?.[n];
      const states =
        isValid === undefined
          ? { cs: newC, h: newH }
          : { cs: run('SelectV2', isValid, newC, c), h: run('SelectV2', isValid, newH, h) };
      const all = { i, f, o, ci: g, co, ...states };
      return { states, kept: wanted.map((name) => all[name]) };
    });
    for (const [index, name] of wanted.entries()) kept[name]?.push(step.kept[index] as tf.Tensor);
    h = step.states.h;
    c = step.states.cs;
  }
  const sequences = Object.fromEntries(Object.entries(kept).map(([name, steps]) => [name, tf.stack(steps)]));
  return { h: h as tf.Tensor2D, c: c as tf.Tensor2D, sequences };
}

function run(name: Parameters<typeof runNativeOp>[0], ...inputs: tf.Tensor[]): tf.Tensor {
  return runNativeOp(name, inputs)[0] as tf.Tensor;
}

/** [4U], in blocks i, f, g, o: one value for the gates i, f and o, and one for g. */
function blocks(units: number, ofGates: number, ofG: number): tf.Tensor {
  const gates = tf.fill([units], ofGates);
  return tf.concat([gates, gates, tf.fill([units], ofG), gates]);
}
