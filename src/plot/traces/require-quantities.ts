import { invalidArgument } from '../../core/errors.js';
import { QUANTITIES, type Quantity } from '../../core/quantities.js';

/** @throws RangeError */
export function requireQuantities(where: string, quantities: unknown): asserts quantities is readonly Quantity[] {
  const isList = Array.isArray(quantities) && quantities.length > 0;
  if (isList && quantities.every((quantity) => QUANTITIES.includes(quantity))) return;
  throw invalidArgument(where, `quantities must be a list of some of '${QUANTITIES.join("', '")}'`, quantities);
}
