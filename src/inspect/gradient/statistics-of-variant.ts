import type * as tf from '@tensorflow/tfjs';
import type { FlowStatistics, GradientFlow, NonFiniteGradients, PerTimestep } from './flow-types.js';
import { readAll, type Values } from './flow-values.js';
import { significant } from './loss-terms.js';
import type { Crossing } from './paths.js';
import { finite, norm, StepsOfFlow } from './steps-of-flow.js';

/** A sequence of a flow, [B, T, width], flat. */
interface Sequence {
  values: Values;
  width: number;
}

/** What of a flow's statistics there is for any cell, by its own names, and what the rest of them is computed from. */
export interface StatisticsOfVariant {
  steps: StepsOfFlow;
  /** The sizes of the total gradient around each step. */
  crossings: Crossing[];
  nonFinite: NonFiniteGradients;
  /** All but what is fitted to the crossings. */
  known: Omit<
    FlowStatistics,
    'gain' | 'retained' | 'slope' | 'fit' | 'jacobian' | 'nonFinite' | 'verdict' | 'sentence' | 'dWeights'
  >;
  dWeights: Record<string, Record<string, number | null> | null>;
}

/**
 * Whether a flow has all that the statistics of a plain LSTM are made of: four gates with pre-activations, and h and c of
 * U units each, of which c makes h unit by unit.
 */
export function hasPlainShape({ trace, dz, dStates, outputSlope }: GradientFlow): boolean {
  const { f, c, h } = trace as Partial<GradientFlow['trace']>;
  const isNamedAsPlain = Object.keys(dz).join() === 'i,f,g,o' && Object.keys(dStates ?? { h, c }).join() === 'h,c';
  return isNamedAsPlain && f !== undefined && c?.shape[2] === h?.shape[2] && outputSlope !== undefined;
}

/**
 * Reads and sums up the flow through a cell of other gates or states. What has no meaning there is null: paths through c
 * and h, what a forget gate of its own leaves, and what a step adds to the gradient of the weights.
 */
export async function statisticsOfVariant(flow: GradientFlow): Promise<StatisticsOfVariant> {
  const { trace, goBackwards } = flow;
  const [batch, timesteps] = flow.dh.shape;
  const names = Object.keys(flow.dStates);
  const [ofStates, later, initial, dz, dWeights, values, mask] = await Promise.all([
    readSequences(flow.dStates),
    readSequences(flow.dStatesLater),
    readAll(flow.dInitialStates),
    readSequences(flow.dz),
    readWeights(flow),
    readAll({ dx: flow.dx, loss: flow.loss }),
    trace.mask?.data() ?? null,
  ]);
  const steps = new StepsOfFlow({ batch, timesteps, goBackwards, mask });
  const none: PerTimestep = Array.from({ length: timesteps }, () => null);
  const norms = (sequence: Sequence | undefined) =>
    sequence === undefined ? none : steps.norms(sequence.values, sequence.width);
  const valid = Array.from({ length: batch }, (_, sample) => sample).filter((sample) =>
    steps.backwards.some((t) => steps.isValid(sample, t)),
  );
  const ofInitial = (name: string) => {
    const state = initial[name];
    const width = ofStates[name]?.width ?? 0;
    if (state === undefined) return null;
    return finite(valid.reduce((sum, sample) => sum + norm(state, sample * width, width), 0) / valid.length);
  };
  const dzNorms: Record<string, PerTimestep> = {};
  for (const [name, sequence] of Object.entries(dz)) dzNorms[name] = norms(sequence);
  const perUnit = Array.from({ length: trace.units }, () => null);
  return {
    steps,
    crossings: crossingsOf(steps, names, ofStates, later, initial),
    nonFinite: nonFiniteOf(steps, [...Object.values(ofStates), ...Object.values(dz)]),
    dWeights,
    known: {
      batch,
      timesteps,
      units: trace.units,
      goBackwards,
      validSteps: steps.backwards.reduce((count, t) => count + steps.samplesAt(t).length, 0),
      loss: finite(values.loss[0] as number),
      dh: norms(ofStates.h),
      dc: norms(ofStates.c),
      dz: dzNorms as FlowStatistics['dz'],
      dx: steps.norms(values.dx, flow.dx.shape[2]),
      dhRecurrent: norms(later.h),
      dcCell: norms(later.c),
      dh0: ofInitial('h'),
      dc0: ofInitial('c'),
      shareThroughCell: none,
      shareThroughH: none,
      linearPath: none,
      shareOfLinearPath: none,
      carousel: perUnit,
      forgetGateClosed: perUnit,
      lossTerms: lossTermsOf(steps, ofStates.h as Sequence, later.h as Sequence),
      toWeights: none,
    },
  };
}

