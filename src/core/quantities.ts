// No tfjs in here: the report's page uses these names too.

/** The gates, in the order of their blocks in kernel, recurrent kernel and bias, as in Keras and tfjs. */
export const GATE_NAMES = ['i', 'f', 'g', 'o'] as const;

/** A gate: input gate i, forget gate f, candidate g, output gate o. */
export type GateName = (typeof GATE_NAMES)[number];

/** One value for each gate. */
export type ByGate<Value> = Record<GateName, Value>;

/** What a trace has a sequence [B, T, U] for. */
export const QUANTITIES = [...GATE_NAMES, 'c', 'h'] as const;

/** A gate, the cell state c or the hidden state h. */
export type Quantity = (typeof QUANTITIES)[number];

/** One value for each quantity. */
export function byQuantity<Value>(value: (quantity: Quantity, index: number) => Value): Record<Quantity, Value> {
  const entries = QUANTITIES.map((quantity, index) => [quantity, value(quantity, index)]);
  return Object.fromEntries(entries) as Record<Quantity, Value>;
}
