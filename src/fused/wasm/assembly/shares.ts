import { PANEL_COLUMNS } from './panels';
import { Sequence } from './sequence';

/**
 * Returns when all threads that compute a share of this sequence have called it as often. Throws, and so ends the run, where
 * that will never be.
 */
@external('env', 'awaitOthers')
export declare function awaitOthers(): void;

/** Whether other threads compute the rest. */
@inline
export function isShared(s: Sequence): bool {
  return s.shares > 1;
}

/** The first of `count` units or columns that are computed here. */
@inline
export function firstOfShare(s: Sequence, count: i32): i32 {
  return isShared(s) ? boundary(s.share, s.shares, count) : 0;
}

@inline
export function sizeOfShare(s: Sequence, count: i32): i32 {
  return isShared(s) ? boundary(s.share + 1, s.shares, count) - boundary(s.share, s.shares, count) : count;
}

/** Between whole panels. */
function boundary(share: i32, shares: i32, count: i32): i32 {
  const panels = (count + PANEL_COLUMNS - 1) / PANEL_COLUMNS;
  return min(count, ((panels * share) / shares) * PANEL_COLUMNS);
}
