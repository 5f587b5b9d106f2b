/** How often the units of a gate are closed and open, [U] each; null for a unit without a finite value. */
export interface GateFractions {
  leftSaturated: readonly (number | null)[];
  rightSaturated: readonly (number | null)[];
}

/** A dot of a picture of saturation. */
export interface SaturationDot {
  unit: number;
  /** Fraction of values, within [0, 1]. */
  left: number;
  right: number;
}

/** A dot a unit; null for a unit without a finite value. */
export function saturationDots({ leftSaturated, rightSaturated }: GateFractions): (SaturationDot | null)[] {
  return leftSaturated.map((left, unit) => {
    const right = rightSaturated[unit];
    return left === null || right === null || right === undefined ? null : { unit, left, right };
  });
}
