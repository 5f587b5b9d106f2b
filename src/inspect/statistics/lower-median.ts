/** The middle number, of two middle ones the smaller, so that it is one of them; undefined for none. */
export function lowerMedian(numbers: readonly number[]): number | undefined {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)];
}
