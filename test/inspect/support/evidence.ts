import { byQuantity } from '../../../src/core/quantities.js';
import type { Evidence } from '../../../src/inspect/diagnose/evidence.js';
import type { GateStatistics } from '../../../src/inspect/statistics/layer-statistics.js';
import type { GateSummary } from '../../../src/inspect/statistics/statistics-types.js';

export const PLACE = { layerName: 'encoder/memory', direction: 'backward', cell: 1 } as const;
export const UNITS = 4;

const nothing = () => new Array(UNITS).fill(0.5) as number[];
const gate = (): GateSummary => ({
  mean: 0.5,
  std: 0.2,
  leftSaturated: [0, 0, 0, 0],
  rightSaturated: [0, 0, 0, 0],
  zeroGradient: null,
});
const value = () => ({ mean: 0, std: 0.2, min: -1, max: 1 });
const norms = () => ({ i: 1, f: 2, g: 3, o: 4 });

/** What is known of a healthy LSTM of four units and twenty timesteps, but for what is given. */
export function evidenceOf(
  statistics: Partial<GateStatistics> = {},
  { activity = {}, ...others }: { activity?: Partial<Evidence['activity']> } & Partial<Omit<Evidence, 'activity'>> = {},
): Evidence {
  return {
    place: PLACE,
    statistics: {
      units: UNITS,
      activation: 'tanh',
      recurrentActivation: 'sigmoid',
      validSteps: 100,
      low: 0.1,
      high: 0.9,
      i: gate(),
      f: gate(),
      o: gate(),
      g: value(),
      c: value(),
      h: value(),
      nonFinite: byQuantity(() => ({ count: 0, firstTimestep: null })),
      memoryHorizon: [9, 9, 9, 9],
      ...statistics,
    },
    activity: {
      rangeOfH: nothing(),
      rangeOfC: nothing(),
      forgetGate: [0.9, 0.9, 0.9, 0.9],
      candidateSize: nothing(),
      cellStateSize: nothing(),
      ...activity,
    },
    nonFiniteFrom: {},
    weightNorms: { kernel: norms(), recurrentKernel: norms(), bias: norms() },
    timesteps: 20,
    forgetBias: 0,
    inputSize: 1,
    flow: null,
    learnt: null,
    ...others,
  };
}

/** A gate with the given fractions. */
export const gateWith = (fractions: Partial<GateSummary>): GateSummary => ({ ...gate(), ...fractions });
