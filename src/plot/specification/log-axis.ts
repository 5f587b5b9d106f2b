/** About as many labels as an axis holds. */
const MOST_LABELS = 8;

export interface LogAxis {
  scale: Record<string, unknown>;
  axis: Record<string, unknown>;
}

/**
 * Scale and axis of positive values on a logarithmic scale, labelled at powers of ten, or at 1, 2 and 5 times powers
 * where there are few. (Vega labels every multiple, and hides what overlaps but leaves room for it.)
 */
export function logAxis(values: readonly number[]): LogAxis {
  const [low, high] = [Math.min(...values) * 0.9, Math.max(...values) * 1.1];
  const [first, last] = [Math.floor(Math.log10(low)), Math.ceil(Math.log10(high))];
  const powers = Array.from({ length: last - first + 1 }, (_, n) => first + n);
  const stride = Math.ceil(powers.length / MOST_LABELS);
  const multiples = last - first <= 2 ? [1, 2, 5] : [1];
  const ticks = powers.filter((power) => (power - first) % stride === 0);
  const labelled = ticks.flatMap((power) => multiples.map((multiple) => Number(`${multiple}e${power}`)));
  const isShort = first >= -3 && last <= 4;
  return {
    scale: { type: 'log', nice: false, domain: [low, high] },
    axis: {
      values: labelled.filter((value) => value >= low && value <= high),
      format: isShort ? '~g' : '~e',
      labelOverlap: 'greedy',
    },
  };
}
