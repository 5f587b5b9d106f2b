import type * as tf from '@tensorflow/tfjs';
import { type ByGate, GATE_NAMES } from '../../core/gates.js';
import type { WeightsByGate } from '../weights/weights-by-gate.js';
import type { GradientFlow } from './flow-types.js';

export type Values = ArrayLike<number>;

/** A flow off the device. Sequences are [B, T, U], dx [B, T, D], flat; index t is the input's timestep. */
export interface FlowValues {
  batch: number;
  timesteps: number;
  units: number;
  features: number;
  goBackwards: boolean;
  /** [B, T]; null: every step is valid. */
  mask: Values | null;
  sequences: Record<SequenceName, Values>;
  dz: ByGate<Values>;
  /** The forget gate. */
  f: Values;
  dx: Values;
  dh0: Values;
  dc0: Values;
  loss: number;
  dWeights: Record<'kernel' | 'recurrentKernel', ByGate<Values>> & { bias: ByGate<Values> | null };
}

const SEQUENCES = ['dh', 'dc', 'dhRecurrent', 'dcCell', 'outputSlope'] as const;
type SequenceName = (typeof SEQUENCES)[number];

/** Every read starts before the first wait, so that a flow which is disposed meanwhile is read all the same. */
export async function readFlow(flow: GradientFlow): Promise<FlowValues> {
  const { trace, dz, goBackwards, dx, dh0, dc0, loss } = flow;
  const [batch, timesteps, units] = flow.dh.shape;
  const sequences = Promise.all(SEQUENCES.map((name) => flow[name].data()));
  const rest = Promise.all([trace.f, dx, dh0, dc0, loss].map((tensor: tf.Tensor) => tensor.data()));
  const [mask, gates, weights] = [trace.mask?.data() ?? null, readByGate(dz), readWeights(flow.dWeights)];
  const values = await sequences;
  const [f, ofX, ofH0, ofC0, ofLoss] = (await rest) as unknown as [Values, Values, Values, Values, Values];
  return {
    ...{ batch, timesteps, units, features: dx.shape[2], goBackwards },
    mask: await mask,
    sequences: Object.fromEntries(SEQUENCES.map((name, n) => [name, values[n]])) as unknown as FlowValues['sequences'],
    dz: await gates,
    ...{ f, dx: ofX, dh0: ofH0, dc0: ofC0, loss: ofLoss[0] as number },
    dWeights: await weights,
  };
}

async function readByGate(byGate: ByGate<tf.Tensor>): Promise<ByGate<Values>> {
  const [i, f, g, o] = (await Promise.all(GATE_NAMES.map((gate) => byGate[gate].data()))) as unknown as [
    Values,
    Values,
    Values,
    Values,
  ];
  return { i, f, g, o };
}

async function readWeights({ kernel, recurrentKernel, bias }: WeightsByGate): Promise<FlowValues['dWeights']> {
  const reads = [readByGate(kernel), readByGate(recurrentKernel)] as const;
  const ofBias = bias === null ? null : readByGate(bias);
  const [ofKernel, ofRecurrentKernel] = await Promise.all(reads);
  return { kernel: ofKernel, recurrentKernel: ofRecurrentKernel, bias: await ofBias };
}
