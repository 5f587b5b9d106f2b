/** What an error says beyond the rule. */
export interface ErrorContext {
  /** Name of the layer concerned. */
  layer?: string;
  /** The error that tfjs answered with. */
  cause?: unknown;
}

/**
 * The error of an argument that breaks a rule: `LSTM.trace: mask must be [B, T] = [4, 10], got [4, 9] (layer 'lstm_1')`.
 *
 * @param where The public function or method that was called.
 * @param rule What the argument must be.
 * @param received The value, shown as a person would write it.
 */
export function invalidArgument(where: string, rule: string, received: unknown, context: ErrorContext = {}): Error {
  const { layer, cause } = context;
  const message = `${where}: ${rule}, got ${describeValue(received)}${layer === undefined ? '' : ` (layer '${layer}')`}`;
  return new RangeError(message, cause === undefined ? {} : { cause });
}

/** The error of a call that came too early, or to a layer that is not of the kind: `LSTM.trace: … (layer 'lstm_1')`. */
export function invalidState(where: string, rule: string, layer: string): Error {
  return new Error(`${where}: ${rule} (layer '${layer}')`);
}

/** A layer or model: what its many private keys are would say nothing. */
interface NamedLayer {
  name: string;
  getClassName(): string;
}

/** A value as it is shown in an error message, on one line. */
export function describeValue(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(describeValue).join(', ')}]`;
  if (typeof value === 'string') return `'${value}'`;
  if (typeof value === 'function') return `the function ${value.name || '(anonymous)'}`;
  if (typeof value !== 'object' || value === null) return String(value);
  const name = value.constructor?.name ?? 'object';
  if ('shape' in value && Array.isArray(value.shape)) return `a ${name} of shape ${describeValue(value.shape)}`;
  if ('getClassName' in value && 'name' in value) return `the ${(value as NamedLayer).getClassName()} '${value.name}'`;
  return `an object of class ${name} with keys ${describeValue(Object.keys(value))}`;
}
