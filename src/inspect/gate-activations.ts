import { staysWithin } from '../core/activations.js';

// No tfjs in here: the report's page uses this too.

/** What is known of the activations of an LSTM's gates. */
export interface Activations {
  /** The name of φ. */
  activation: string;
  /** The name of σ. */
  recurrentActivation: string;
  /** By gate, in the cell's order; null where the cell does not say. Absent: those of the plain LSTM. */
  gateActivations?: Readonly<Record<string, string | null>> | undefined;
}

/** The activation of each gate. */
export function gateActivationsOf(of: Activations): Readonly<Record<string, string | null>> {
  const { activation: g, recurrentActivation: σ } = of;
  return of.gateActivations ?? { i: σ, f: σ, g, o: σ };
}

/**
 * Whether a gate says how much passes, between nothing at 0 and all at 1, so that it can be closed, open and saturated. Not
 * so the candidate, and gates that know no end.
 */
export function isBetweenClosedAndOpen(gate: string, of: Activations): boolean {
  const activation = gateActivationsOf(of)[gate];
  if (gate === 'g' || activation == null) return false;
  // Of the plain LSTM these are, whatever σ is.
  const isPlain = ['i', 'f', 'o'].includes(gate) && activation === of.recurrentActivation;
  return isPlain || staysWithin(activation, [0, 1]);
}

/** Whether a quantity is one of the gates; else it is a state. A state that is a gate as well counts as a state. */
export function kindOfQuantity(name: string, of: Activations): 'gate' | 'state' {
  return name !== 'h' && name !== 'c' && name in gateActivationsOf(of) ? 'gate' : 'state';
}
