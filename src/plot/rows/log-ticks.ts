/** About as many labels as an axis holds. */
const MOST_LABELS = 8;

/** An axis of positive values on a logarithmic scale. */
export interface LogTicks {
  domain: [number, number];
  /** Where labels are, within the domain. */
  values: number[];
  /** Whether labels are short when they are written out. */
  isShort: boolean;
}

/**
 * Labels at powers of ten, or at 1, 2 and 5 times powers where there are few. (Vega labels every multiple, and hides what
 * overlaps but leaves room for it.)
 */
export function logTicks(values: readonly number[]): LogTicks {
  const low = values.reduce((least, value) => Math.min(least, value)) * 0.9;
  const high = values.reduce((most, value) => Math.max(most, value)) * 1.1;
  const first = Math.floor(Math.log10(low));
  const last = Math.ceil(Math.log10(high));
  const powers = Array.from({ length: last - first + 1 }, (_, n) => first + n);
  const stride = Math.ceil(powers.length / MOST_LABELS);
  const multiples = last - first <= 2 ? [1, 2, 5] : [1];
  const ticks = powers.filter((power) => (power - first) % stride === 0);
  const labelled = ticks.flatMap((power) => multiples.map((multiple) => Number(`${multiple}e${power}`)));
  return {
    domain: [low, high],
    values: labelled.filter((value) => value >= low && value <= high),
    isShort: first >= -3 && last <= 4,
  };
}
