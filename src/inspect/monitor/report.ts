import type { ByGate } from '../../core/gates.js';
import type { Evidence } from '../diagnose/evidence.js';
import type { Finding, Place } from '../diagnose/finding.js';
import { findingsOf } from '../diagnose/findings-of.js';
import { flowFindings } from '../diagnose/flow-findings.js';
import type { FlowStatistics } from '../gradient/flow-types.js';
import type { WeightNormsByGate } from '../weights/weight-norms-by-gate.js';
import { gradientNormFindings } from './gradient-norm-findings.js';
import type { MonitoredLayer, MonitoredNorms } from './history-types.js';
import { monitoredFlow } from './monitored-flow.js';
import { monitoredGates } from './monitored-gates.js';
import type { MonitorThresholds } from './thresholds.js';

/** Everything that was measured of one LSTM at one batch. */
export interface Measured {
  place: Place & { layerName: string };
  /** Null where the layer is frozen, or the step was not observed. */
  gradients: WeightNormsByGate | null;
  weights: WeightNormsByGate;
  /** Null without inputs. */
  evidence: Evidence | null;
  /** Null without labels. */
  flow: FlowStatistics | null;
  /** Norms of the layer's gradient at earlier reports. */
  earlier: number[];
}

export function monitoredLayer(measured: Measured, thresholds: MonitorThresholds): MonitoredLayer {
  const { place, gradients, weights, evidence, flow } = measured;
  return {
    ...place,
    gradientNorms: gradients && finiteNorms(gradients),
    weightNorms: finiteNorms(weights),
    gates: evidence && monitoredGates(evidence.statistics, thresholds),
    flow: flow && monitoredFlow(flow),
  };
}

/** Errors and warnings, without notes. */
export function measuredFindings(measured: Measured, thresholds: MonitorThresholds): Finding[] {
  const { place, gradients, weights, evidence, flow, earlier } = measured;
  const findings = [
    // First, as it knows the timestep of what the gradients of the weights show too.
    ...(flow ? flowFindings(place, flow, thresholds) : []),
    ...(gradients ? gradientNormFindings({ place, gradients, weights, earlier }, thresholds) : []),
    ...(evidence ? findingsOf(evidence, thresholds) : []),
  ];
  return findings.filter(({ severity }) => severity !== 'note');
}

function finiteNorms({ kernel, recurrentKernel, bias }: WeightNormsByGate): MonitoredNorms {
  const finite = ({ i, f, g, o }: ByGate<number>) => ({
    i: finiteOrNull(i),
    f: finiteOrNull(f),
    g: finiteOrNull(g),
    o: finiteOrNull(o),
  });
  return { kernel: finite(kernel), recurrentKernel: finite(recurrentKernel), bias: bias && finite(bias) };
}

/** JSON has no NaN. */
export function finiteOrNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
