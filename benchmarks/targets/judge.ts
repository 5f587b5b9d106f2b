import type { Result } from '../report.js';
import type { Growth } from '../sections/growth.js';
import type { GrowthTarget, Target } from './targets.js';

export interface Verdict {
  claim: string;
  /** The shape, with its setting where there are several; or the size that grows. */
  at: string;
  /** What the target asks for. */
  wanted: string;
  /** Null where it was not measured. */
  measured: number | null;
  reached: boolean | null;
}

/** Whether the median of each shape's ratio reaches its target, in each setting in which it was measured. */
export function judge(
  { claim, section, backend, baseline, setting, least }: Target,
  results: readonly Result[],
): Verdict[] {
  return Object.entries(least).flatMap(([shape, ratio]): Verdict[] => {
    const found = results.filter(
      (candidate) =>
        candidate.section === section &&
        candidate.backend === backend &&
        candidate.shape === shape &&
        (setting === undefined || candidate.setting === setting) &&
        (baseline === undefined || candidate.compared.baseline.startsWith(baseline)),
    );
    const wanted = `ratio ≥ ${formatBound(ratio)}`;
    if (found.length === 0) return [{ claim, at: shape, wanted, measured: null, reached: null }];
    return found.map((result) => {
      const at = setting === undefined && result.setting !== '' ? `${shape}, ${result.setting}` : shape;
      return { claim, at, wanted, measured: result.ratio.median, reached: result.ratio.median >= ratio };
    });
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
