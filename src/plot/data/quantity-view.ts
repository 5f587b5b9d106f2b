import type { Quantity } from '../../core/quantities.js';
import { DIVERGING, type Ramp, SEQUENTIAL } from '../specification/colours.js';
import type { Theme } from '../specification/theme.js';

/** How the six quantities are called above a panel. */
export const QUANTITY_TITLES: Record<Quantity, string> = {
  i: 'input gate i',
  f: 'forget gate f',
  g: 'candidate g',
  o: 'output gate o',
  c: 'cell state c',
  h: 'hidden state h',
};

/** Activations whose values lie within [0, 1], and within [-1, 1]. */
const WITHIN_ONE = ['sigmoid', 'hardSigmoid', 'hardSigmoidKeras3'];
const WITHIN_MINUS_ONE = ['tanh', 'softsign'];

/** The values that a quantity can take, and the colours that show them. */
export interface QuantityView {
  domain: [number, number];
  ramp: Ramp;
}

/**
 * The same domain for the same kind of layer wherever it is bounded, so that pictures can be compared; symmetric about
 * zero otherwise.
 *
 * @param largest The largest finite absolute value there is.
 */
export function quantityView(
  quantity: Quantity,
  { activation, recurrentActivation }: { activation: string; recurrentActivation: string },
  largest: number,
  theme: Theme,
): QuantityView {
  const ofQuantity = quantity === 'i' || quantity === 'f' || quantity === 'o' ? recurrentActivation : activation;
  if (quantity !== 'c' && WITHIN_ONE.includes(ofQuantity)) return { domain: [0, 1], ramp: SEQUENTIAL };
  const isBounded = quantity !== 'c' && WITHIN_MINUS_ONE.includes(ofQuantity);
  const limit = isBounded ? 1 : largest || 1;
  return { domain: [-limit, limit], ramp: DIVERGING[theme] };
}

export interface ColourScale {
  [property: string]: unknown;
  domain: number[];
}

/** The colour scale of Vega-Lite for a view. */
export function colourScale({ domain: [low, high], ramp }: QuantityView): ColourScale {
  // Vega-Lite interpolates between as many colours as the domain has values.
  const domain = ramp.map((_, n) => Number((low + ((high - low) * n) / (ramp.length - 1)).toPrecision(6)));
  return { type: 'linear', domain, range: [...ramp], interpolate: 'rgb', clamp: true, zero: false, nice: false };
}
