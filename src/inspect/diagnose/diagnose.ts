import * as tf from '@tensorflow/tfjs';
import { invalidArgument } from '../../core/errors.js';
import { requireOptions } from '../../core/options.js';
import { requireUsable } from '../../layers/validate-call.js';
import { findLSTMs } from '../model/find-lstms.js';
import { LayerStatistics } from '../statistics/layer-statistics.js';
import { readTrace } from '../statistics/read-trace.js';
import { type LayerTrace, traceModel } from '../trace/trace-model.js';
import { weightNormsByGate } from '../weights/weight-norms-by-gate.js';
import type { Evidence } from './evidence.js';
import { type Finding, type Place, SEVERITIES } from './finding.js';
import { gateFindings } from './gate-findings.js';
import { dataFindings, nonFiniteFindings } from './non-finite-findings.js';
import { stateFindings } from './state-findings.js';
import { type DiagnosisThresholds, withDefaults } from './thresholds.js';
import { unitActivity } from './unit-activity.js';

type Tensors = tf.Tensor | tf.Tensor[];

/**
 * Looks at every LSTM of a model as it runs over some samples, and tells what is wrong, in words and numbers: gates that
 * are stuck, memory that is too short, units that do nothing, states at their limit, NaN and where it starts.
 *
 * ```ts
 * const findings = await diagnose(model, x, y);
 * console.log(describeFindings(findings));
 * ```
 *
 * @param model Any model with an LSTM, of this package or of tfjs; it is left as it is.
 * @param x What the model predicts from: one tensor an input, some tens of samples that are like the rest.
 * @param y Labels, one tensor an output; looked through for NaN.
 * @param options `thresholds`: when something is found; see `DiagnosisThresholds`.
 * @returns Findings, the gravest first; within a severity, those of the most units first. Empty: nothing found.
 * @throws RangeError (by the promise) as `traceModel` does, and for thresholds that are none.
 */
export async function diagnose(
  model: tf.LayersModel,
  x: Tensors,
  y: Tensors | null = null,
  options: { thresholds?: Partial<DiagnosisThresholds> } = {},
): Promise<Finding[]> {
  requireOptions('diagnose', options, ['thresholds']);
  const thresholds = withDefaults(options.thresholds);
  const labels = requireLabels(y);
  const traces = traceModel(model, x);
  try {
    const findings = [...(await dataFindings([x].flat(), 'input')), ...(await dataFindings(labels, 'label'))];
    for (const group of groupsOf(traces)) {
      const evidence = await gather(model, group, thresholds);
      findings.push(...findingsOf(evidence, thresholds));
    }
    return ranked(findings);
  } finally {
    for (const { trace } of traces) trace.dispose();
  }
}

function requireLabels(y: Tensors | null): tf.Tensor[] {
  const labels = [y ?? []].flat();
  for (const [index, label] of labels.entries()) {
    if (!(label instanceof tf.Tensor)) throw invalidArgument('diagnose', `y[${index}] must be a tensor`, label);
    requireUsable('diagnose', `y[${index}]`, label);
  }
  return labels;
}

function findingsOf(evidence: Evidence, thresholds: DiagnosisThresholds): Finding[] {
  if (evidence.statistics.validSteps === 0) return [nothingToSee(evidence.place)];
  return [
    ...nonFiniteFindings(evidence),
    ...gateFindings(evidence, thresholds),
    ...stateFindings(evidence, thresholds),
  ];
}

function nothingToSee(place: Place): Finding {
  return {
    ...{ kind: 'nothing to see', severity: 'error', ...place, gate: null, units: [], evidence: { 'valid steps': 0 } },
    message: 'Every step is masked, or the batch is empty: the layer never computes anything.',
    remedy: 'Look at what makes the mask: maskValue of Masking, maskZero of Embedding, and the padding of the data.',
  };
}

/** The calls of one LSTM: a shared layer has several. */
function groupsOf(traces: LayerTrace[]): LayerTrace[][] {
  const groups = new Map<string, LayerTrace[]>();
  for (const trace of traces) {
    const key = JSON.stringify([trace.layerName, trace.direction, trace.cell]);
    groups.set(key, [...(groups.get(key) ?? []), trace]);
  }
  return [...groups.values()];
}

async function gather(
  model: tf.LayersModel,
  group: LayerTrace[],
  { low, high }: DiagnosisThresholds,
): Promise<Evidence> {
  const [{ layerName, direction, cell, trace: first }] = group as [LayerTrace];
  const { units, activation, recurrentActivation } = first;
  const statistics = new LayerStatistics({ units, activation, recurrentActivation }, { low, high });
  const values = await Promise.all(group.map(({ trace }) => readTrace(trace)));
  for (const ofTrace of values) statistics.add(ofTrace);
  const found = findLSTMs(model).find(
    (lstm) => lstm.layerName === layerName && lstm.direction === direction && lstm.cell === cell,
  );
  return {
    place: { layerName, direction, cell },
    statistics: statistics.result(),
    activity: unitActivity(values, units),
    weightNorms: await weightNormsByGate((found as NonNullable<typeof found>).lstmCell),
    timesteps: Math.max(...values.map(({ timesteps }) => timesteps)),
  };
}

function ranked(findings: Finding[]): Finding[] {
  const rank = ({ severity }: Finding) => SEVERITIES.indexOf(severity);
  return findings.sort((a, b) => rank(a) - rank(b) || b.units.length - a.units.length);
}
