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
