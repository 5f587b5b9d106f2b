/** Where a command writes: results to `out`, everything else to `error`. */
export interface Terminal {
  out(text: string): void;
  error(text: string): void;
  /** Whether `error` is a terminal, so that a line of it may be overwritten. */
  isInteractive: boolean;
}
