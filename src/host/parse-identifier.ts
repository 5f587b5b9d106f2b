import * as tf from '@tensorflow/tfjs';
import type { BuiltInCell } from './types.js';

/** What tfjs takes by its name, as a config or as an instance; and the argument of its cell by which it reads one. */
const ARGUMENT_OF = {
  activation: 'activation',
  initializer: 'kernelInitializer',
  regularizer: 'kernelRegularizer',
  constraint: 'kernelConstraint',
} as const;

export type Role = keyof typeof ARGUMENT_OF;
export type Parsed<R extends Role> = BuiltInCell[(typeof ARGUMENT_OF)[R]];

/**
 * Reads a name, config or instance as tfjs does. It exports no function for that, but its cells do it.
 *
 * @throws tfjs's Error for what it does not know.
 */
export function parseIdentifier<R extends Role>(role: R, identifier: unknown): Parsed<R> {
  const parsed = cellWith(role, identifier)[ARGUMENT_OF[role]];
  const isParsed = typeof (parsed as { apply?: unknown } | undefined)?.apply === 'function';
  if (!isParsed) throw new TypeError(`tfjs made no ${role} of it`);
  return parsed;
}

/** What a config says of a name, config or instance: what tfjs writes into `getConfig` and takes back. */
export function identifierConfig(role: Role, identifier: unknown): unknown {
  return cellWith(role, identifier).getConfig()[ARGUMENT_OF[role]];
}

function cellWith(role: Role, identifier: unknown): BuiltInCell {
  // The name keeps the probe from using up one of tfjs's automatic layer names.
  return tf.layers.lstmCell({ units: 1, name: 'probe', [ARGUMENT_OF[role]]: identifier });
}
