import { invalidArgument } from '../../core/errors.js';
import { lstmName } from '../words.js';
import type { Finding } from './finding.js';

/**
 * Findings as text for the terminal, most severe first, in the order in which `diagnose` ranks them.
 *
 * ```ts
 * console.log(describeFindings(await diagnose(model, x, y)));
 * ```
 *
 * @throws RangeError for what is not an array; most often, the promise of `diagnose` without `await`.
 * @category Find out what is wrong
 */
export function describeFindings(findings: Finding[]): string {
  if (!Array.isArray(findings)) {
    throw invalidArgument('describeFindings', 'findings must be an array, the awaited result of diagnose', findings);
  }
  if (findings.length === 0) return NOTHING_FOUND;
  return findings
    .map((finding, n) => {
      const { severity, layerName, direction, cell, kind, message, remedy } = finding;
      const place = layerName === null ? '' : `${lstmName({ layerName, direction, cell })}, `;
      const evidence = Object.entries(finding.evidence).map(([name, value]) => `${name} ${value}`);
      return [
        `${n + 1}. ${severity}: ${place}${kind}`,
        `   ${message}`,
        `   Evidence: ${evidence.join(', ')}.`,
        `   Try: ${remedy}`,
      ].join('\n');
    })
    .join('\n');
}

export const NOTHING_FOUND = 'Nothing found: all values are finite, and no gate, state or gradient stands out.';
