import type { Finding } from '../diagnose/finding.js';
import { isSamePlace, type LSTMPlace } from '../model/find-lstms.js';
import { lstmName } from '../words.js';
import type { MonitoredBatch, MonitorWarning } from './history-types.js';

/**
 * Adds what a report found to the warnings so far, and returns those that are new. A finding of a kind, layer and gate
 * that was there before only lengthens its warning, so that there can be no more of them than of these.
 */
export function addWarnings(warnings: MonitorWarning[], findings: Finding[], at: MonitoredBatch): MonitorWarning[] {
  const fresh: MonitorWarning[] = [];
  for (const finding of findings) {
    const known = warnings.find((warning) => isSame(warning, finding));
    if (known === undefined) {
      const warning = { ...finding, ...at, lastStep: at.step, reports: 1 };
      warnings.push(warning);
      fresh.push(warning);
    } else if (known.lastStep < at.step) {
      known.lastStep = at.step;
      known.reports += 1;
    }
  }
  return fresh;
}

function isSame(a: Finding, b: Finding): boolean {
  return a.kind === b.kind && a.gate === b.gate && isSamePlace(a as LSTMPlace, b as LSTMPlace);
}

/** A warning for the console. */
export function warningText(warning: MonitorWarning): string {
  const { epoch, batch, layerName, direction, cell, kind, message, remedy } = warning;
  const place = layerName === null ? '' : `${lstmName({ layerName, direction, cell })}, `;
  return `gateMonitor, epoch ${epoch}, batch ${batch}: ${place}${kind}. ${message} Try: ${remedy}`;
}
