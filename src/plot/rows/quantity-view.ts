import { staysWithin } from '../../core/activations.js';
import { type Activations, gateActivationsOf } from '../../inspect/gate-activations.js';
import { DIVERGING, type Ramp, SEQUENTIAL, type Theme } from './colours.js';

/** The values that a quantity can take, and the colours that show them. */
export interface QuantityView {
  domain: [number, number];
  ramp: Ramp;
}

/**
 * The same domain for the same kind of layer wherever it is bounded, so that pictures can be compared; symmetric about
 * zero otherwise.
 *
 * @param largest The largest absolute value to show.
 */
export function quantityView(quantity: string, of: Activations, largest: number, theme: Theme): QuantityView {
  // h is φ of something, or less of it, in most cells; where it is not, its values show it.
  const ofQuantity = quantity === 'h' ? of.activation : (gateActivationsOf(of)[quantity] ?? '');
  const isWithinOne = of.gateActivations === undefined || largest <= 1;
  if (isWithinOne && staysWithin(ofQuantity, [0, 1])) return { domain: [0, 1], ramp: SEQUENTIAL };
  return symmetricView(isWithinOne && staysWithin(ofQuantity, [-1, 1]) ? 1 : largest, theme);
}

/** Symmetric about zero. */
export function symmetricView(largest: number, theme: Theme): QuantityView {
  const limit = largest || 1;
  return { domain: [-limit, limit], ramp: DIVERGING[theme] };
}

/** Where a value lies within a domain: 0 at its lower end, 1 at its upper. */
export function fractionOf(value: number, { domain: [low, high] }: QuantityView): number {
  return (value - low) / (high - low);
}