async function readSequences(tensors: Readonly<Record<string, tf.Tensor3D>>): Promise<Record<string, Sequence>> {
  const widths = Object.entries(tensors).map(([name, { shape }]) => [name, shape[2]] as const);
  const values = await readAll(tensors);
  const sequences: Record<string, Sequence> = {};
  for (const [name, width] of widths) sequences[name] = { values: values[name] as Values, width };
  return sequences;
}

async function readWeights({ dWeights }: GradientFlow): Promise<StatisticsOfVariant['dWeights']> {
  const { dispose: _, ...byWeight } = dWeights as unknown as Record<string, Record<string, tf.Tensor> | null>;
  const norms: StatisticsOfVariant['dWeights'] = {};
  const reads = Object.entries(byWeight).map(async ([weight, byBlock]) => {
    norms[weight] = null;
    if (byBlock === null) return;
    const ofBlocks: Record<string, number | null> = {};
    for (const [name, values] of Object.entries(await readAll(byBlock))) ofBlocks[name] = finite(norm(values));
    norms[weight] = ofBlocks;
  });
  await Promise.all(reads);
  return norms;
}

/** After a step h has its total derivative, and each other state what is not by way of h. */
function crossingsOf(
  steps: StepsOfFlow,
  names: readonly string[],
  ofStates: Record<string, Sequence>,
  later: Record<string, Sequence>,
  initial: Record<string, Values>,
): Crossing[] {
  const sizeAt = (sequences: readonly Sequence[], sample: number, t: number) =>
    Math.hypot(...sequences.map(({ values, width }) => norm(values, steps.offset(sample, t, width), width)));
  const allLater = names.map((name) => later[name] as Sequence);
  const afterStep = names.map((name) => (name === 'h' ? ofStates : later)[name] as Sequence);
  const sizeOfInitial = (sample: number) =>
    Math.hypot(
      ...names.map((name) => {
        const { width } = later[name] as Sequence;
        return norm(initial[name] as Values, sample * width, width);
      }),
    );
  return Array.from({ length: steps.timesteps }, (_, t) => {
    const previous = steps.before(t);
    return {
      after: steps.meanAt(t, (sample) => sizeAt(afterStep, sample, t)),
      before: steps.meanAt(t, (sample) =>
        previous === null ? sizeOfInitial(sample) : sizeAt(allLater, sample, previous),
      ),
    };
  });
}

/** [T]: the loss's own term in dh, the mean over the samples that have one. */
function lossTermsOf(steps: StepsOfFlow, { values: dh, width }: Sequence, { values: later }: Sequence): PerTimestep {
  return Array.from({ length: steps.timesteps }, (_, t) => {
    let sum = 0;
    let count = 0;
    for (let sample = 0; sample < steps.batch; sample++) {
      const offset = steps.offset(sample, t, width);
      const term = Float64Array.from({ length: width }, (_, unit) =>
        significant(dh[offset + unit] as number, [later[offset + unit] as number], width),
      );
      const size = norm(term);
      if (!Number.isFinite(size)) return null;
      sum += size;
      if (size > 0) count += 1;
    }
    return count === 0 ? null : sum / count;
  });
}

function nonFiniteOf(steps: StepsOfFlow, sequences: readonly Sequence[]): NonFiniteGradients {
  let count = 0;
  let firstTimestep: number | null = null;
  for (const t of steps.backwards) {
    for (const sample of steps.samplesAt(t)) {
      for (const { values, width } of sequences) {
        const offset = steps.offset(sample, t, width);
        for (let n = offset; n < offset + width; n++) if (!Number.isFinite(values[n])) count += 1;
      }
    }
    if (count > 0) firstTimestep ??= t;
  }
  return { count, firstTimestep };
}
