import { forwardFindings } from '../diagnose/diagnose.js';
import type { Evidence } from '../diagnose/evidence.js';
import type { Finding, FindingKind } from '../diagnose/finding.js';
import { flowFindings } from '../diagnose/flow-findings.js';
import type { FlowStatistics } from '../gradient/flow-types.js';
import type { LSTMPlace } from '../model/find-lstms.js';
import type { ByBlock } from '../weights/by-block.js';
import type { WeightNormsByGate } from '../weights/weight-norms-by-gate.js';
import { gradientNormFindings } from './gradient-norm-findings.js';
import type { MonitoredFlow, MonitoredLayer, MonitoredNorms } from './history-types.js';
import { monitoredGates } from './monitored-gates.js';
import type { MonitorThresholds } from './thresholds.js';

/** Everything that was measured of one LSTM at one batch. */
export interface Measured {
  place: LSTMPlace;
  /** Null where the layer is frozen, or the step was not observed. */
  gradients: WeightNormsByGate | null;
  weights: WeightNormsByGate;
  /** Null without inputs. */
  evidence: Evidence | null;
  /** Norms of the layer's gradient at earlier reports. */
  earlier: number[];
  /** How many reports there were before. */
  reports: number;
}

export function monitoredLayer(measured: Measured, thresholds: MonitorThresholds): MonitoredLayer {
  const { place, gradients, weights, evidence } = measured;
  return {
    ...place,
    gradientNorms: gradients && finiteNorms(gradients),
    weightNorms: finiteNorms(weights),
    gates: evidence && monitoredGates(evidence.statistics, thresholds),
    flow: evidence?.flow ? monitoredFlow(evidence.flow) : null,
  };
}

/** What every network shows before it has learnt anything; reported only if it persists. */
const AT_FIRST: readonly FindingKind[] = ['vanishing gradient', 'short memory'];
const FIRST_REPORTS = 3;

/** Errors and warnings, without notes. */
export function measuredFindings(measured: Measured, thresholds: MonitorThresholds): Finding[] {
  const { place, gradients, weights, evidence, earlier, reports } = measured;
  const findings = [
    // First, as it knows the timestep of what the gradients of the weights show too.
    ...(evidence ? flowFindings(evidence, thresholds) : []),
    ...(gradients ? gradientNormFindings({ place, gradients, weights, earlier }, thresholds) : []),
    ...(evidence ? forwardFindings(evidence, thresholds) : []),
  ];
  return findings.filter(
    ({ severity, kind }) => severity !== 'note' && !(reports < FIRST_REPORTS && AT_FIRST.includes(kind)),
  );
}

function finiteNorms(norms: WeightNormsByGate): MonitoredNorms {
  const finite: Record<string, Record<string, number | null> | null> = {};
  for (const [weight, byBlock] of Object.entries(norms as ByBlock<number>)) {
    const ofWeight: Record<string, number | null> = {};
    for (const [gate, norm] of Object.entries(byBlock ?? {})) ofWeight[gate] = finiteOrNull(norm);
    finite[weight] = byBlock === null ? null : ofWeight;
  }
  return finite as unknown as MonitoredNorms;
}

/** JSON has no NaN. */
export function finiteOrNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

/** So many timesteps at most are kept in a record. */
const MOST_TIMESTEPS = 64;

/** A flow in so many numbers that a history of them stays small, however long the sequences. */
export function monitoredFlow({ timesteps, dh, dc, verdict, slope, sentence }: FlowStatistics): MonitoredFlow {
  const kept = chosenTimesteps(timesteps);
  const at = (norms: (number | null)[]) => kept.map((t) => norms[t] ?? null);
  return { timesteps: kept, dh: at(dh), dc: at(dc), verdict, slope, sentence };
}

/** Evenly spread, the first and the last among them. */
function chosenTimesteps(timesteps: number): number[] {
  const count = Math.min(timesteps, MOST_TIMESTEPS);
  return Array.from({ length: count }, (_, n) => Math.round((n * (timesteps - 1)) / Math.max(count - 1, 1)));
}
