import type { Evidence } from './evidence.js';
import type { Finding, Place } from './finding.js';
import { gateFindings } from './gate-findings.js';
import { nonFiniteFindings } from './non-finite-findings.js';
import { stateFindings } from './state-findings.js';
import type { DiagnosisThresholds } from './thresholds.js';

/** All that there is to find in one LSTM as it runs forward. */
export function findingsOf(evidence: Evidence, thresholds: DiagnosisThresholds): Finding[] {
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
