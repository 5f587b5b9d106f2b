import { hasFlatEnds, staysWithin } from '../../core/activations.js';
import type { GateSummary } from './statistics-types.js';

/** How often each unit's gate is closed, open, or without a gradient. */
export class GateSaturation {
  private readonly left: UnitFraction;
  private readonly right: UnitFraction;
  private readonly flat: UnitFraction | null;

  constructor(units: number, recurrentActivation: string, { low, high }: { low: number; high: number }) {
    this.left = new UnitFraction(units, (value) => value < low);
    this.right = new UnitFraction(units, (value) => value > high);
    // At exactly 0 and 1 no gradient passes there.
    const isFlat = hasFlatEnds(recurrentActivation) && staysWithin(recurrentActivation, [0, 1]);
    this.flat = isFlat ? new UnitFraction(units, (value) => value === 0 || value === 1) : null;
  }

  add(value: number, unit: number): void {
    this.left.add(value, unit);
    this.right.add(value, unit);
    this.flat?.add(value, unit);
  }

  result(): Pick<GateSummary, 'leftSaturated' | 'rightSaturated' | 'zeroGradient'> {
    return {
      leftSaturated: this.left.result(),
      rightSaturated: this.right.result(),
      zeroGradient: this.flat?.result() ?? null,
    };
  }
}

/** For each unit, the fraction of its values of which something holds. */
export class UnitFraction {
  private readonly hits: number[];
  private readonly counts: number[];

  constructor(
    units: number,
    private readonly holds: (value: number) => boolean,
  ) {
    this.hits = new Array(units).fill(0);
    this.counts = new Array(units).fill(0);
  }

  add(value: number, unit: number): void {
    this.counts[unit] = (this.counts[unit] as number) + 1;
    if (this.holds(value)) this.hits[unit] = (this.hits[unit] as number) + 1;
  }

  /** [U]; null for a unit without values. */
  result(): (number | null)[] {
    return this.hits.map((hits, unit) => (this.counts[unit] === 0 ? null : hits / (this.counts[unit] as number)));
  }
}
