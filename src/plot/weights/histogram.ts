import { GATE_NAMES, type GateName } from '../../core/gates.js';
import type { Json } from '../specification/vega-lite-spec.js';

const BINS = 40;

/** How many values of a gate lie in each of 40 bins; the bins are the same for all gates of a weight. */
export function histogramRows(name: string, values: ArrayLike<number>, gateOf: (index: number) => GateName): Json[] {
  const finite = Array.from(values, (value, index) => ({ value, gate: gateOf(index) })).filter(({ value }) =>
    Number.isFinite(value),
  );
  const limit = finite.reduce((largest, { value }) => Math.max(largest, Math.abs(value)), 0) || 1;
  const counts = Object.fromEntries(GATE_NAMES.map((gate) => [gate, new Array<number>(BINS).fill(0)]));
  for (const { value, gate } of finite) {
    const bin = Math.min(Math.floor(((value + limit) / (2 * limit)) * BINS), BINS - 1);
    const ofGate = counts[gate] as number[];
    ofGate[bin] = (ofGate[bin] as number) + 1;
  }
  const edge = (bin: number) => Number((limit * ((2 * bin) / BINS - 1)).toPrecision(4));
  return GATE_NAMES.flatMap((gate) =>
    (counts[gate] as number[]).map((count, bin) => ({ name, gate, start: edge(bin), end: edge(bin + 1), count })),
  );
}
