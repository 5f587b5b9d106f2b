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

/**
 * What a cell computes at each timestep, by name: the gates and the states of the plain LSTM are i, f, g, o and h, c;
 * another cell has its own.
 */
export interface CellNames {
  /** Gates, the candidate among them. */
  readonly gateNames: readonly string[];
  /** What is handed on from step to step, in this order: h, the output, is the first. */
  readonly stateNames: readonly string[];
}

/** The same, with sizes. */
export interface SizedCell extends CellNames {
  readonly units: number;
  /** The width of a gate or a state, which is U for most. */
  widthOf(name: string): number;
}

/** What a trace of a cell has a sequence of: gates, then the states but h, each once, and h last. */
export function quantitiesOf(cell: CellNames): string[] {
  return [...gateSequencesOf(cell), 'h'];
}

/** The same without h: what `returnGates` returns after the usual outputs. */
export function gateSequencesOf({ gateNames, stateNames }: CellNames): string[] {
  return [...new Set([...gateNames, ...stateNames])].filter((name) => name !== 'h');
}

/** One value for each quantity. */
export function byQuantity<Value>(value: (quantity: Quantity, index: number) => Value): Record<Quantity, Value> {
  const entries = QUANTITIES.map((quantity, index) => [quantity, value(quantity, index)]);
  return Object.fromEntries(entries) as Record<Quantity, Value>;
}
