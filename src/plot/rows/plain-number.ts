/** A number as a specification holds it: four digits, which is more than a picture shows; null for NaN and infinity. */
export function plainNumber(value: number): number | null {
  return Number.isFinite(value) ? Number(value.toPrecision(4)) : null;
}
