import { rounded } from '../diagnose/evidence.js';
import { type Finding, findingAt, NOWHERE, type Place } from '../diagnose/finding.js';
import { blockNamesOf, WHOLE } from '../weights/by-block.js';
import type { WeightNormsByGate } from '../weights/weight-norms-by-gate.js';
import { lowerMedian } from '../words.js';
import { gateNorm, layerNorm } from './layer-norm.js';
import type { MonitorThresholds } from './thresholds.js';

/** What was seen of one LSTM in a training step. */
export interface ObservedStep {
  place: Place;
  /** Of the gradient, before the optimizer's step. */
  gradients: WeightNormsByGate;
  /** Of the weights, after it. */
  weights: WeightNormsByGate;
  /** Norms of the layer's gradient at earlier reports. */
  earlier: number[];
}

/** Gradients that are not finite, missing, or far larger than before. */
export function gradientNormFindings(step: ObservedStep, thresholds: MonitorThresholds): Finding[] {
  const broken = blockNamesOf(step.gradients).filter((gate) => !Number.isFinite(gateNorm(step.gradients, gate)));
  if (broken.length > 0) return [notFinite(step, broken)];
  return [...withoutGradient(step, thresholds), ...spike(step, thresholds)];
}

function notFinite({ place, gradients }: ObservedStep, gates: string[]): Finding {
  return findingAt(place, {
    kind: 'non-finite gradient',
    severity: 'error',
    gate: oneOf(gates),
    evidence: { gates: gates.join(', ') },
    message: `The gradient of the weights of ${named(gates, gradients)} holds NaN or Infinity; after this step, so do the weights.`,
    remedy: 'Clip gradients (clipGradients), lower the learning rate, and look for NaN in the data.',
  });
}

function withoutGradient({ place, gradients, weights }: ObservedStep, { noGradient }: MonitorThresholds): Finding[] {
  const gates = blockNamesOf(gradients).filter(
    (gate) => gateNorm(gradients, gate) < noGradient * gateNorm(weights, gate),
  );
  if (gates.length === 0) return [];
  const evidence: Finding['evidence'] = {};
  for (const gate of gates) evidence[`gradient norm of ${gate}`] = rounded(gateNorm(gradients, gate));
  return [
    findingAt(place, {
      kind: 'no weight gradient',
      severity: 'warning',
      gate: oneOf(gates),
      evidence,
      message: `Hardly any gradient reaches the weights of ${named(gates, gradients)}: they do not learn.`,
      remedy:
        'Check whether gates of this or a later layer are closed, whether the loss depends on the layer, and whether a later activation is flat.',
    }),
  ];
}

function spike({ place, gradients, earlier }: ObservedStep, { spike }: MonitorThresholds): Finding[] {
  const norm = layerNorm(gradients);
  const usual = lowerMedian(earlier) as number;
  if (earlier.length < 3 || !(norm > spike * usual)) return [];
  const gate = blockNamesOf(gradients).reduce((a, b) => (gateNorm(gradients, b) > gateNorm(gradients, a) ? b : a));
  return [
    findingAt(place, {
      kind: 'gradient spike',
      severity: 'warning',
      evidence: { 'gradient norm': rounded(norm), 'median before': rounded(usual), 'largest in gate': gate },
      message: `The gradient is ${rounded(norm / usual)} times as large as usual, above all in ${named([gate], gradients)}: one such step can undo what was learned.`,
      remedy: 'Clip gradients: clipGradients(optimizer, { globalNorm: 1 }); or lower the learning rate.',
    }),
  ];
}

/** A loss that is not finite. */
export function lossFinding(): Finding {
  return findingAt(NOWHERE, {
    kind: 'non-finite loss',
    severity: 'error',
    evidence: { loss: 'not finite' },
    message: 'The loss is NaN or Infinity at this batch; it was finite at every earlier batch.',
    remedy:
      'Look for NaN in the data of this batch; otherwise clip gradients (clipGradients), or lower the learning rate.',
  });
}

/** The gate where it is only one. */
function oneOf(gates: string[]): string | null {
  const [only, ...others] = gates;
  return only === undefined || only === WHOLE || others.length > 0 ? null : only;
}

function named(gates: string[], of: WeightNormsByGate): string {
  if (gates.length === blockNamesOf(of).length) return 'all gates';
  const ofGates = gates.filter((gate) => gate !== WHOLE);
  const whole = gates.length > ofGates.length ? ['the cell as a whole'] : [];
  return [...(ofGates.length === 0 ? [] : [`gate ${ofGates.join(', ')}`]), ...whole].join(' and ');
}

/** That the monitor itself failed: the training goes on without it. */
export function failureFinding(error: unknown): Finding {
  const reason = error instanceof Error ? error.message : String(error);
  return findingAt(NOWHERE, {
    kind: 'monitor failed',
    severity: 'warning',
    evidence: { error: error instanceof Error ? error.name : typeof error },
    message: `The monitor has stopped, and training goes on without it: ${reason}`,
    remedy: 'Give the monitor what the message asks for; training needs no change.',
  });
}
