/**
 * Replaces a method on one object, and returns what puts back its own property, or the lack of one.
 *
 * @param wrap Makes the replacement from the method, bound to the object.
 */
export function hookMethod<Target extends object, Name extends keyof Target>(
  target: Target,
  name: Name,
  wrap: (original: Target[Name]) => Target[Name],
): () => void {
  const own = Object.getOwnPropertyDescriptor(target, name);
  const original = (target[name] as (...args: unknown[]) => unknown).bind(target) as Target[Name];
  Object.defineProperty(target, name, { value: wrap(original), configurable: true, writable: true, enumerable: true });
  return () => {
    if (own === undefined) delete target[name];
    else Object.defineProperty(target, name, own);
  };
}
