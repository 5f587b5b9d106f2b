/** How a call went in which threads met. */
export interface MetCall {
  /** How long it took. */
  milliseconds: number;
  /** How much of that the calling thread was waiting for others, but for the first 50 µs of each time. */
  waited: number;
  threads: number;
}

/** Of the time of that call. */
const LONGEST_PAUSE = 16;

/**
 * For how many milliseconds threads had better not meet, after a call in which they did.
 *
 * Where others keep the cores busy, a meeting takes as long as it takes until the other thread runs again: milliseconds. A call that
 * has waited so long that one thread alone would have been as quick is followed by a pause of as long as it took, and of twice as
 * long as the one before if so were the calls before it.
 *
 * @param pauses How many calls in a row, before this one, were followed by one.
 */
export function pauseAfter({ milliseconds, waited, threads }: MetCall, pauses: number): number {
  const alone = threads * (milliseconds - waited);
  return milliseconds < alone ? 0 : milliseconds * Math.min(2 ** pauses, LONGEST_PAUSE);
}
