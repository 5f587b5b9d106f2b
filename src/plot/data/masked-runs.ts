import type { Bin } from './bins.js';

/** The stretches of masked steps. */
export function maskedRuns(valid: readonly boolean[]): Bin[] {
  const runs: Bin[] = [];
  for (const [t, isValid] of valid.entries()) {
    if (isValid) continue;
    const current = runs.at(-1);
    if (current?.last === t - 1) current.last = t;
    else runs.push({ first: t, last: t });
  }
  return runs;
}
