/** To three digits, or all digits of the whole part. */
export function formatTime(time: number): string {
  return time >= 100 ? time.toFixed(0) : time.toPrecision(3);
}
