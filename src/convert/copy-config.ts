import type { ConfigDict } from '../host/types.js';

/**
 * Copies a layer's config: arrays and plain objects in depth, all else (functions, tensors, instances) by reference.
 * JSON would lose functions and infinities.
 *
 * Where the config describes a layer that the layer makes itself, as a user's own wrapper does, its class name is
 * exchanged. A description is an object of a class name and a config with units; a mere string is not touched.
 */
export function copyConfig(config: ConfigDict, classNames: Readonly<Record<string, string>>): ConfigDict {
  return copyValue(config, classNames) as ConfigDict;
}

function copyValue(value: unknown, classNames: Readonly<Record<string, string>>): unknown {
  if (Array.isArray(value)) return value.map((item) => copyValue(item, classNames));
  if (!isPlainObject(value)) return value;
  const copy = Object.fromEntries(Object.entries(value).map(([key, item]) => [key, copyValue(item, classNames)]));
  if (describesRecurrentLayer(copy)) copy.className = classNames[copy.className] ?? copy.className;
  return copy;
}

function describesRecurrentLayer(value: Record<string, unknown>): value is { className: string; config: object } {
  const { className, config } = value;
  return typeof className === 'string' && isPlainObject(config) && typeof config.units === 'number';
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
