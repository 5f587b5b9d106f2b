import { type GateName, QUANTITIES, type Quantity } from '../../core/quantities.js';
import { gateActivationsOf, isBetweenClosedAndOpen } from '../gate-activations.js';
import { GateSaturation } from './gate-saturation.js';
import { MemoryHorizon } from './memory-horizon.js';
import { QuantityStatistics } from './quantity-statistics.js';
import type { TraceKind, TraceValues } from './read-trace.js';
import type { GateSummary, NonFiniteValues, ValueSummary } from './statistics-types.js';

/**
 * What the gates of a layer do over some batches. Plain numbers, which JSON returns unchanged.
 *
 * Masked steps are left out of everything. Values that are not finite are counted in `nonFinite` and left out of
 * everything else, so that one of them cannot turn a mean into NaN. Without any valid step, counts are 0 and the rest is
 * null.
 *
 * Of a variant there is an entry for each of its cell's own gates and states, by name: a `GateSummary` for a gate that is
 * between closed and open, a `ValueSummary` for every other. What its cell does not have is not there; `summariesOf` lists
 * what is.
 */
export interface GateStatistics extends Record<Exclude<GateName, 'g'>, GateSummary> {
  units: number;
  /** The name of φ, the activation of the candidate and the output. */
  activation: string;
  /** The name of σ, the activation of the gates i, f and o. */
  recurrentActivation: string;
  /** The number of valid steps: samples × timesteps that are not masked. At each, every unit has one value per quantity. */
  validSteps: number;
  /** The threshold of left saturation. */
  low: number;
  /** The threshold of right saturation. */
  high: number;
  /** Candidate. */
  g: ValueSummary;
  /** Cell state. */
  c: ValueSummary;
  /** Hidden state. */
  h: ValueSummary;
  nonFinite: Record<Quantity, NonFiniteValues>;
  /**
   * [U], in timesteps: -1 / mean(ln f), after which 1/e of the cell state is left. 0 if the forget gate was ever 0, or below
   * the smallest normal float32 number (1.2e-38). Null if it is infinite (the gate is 1) or undefined (no finite value, or a
   * gate that is not within [0, 1] and on average does not forget). Of a variant without a forget gate that is between 0
   * and 1 it is null as a whole.
   */
  memoryHorizon: (number | null)[];
}

/** What statistics say of one gate or state. */
export type Summary = GateSummary | ValueSummary;

/** Of each gate and state, in the cell's order, what statistics say of it. */
export function summariesOf(statistics: GateStatistics): [name: string, summary: Summary][] {
  return Object.entries(statistics).filter((entry): entry is [string, Summary] => {
    return typeof entry[1] === 'object' && entry[1] !== null && 'mean' in entry[1];
  });
}

/** Of each gate that is between closed and open, in the cell's order, how often it is either. */
export function gateSummariesOf(statistics: GateStatistics): [gate: string, summary: GateSummary][] {
  return summariesOf(statistics).filter((entry): entry is [string, GateSummary] => 'leftSaturated' in entry[1]);
}

/** Horizons, unless the cell has no forget gate to have them by. */
export function memoryHorizonOf({ memoryHorizon }: GateStatistics): (number | null)[] | null {
  return memoryHorizon;
}

/** Why there are none. */
export function whyNoHorizon({ nonFinite }: GateStatistics): string {
  return 'f' in nonFinite ? 'the forget gate f is not between 0 and 1' : 'the cell has no forget gate f';
}

/** Statistics of one kind of trace. Values come in one after the other, so that batches give what the whole gives. */
export class LayerStatistics {
  private readonly saturation = new Map<string, GateSaturation>();
  private readonly horizon: MemoryHorizon | null;
  private readonly quantities = new Map<string, QuantityStatistics>();
  private validSteps = 0;

  constructor(
    readonly kind: TraceKind,
    private readonly thresholds: { low: number; high: number },
  ) {
    const gateActivations = gateActivationsOf(kind);
    const names: readonly string[] = kind.widths === undefined ? QUANTITIES : Object.keys(kind.widths);
    const hasHorizon = names.includes('f') && isBetweenClosedAndOpen('f', kind);
    this.horizon = hasHorizon ? new MemoryHorizon(this.widthOf('f')) : null;
    for (const name of names) {
      if (!isBetweenClosedAndOpen(name, kind)) {
        this.quantities.set(name, new QuantityStatistics());
        continue;
      }
      const saturation = new GateSaturation(this.widthOf(name), gateActivations[name] as string, thresholds);
      this.saturation.set(name, saturation);
      const observers = name === 'f' && this.horizon !== null ? [saturation, this.horizon] : [saturation];
      this.quantities.set(name, new QuantityStatistics(observers));
    }
  }

  add({ sequences, mask, batch, timesteps }: TraceValues): void {
    const steps = batch * timesteps;
    this.validSteps += mask === null ? steps : Array.from(mask).filter((valid) => valid !== 0).length;
    for (const [name, quantity] of this.quantities) {
      quantity.add(sequences[name] as ArrayLike<number>, mask, [timesteps, this.widthOf(name)]);
    }
  }

  result(): GateStatistics {
    const { units, activation, recurrentActivation } = this.kind;
    const summaries: Record<string, Summary> = {};
    const nonFinite: Record<string, NonFiniteValues> = {};
    for (const [name, quantity] of this.quantities) {
      const summary = quantity.summary.result();
      const saturation = this.saturation.get(name)?.result();
      summaries[name] = saturation === undefined ? summary : { mean: summary.mean, std: summary.std, ...saturation };
      nonFinite[name] = quantity.nonFinite();
    }
    return {
      units,
      activation,
      recurrentActivation,
      validSteps: this.validSteps,
      ...this.thresholds,
      ...summaries,
      nonFinite,
      memoryHorizon: this.horizon?.result() ?? null,
    } as unknown as GateStatistics;
  }

  private widthOf(name: string): number {
    return this.kind.widths?.[name] ?? this.kind.units;
  }
}
