import * as tf from '@tensorflow/tfjs';
import { byQuantity } from '../../../src/core/quantities.js';
import type { GateTrace, Quantity } from '../../../src/inspect/index.js';
import { randomTensor } from '../../support/random.js';

export type Sequences = Record<Quantity, number[][][]>;

export interface TraceParts {
  /** [B][T]; 0 is masked. */
  mask?: number[][] | null;
  activation?: string;
  recurrentActivation?: string;
}

/** A trace of given values, each [B][T][U]; quantities that are not given are all 0.5. */
export function traceOf(given: Partial<Sequences>, parts: TraceParts = {}): GateTrace {
  const { mask = null, activation = 'tanh', recurrentActivation = 'sigmoid' } = parts;
  const shape = shapeOf(Object.values(given)[0] as number[][][]);
  const sequences = byQuantity((quantity) => {
    const values = given[quantity];
    return values === undefined ? (tf.fill(shape, 0.5) as tf.Tensor3D) : tf.tensor3d(values, shape);
  });
  const [batch, timesteps, units] = shape;
  const tensors = {
    ...sequences,
    h0: tf.zeros([batch, units]) as tf.Tensor2D,
    c0: tf.zeros([batch, units]) as tf.Tensor2D,
    mask: mask === null ? null : tf.tensor2d(mask, [batch, timesteps], 'bool'),
  };
  const { i, f, g, o, c, h, h0, c0 } = tensors;
  return {
    ...tensors,
    gates: { i, f, g, o },
    states: { h, c },
    initialStates: { h: h0, c: c0 },
    units,
    activation,
    recurrentActivation,
    dispose: () => tf.dispose(Object.values(tensors) as tf.TensorContainer),
  };
}

/** A trace of one sample and one unit, in which one quantity takes the given values, timestep by timestep. */
export function traceOfSteps(quantity: Quantity, values: number[], parts: TraceParts = {}): GateTrace {
  return traceOf({ [quantity]: [values.map((value) => [value])] }, parts);
}

/** Values of every quantity that depend on the seed alone: gates within [0, 1], with exact 0s and 1s among them. */
export function randomSequences(shape: [number, number, number], seed: number): Sequences {
  return tf.tidy(() =>
    byQuantity((quantity, n) => {
      const values = randomTensor<tf.Rank.R3>(shape, seed + 1000 * n);
      const isGate = quantity === 'i' || quantity === 'f' || quantity === 'o';
      const valid = isGate ? tf.clipByValue(tf.add<tf.Tensor3D>(values, 0.5), 0, 1) : values;
      return valid.arraySync();
    }),
  );
}

/** [B][T] of 0 and 1 that depend on the seed alone. */
export function randomMask(shape: [number, number], seed: number): number[][] {
  return tf.tidy(() => tf.greater(randomTensor<tf.Rank.R2>(shape, seed), -0.4).arraySync() as number[][]);
}

/** Samples of several batches put into one, shorter ones padded with masked steps that hold rubbish. */
export function padded(batches: { sequences: Sequences; mask: number[][] }[], timesteps: number) {
  const pad = <Value>(steps: Value[], filler: Value) => [
    ...steps,
    ...new Array<Value>(timesteps - steps.length).fill(filler),
  ];
  const units = batches[0]?.sequences.i[0]?.[0]?.length as number;
  const rubbish = new Array<number>(units).fill(Number.NaN);
  return {
    sequences: byQuantity((q) => batches.flatMap(({ sequences }) => sequences[q].map((steps) => pad(steps, rubbish)))),
    mask: batches.flatMap(({ mask }) => mask.map((steps) => pad(steps, 0))),
  };
}

function shapeOf(values: number[][][]): [number, number, number] {
  return [values.length, values[0]?.length ?? 0, values[0]?.[0]?.length ?? 0];
}

/** Every quantity of a trace as nested arrays. */
export function sequencesOf(trace: GateTrace): Sequences {
  return byQuantity((quantity) => trace[quantity].arraySync());
}
