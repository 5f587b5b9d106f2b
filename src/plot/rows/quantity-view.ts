import { staysWithin } from '../../core/activations.js';
import type { Quantity } from '../../core/quantities.js';
import { DIVERGING, type Ramp, SEQUENTIAL, type Theme } from './colours.js';

/** How the six quantities are called above a panel. */
export const QUANTITY_TITLES: Record<Quantity, string> = {
  i: 'input gate i',
  f: 'forget gate f',
  g: 'candidate g',
  o: 'output gate o',
  c: 'cell state c',
  h: 'hidden state h',
};

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
export function quantityView(
  quantity: Quantity,
  { activation, recurrentActivation }: { activation: string; recurrentActivation: string },
  largest: number,
  theme: Theme,
): QuantityView {
  const ofQuantity = quantity === 'i' || quantity === 'f' || quantity === 'o' ? recurrentActivation : activation;
  if (quantity !== 'c' && staysWithin(ofQuantity, [0, 1])) return { domain: [0, 1], ramp: SEQUENTIAL };
  const isBounded = quantity !== 'c' && staysWithin(ofQuantity, [-1, 1]);
  return symmetricView(isBounded ? 1 : largest, theme);
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
