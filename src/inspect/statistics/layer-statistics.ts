import type { GateTrace } from '../../layers/trace.js';
import { GateSaturation } from './gate-saturation.js';
import { MemoryHorizon } from './memory-horizon.js';
import { byQuantity, QUANTITIES, type Quantity } from './quantities.js';
import { QuantityStatistics } from './quantity-statistics.js';
import type { TraceValues } from './read-trace.js';
import type { GateStatistics, GateSummary } from './statistics-types.js';

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
