import type { GateName } from '../../core/gates.js';
import { byQuantity, QUANTITIES, type Quantity } from '../../core/quantities.js';
import type { GateTrace } from '../../layers/trace.js';
import { GateSaturation } from './gate-saturation.js';
import { MemoryHorizon } from './memory-horizon.js';
import { QuantityStatistics } from './quantity-statistics.js';
import type { TraceValues } from './read-trace.js';
import type { GateSummary, NonFiniteValues, ValueSummary } from './statistics-types.js';

/**
 * What the gates of a layer do over some batches. Plain numbers, which JSON returns unchanged.
 *
 * Masked steps are left out of everything. Values that are not finite are counted in `nonFinite` and left out of
 * everything else, so that one of them cannot turn a mean into NaN. Without any valid step, counts are 0 and the rest is
 * null.
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
   * gate that is not within [0, 1] and on average does not forget).
   */
  memoryHorizon: (number | null)[];
}

/** What traces must have in common for statistics over all of them to mean something. */
export type TraceKind = Pick<GateTrace, 'units' | 'activation' | 'recurrentActivation'>;

/** Statistics of one kind of trace. Values come in one after the other, so that batches give what the whole gives. */
export class LayerStatistics {
  private readonly saturation: Record<'i' | 'f' | 'o', GateSaturation>;
  private readonly horizon: MemoryHorizon;
  private readonly quantities: Record<Quantity, QuantityStatistics>;
  private validSteps = 0;

  constructor(
    readonly kind: TraceKind,
    private readonly thresholds: { low: number; high: number },
  ) {
    const saturation = () => new GateSaturation(kind.units, kind.recurrentActivation, thresholds);
    this.saturation = { i: saturation(), f: saturation(), o: saturation() };
    this.horizon = new MemoryHorizon(kind.units);
    const { i, f, o } = this.saturation;
    this.quantities = {
      i: new QuantityStatistics([i]),
      f: new QuantityStatistics([f, this.horizon]),
      g: new QuantityStatistics(),
      o: new QuantityStatistics([o]),
      c: new QuantityStatistics(),
      h: new QuantityStatistics(),
    };
  }

  add({ sequences, mask, batch, timesteps }: TraceValues): void {
    const steps = batch * timesteps;
    this.validSteps += mask === null ? steps : Array.from(mask).filter((valid) => valid !== 0).length;
    for (const quantity of QUANTITIES) {
      this.quantities[quantity].add(sequences[quantity], mask, [timesteps, this.kind.units]);
    }
  }

  result(): GateStatistics {
    const { g, c, h } = this.quantities;
    return {
      ...this.kind,
      validSteps: this.validSteps,
      ...this.thresholds,
      i: this.gate('i'),
      f: this.gate('f'),
      o: this.gate('o'),
      g: g.summary.result(),
      c: c.summary.result(),
      h: h.summary.result(),
      nonFinite: byQuantity((quantity) => this.quantities[quantity].nonFinite()),
      memoryHorizon: this.horizon.result(),
    };
  }

  private gate(name: 'i' | 'f' | 'o'): GateSummary {
    const { mean, std } = this.quantities[name].summary.result();
    return { mean, std, ...this.saturation[name].result() };
  }
}
