/** A fraction as a person reads it: `94 %`. */
export function percent(fraction: number): string {
  return `${Math.round(100 * fraction)} %`;
}
