import type { Finding } from '../diagnose/finding.js';
import { isSamePlace, type LSTMPlace } from '../model/find-lstms.js';
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
      const warning = { ...finding, ...at, timestep: timestepOf(finding), lastStep: at.step, reports: 1 };
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

function timestepOf({ evidence }: Finding): number | null {
  const timestep = evidence['first timestep'] ?? evidence['at timestep'] ?? null;
  return timestep === null ? null : Number(timestep);
}

/** A warning for the console. */
export function warningText({ epoch, batch, layerName, kind, message, remedy }: MonitorWarning): string {
  const place = layerName === null ? '' : `${layerName}, `;
  return `gateMonitor, epoch ${epoch}, batch ${batch}: ${place}${kind}. ${message} Try: ${remedy}`;
}
