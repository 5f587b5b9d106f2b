import { invalidArgument } from '../../core/errors.js';
import type { TimeLabels } from '../rows/time-labels.js';

/**
 * Labels along time of each sample; none of them has any where there are none.
 *
 * @param lengths The timesteps of each LSTM: labels must be of one of them.
 * @throws RangeError
 */
export function labelsOfSamples(
  where: string,
  labels: TimeLabels | readonly TimeLabels[] | undefined,
  batch: number,
  lengths: readonly number[],
): string[][] {
  if (labels === undefined) return [];
  const isForEach = Array.isArray(labels) && labels.length > 0 && labels.every(Array.isArray);
  const lists: readonly unknown[] = isForEach ? labels : Array.from({ length: batch }, () => labels);
  if (lists.length !== batch) {
    throw invalidArgument(where, `timeLabels must be a list for each of ${batch} samples`, `${lists.length} lists`);
  }
  const isLabel = (label: unknown) => typeof label === 'string' || typeof label === 'number';
  return lists.map((list) => {
    if (!Array.isArray(list) || !list.every(isLabel)) {
      throw invalidArgument(where, 'timeLabels must be lists of strings or numbers', list);
    }
    if (!lengths.includes(list.length) || list.length !== (lists[0] as unknown[]).length) {
      const rule = `timeLabels must be one for each timestep, ${[...new Set(lengths)].join(' or ')}`;
      throw invalidArgument(where, rule, `${list.length} labels`);
    }
    return list.map(String);
  });
}

/** @throws RangeError */
export function requireSampleNames(where: string, names: unknown, batch: number): string[] {
  if (names === undefined) return Array.from({ length: batch }, (_, sample) => `${sample}`);
  const isList = Array.isArray(names) && names.length === batch && names.every((name) => typeof name === 'string');
  if (isList) return [...names];
  throw invalidArgument(where, `sampleNames must be a string for each of ${batch} samples`, names);
}

/** @throws RangeError */
export function requireClassNames(where: string, names: unknown): string[] | null {
  if (names === undefined) return null;
  if (Array.isArray(names) && names.every((name) => typeof name === 'string')) return [...names];
  throw invalidArgument(where, 'classNames must be a list of strings', names);
}
