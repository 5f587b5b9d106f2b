import type * as tf from '@tensorflow/tfjs';
import { toExplicit } from '../../../src/convert/index.js';
import { NODE_BACKENDS, type NodeBackend } from '../../../tools/backends.js';
import { EXAMPLES } from '../../convert/support/examples.js';
import { randomizeWeights } from '../../convert/support/models.js';

type Kind = 'built-in' | 'explicit';

/**
 * Every example model with an LSTM, of both kinds of layers, on cpu.
 *
 * @param onEveryBackend Names of those that are to run on the other backends, too.
 */
export function exampleCases(
  onEveryBackend: readonly string[],
): (readonly [backend: NodeBackend, kind: Kind, name: string])[] {
  return NODE_BACKENDS.flatMap((backend) =>
    Object.keys(EXAMPLES)
      .filter((name) => name !== 'no LSTM at all' && (backend === 'cpu' || onEveryBackend.includes(name)))
      .flatMap((name) => (['built-in', 'explicit'] as const).map((kind) => [backend, kind, name] as const)),
  );
}

/** An example model with random weights. */
export function exampleOf(kind: Kind, name: string): tf.LayersModel {
  const builtIn = EXAMPLES[name]!();
  randomizeWeights(builtIn);
  return kind === 'built-in' ? builtIn : toExplicit(builtIn);
}
