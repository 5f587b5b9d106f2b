/**
 * Copies arguments, with the plain objects and arrays in them, so that what tfjs writes into a config while it reads it
 * does not reach the caller's. Instances, such as initializers, are shared.
 */
export function copyArguments<Value>(value: Value): Value {
  if (Array.isArray(value)) return value.map(copyArguments) as Value;
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, copyArguments(inner)])) as Value;
}
