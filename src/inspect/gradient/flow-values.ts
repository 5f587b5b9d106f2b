import type * as tf from '@tensorflow/tfjs';
import { type ByGate, GATE_NAMES } from '../../core/gates.js';
import type { WeightsByGate } from '../weights/weights-by-gate.js';
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
  dWeights: Record<'kernel' | 'recurrentKernel', ByGate<Values>> & { bias: ByGate<Values> | null };
}

/** Every read starts before the first wait, so that a flow which is disposed meanwhile is read all the same. */
export async function readFlow(flow: GradientFlow): Promise<FlowValues> {
  const { trace, goBackwards } = flow;
  const [batch, timesteps, units] = flow.dh.shape;
  const features = flow.dx.shape[2];
  const mask = trace.mask?.data() ?? null;
  const dz = readByGate(flow.dz);
  const dWeights = readWeights(flow.dWeights);
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
    recurrentKernel: flow.weights[1] as tf.Tensor,
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

async function readAll<Name extends string>(tensors: Record<Name, tf.Tensor>): Promise<Record<Name, Values>> {
  const names = Object.keys(tensors) as Name[];
  const reads = await Promise.all(names.map((name) => tensors[name].data()));
  const values = {} as Record<Name, Values>;
  for (const [n, name] of names.entries()) values[name] = reads[n] as Values;
  return values;
}

async function readByGate(byGate: ByGate<tf.Tensor>): Promise<ByGate<Values>> {
  return await readAll(byGate);
}

async function readWeights({ kernel, recurrentKernel, bias }: WeightsByGate): Promise<FlowValues['dWeights']> {
  const reads = [readByGate(kernel), readByGate(recurrentKernel), bias === null ? null : readByGate(bias)] as const;
  const [ofKernel, ofRecurrentKernel, ofBias] = await Promise.all(reads);
  return { kernel: ofKernel, recurrentKernel: ofRecurrentKernel, bias: ofBias };
}

/** One value for each gate. */
export function byGate<Value>(of: (gate: keyof ByGate<Value>) => Value): ByGate<Value> {
  const values = {} as ByGate<Value>;
  for (const gate of GATE_NAMES) values[gate] = of(gate);
  return values;
}
