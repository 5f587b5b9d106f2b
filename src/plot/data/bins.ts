/** Neighbours that are drawn as one: indices from `first` to `last`, both included. */
export interface Bin {
  first: number;
  last: number;
}

/** Splits [0, count) into at most `limit` bins of sizes that differ by one at most. */
export function binsOf(count: number, limit: number): Bin[] {
  const bins = Math.min(count, Math.floor(limit));
  return Array.from({ length: bins }, (_, n) => ({
    first: Math.ceil((n * count) / bins),
    last: Math.ceil(((n + 1) * count) / bins) - 1,
  }));
}
