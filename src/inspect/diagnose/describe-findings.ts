import { invalidArgument } from '../../core/errors.js';
import type { Finding } from './finding.js';

/**
 * Findings as text for the terminal, the gravest first as `diagnose` ranks them.
 *
 * ```ts
 * console.log(describeFindings(await diagnose(model, x, y)));
 * ```
 *
 * @throws RangeError for what is not an array; most often the promise of `diagnose`, not awaited.
 */
export function describeFindings(findings: Finding[]): string {
  if (!Array.isArray(findings)) {
    throw invalidArgument('describeFindings', 'findings must be an array, as diagnose resolves to', findings);
  }
  if (findings.length === 0) return 'Nothing found: gates move, memory lasts, and all values are finite.';
  return findings
    .map((finding, n) => {
      const evidence = Object.entries(finding.evidence).map(([name, value]) => `${name} ${value}`);
      return [
        `${n + 1}. ${finding.severity}: ${placeOf(finding)}${finding.kind}`,
        `   ${finding.message}`,
        `   Evidence: ${evidence.join(', ')}.`,
        `   Try: ${finding.remedy}`,
      ].join('\n');
    })
    .join('\n');
}

function placeOf({ layerName, direction, cell }: Finding): string {
  if (layerName === null) return '';
  const details = [...(direction === 'backward' ? ['backward'] : []), ...(cell > 0 ? [`cell ${cell}`] : [])];
  return `${layerName}${details.length === 0 ? '' : ` (${details.join(', ')})`}, `;
}
