import type { Result } from '../report.js';
import type { Growth } from '../sections/growth.js';
import type { GrowthTarget, Target } from './targets.js';

export interface Verdict {
  claim: string;
  /** The shape, or the size that grows. */
  at: string;
  /** What the target asks for. */
  wanted: string;
  /** Null where it was not measured. */
  measured: number | null;
  reached: boolean | null;
}

/** Whether the median of each shape's ratio reaches its target. */
export function judge({ claim, section, backend, baseline, least }: Target, results: readonly Result[]): Verdict[] {
  return Object.entries(least).map(([shape, ratio]) => {
    const result = results.find(
      (candidate) =>
        candidate.section === section &&
        candidate.backend === backend &&
        candidate.shape === shape &&
        (baseline === undefined || candidate.compared.baseline === baseline),
    );
    const measured = result?.ratio.median ?? null;
    const reached = measured === null ? null : measured >= ratio;
    return { claim, at: shape, wanted: `ratio ≥ ${formatBound(ratio)}`, measured, reached };
  });
}

export function judgeGrowth({ claim, backend, size, most }: GrowthTarget, growth: readonly Growth[]): Verdict {
  const found = growth.find((candidate) => candidate.backend === backend && candidate.size === size);
  const measured = found?.exponent.explicit ?? null;
  const reached = measured === null ? null : measured <= most;
  return { claim, at: size, wanted: `exponent ≤ ${formatBound(most)}`, measured, reached };
}

function formatBound(bound: number): string {
  return String(Number(bound.toFixed(2)));
}
