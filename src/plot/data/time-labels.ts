import { invalidArgument } from '../../core/errors.js';

/** Of each timestep: a token, a character, a date. */
export type TimeLabels = readonly (string | number)[];

/**
 * Labels as strings, one for each timestep; null without labels.
 *
 * @throws RangeError for what are not as many labels as timesteps.
 */
export function requireLabels(where: string, labels: unknown, timesteps: number): string[] | null {
  if (labels === undefined || labels === null) return null;
  const isLabel = (label: unknown) => typeof label === 'string' || typeof label === 'number';
  if (!Array.isArray(labels) || !labels.every(isLabel)) {
    throw invalidArgument(where, 'labels must be an array of strings or numbers', labels);
  }
  if (labels.length !== timesteps) {
    throw invalidArgument(where, `labels must be one for each of ${timesteps} timesteps`, `${labels.length} labels`);
  }
  return labels.map(String);
}

/** A label such that white space can be seen, on one line. */
export function visibleLabel(label: string): string {
  if (/^ +$/.test(label)) return '␣'.repeat(label.length);
  return label.replaceAll('\n', '⏎').replaceAll('\r', '').replaceAll('\t', '⇥');
}
