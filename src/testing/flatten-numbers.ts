import * as tf from '@tensorflow/tfjs';

/** Numbers, booleans, or arrays of them to any depth. */
export type NestedNumbers = number | boolean | readonly NestedNumbers[];

/** Flattens nested arrays; booleans become 0 and 1. Null where they hold anything else or are ragged. */
export function flattenNumbers(nested: unknown): { shape: number[]; values: number[] } | null {
  if (typeof nested === 'number' || typeof nested === 'boolean') return { shape: [], values: [Number(nested)] };
  if (!Array.isArray(nested)) return null;
  const items = Array.from(nested, flattenNumbers);
  const [first] = items;
  if (first === undefined) return { shape: [0], values: [] };
  const values: number[] = [];
  for (const item of items) {
    if (!item || !first || !tf.util.arraysEqual(item.shape, first.shape)) return null;
    for (const value of item.values) values.push(value);
  }
  return { shape: [items.length, ...(first as { shape: number[] }).shape], values };
}
