/** Remembers what an object itself has under some names, and returns what puts it back, or the lack of it. */
export function rememberOwnProperties(target: object, names: readonly PropertyKey[]): () => void {
  const properties = names.map((name) => ({ name, own: Object.getOwnPropertyDescriptor(target, name) }));
  return () => {
    for (const { name, own } of properties) {
      if (own === undefined) Reflect.deleteProperty(target, name);
      else Object.defineProperty(target, name, own);
    }
  };
}
