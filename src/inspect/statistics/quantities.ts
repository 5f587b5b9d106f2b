import { GATE_NAMES } from '../../core/gates.js';

/** What a trace has a sequence [B, T, U] of. */
export const QUANTITIES = [...GATE_NAMES, 'c', 'h'] as const;

export type Quantity = (typeof QUANTITIES)[number];

/** One value for each quantity. */
export function byQuantity<Value>(value: (quantity: Quantity, index: number) => Value): Record<Quantity, Value> {
  const entries = QUANTITIES.map((quantity, index) => [quantity, value(quantity, index)]);
  return Object.fromEntries(entries) as Record<Quantity, Value>;
}
