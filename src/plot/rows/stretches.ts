/** Neighbours: indices from `first` to `last`, both included. */
export interface Stretch {
  first: number;
  last: number;
}

/** Splits [0, count) into at most `limit` stretches, whose lengths differ by one at most: what is drawn as one. */
export function binsOf(count: number, limit: number): Stretch[] {
  const bins = Math.min(count, Math.floor(limit));
  return Array.from({ length: bins }, (_, n) => ({
    first: Math.ceil((n * count) / bins),
    last: Math.ceil(((n + 1) * count) / bins) - 1,
  }));
}

/** The stretches of masked steps. */
export function maskedRuns(valid: readonly boolean[]): Stretch[] {
  const runs: Stretch[] = [];
  for (const [t, isValid] of valid.entries()) {
    if (isValid) continue;
    const current = runs.at(-1);
    if (current?.last === t - 1) current.last = t;
    else runs.push({ first: t, last: t });
  }
  return runs;
}

/** In words: `3`, or `3 to 5`. */
export function stretchText({ first, last }: Stretch): string {
  return first === last ? `${first}` : `${first} to ${last}`;
}
