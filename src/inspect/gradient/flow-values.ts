import type * as tf from '@tensorflow/tfjs';
import { type ByGate, GATE_NAMES } from '../../core/gates.js';
import { type ByWeight, mapWeights, mapWeightsAsync } from '../../core/weights.js';
import type { GradientFlow } from './flow-types.js';

export type Values = ArrayLike<number>;

/** A flow off the device. Sequences are [B, T, U], x and dx [B, T, D], flat; index t is the input's timestep. */
export interface FlowValues {
  batch: number;
  timesteps: number;
  units: number;
  features: number;
  goBackwards: boolean;
  /** [B, T]; null: every step is valid. */
  mask: Values | null;
  dh: Values;
  dc: Values;
  dhRecurrent: Values;
  dcCell: Values;
  outputSlope: Values;
  dz: ByGate<Values>;
  /** The forget gate. */
  f: Values;
  h: Values;
  /** [B, U] */
  h0: Values;
  x: Values;
  dx: Values;
  dh0: Values;
  dc0: Values;
  loss: number;
  /** [U, 4U] */
  recurrentKernel: Values;
  dWeights: ByWeight<ByGate<Values>>;
}

/** Every read starts before the first await, so that the flow may be disposed in the meantime. */
export async function readFlow(flow: GradientFlow): Promise<FlowValues> {
  const { trace, goBackwards } = flow;
  const [batch, timesteps, units] = flow.dh.shape;
  const features = flow.dx.shape[2];
  const mask = trace.mask?.data() ?? null;
  const dz = readAll(flow.dz);
  const dWeights = mapWeightsAsync<ByGate<tf.Tensor>, ByGate<Values>>(flow.dWeights, readAll);
  const all = readAll({
    dh: flow.dh,
    dc: flow.dc,
    dhRecurrent: flow.dhRecurrent,
    dcCell: flow.dcCell,
    outputSlope: flow.outputSlope,
    f: trace.f,
    h: trace.h,
    h0: trace.h0,
    x: flow.x,
    dx: flow.dx,
    dh0: flow.dh0,
    dc0: flow.dc0,
    loss: flow.loss,
    recurrentKernel: mapWeights<unknown, tf.Tensor>(flow.dWeights, (_, n) => flow.weights[n] as tf.Tensor)
      .recurrentKernel,
  });
  const values = await all;
  return {
    ...values,
    loss: values.loss[0] as number,
    batch,
    timesteps,
    units,
    features,
    goBackwards,
    mask: await mask,
    dz: await dz,
    dWeights: await dWeights,
  };
}

export async function readAll<Name extends string>(
  tensors: Readonly<Record<Name, tf.Tensor>>,
): Promise<Record<Name, Values>> {
  const names = Object.keys(tensors) as Name[];
  const reads = await Promise.all(names.map((name) => tensors[name].data()));
  const values = {} as Record<Name, Values>;
  for (const [n, name] of names.entries()) values[name] = reads[n] as Values;
  return values;
}

/** One value for each gate. */
export function byGate<Value>(of: (gate: keyof ByGate<Value>) => Value): ByGate<Value> {
  const values = {} as ByGate<Value>;
  for (const gate of GATE_NAMES) values[gate] = of(gate);
  return values;
}
