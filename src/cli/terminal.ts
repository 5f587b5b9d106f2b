/** Where a command writes to: results to `out`, all else to `error`. */
export interface Terminal {
  out(text: string): void;
  error(text: string): void;
  /** Whether a person looks at `error` as it is written, so that a line of it may be overwritten. */
  isInteractive: boolean;
}
