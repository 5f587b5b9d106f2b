// Where others keep the cores busy, a meeting takes as long as it takes until the other thread runs again: milliseconds.

/** How a call goes, or went, in which threads meet: milliseconds of the calling thread. */
export interface MetCall {
  computed: number;
  /** At meetings. */
  waited: number;
  threads: number;
}

/** Of the time of the call. */
const LONGEST_PAUSE = 16;
/** Of a short call, the other threads may have been woken late. */
const LEAST_MILLISECONDS = 1;

/**
 * Whether a call has waited longer than its threads can save of its time: then one thread should begin it anew.
 *
 * @param met How often they have met, of all its meetings.
 */
export function isWaitTooLong({ computed, waited, threads }: MetCall, met: number, meetings: number): boolean {
  return waited > Math.max(LEAST_MILLISECONDS, (threads - 1) * computed * (meetings / met));
}

/**
 * For how many milliseconds threads had better not meet, after a call in which they did.
 *
 * A call that one thread alone would have made as quickly is followed by a pause of as long as it took, and of twice as long as
 * the one before if so were the calls before it.
 *
 * @param pauses How many calls before this one were followed by a pause, less those since then that were not.
 */
export function pauseAfter({ computed, waited, threads }: MetCall, pauses: number): number {
  const taken = computed + waited;
  return taken < threads * computed ? 0 : taken * Math.min(2 ** pauses, LONGEST_PAUSE);
}
