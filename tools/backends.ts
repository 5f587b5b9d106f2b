process.env.TF_CPP_MIN_LOG_LEVEL ??= '2';

import '../scripts/tfjs-node/shim.cjs';
import { createRequire } from 'node:module';
import * as tf from '@tensorflow/tfjs';

/** The backends that run in Node, slowest first. */
export const NODE_BACKENDS = ['cpu', 'wasm', 'tensorflow'] as const;
export type NodeBackend = (typeof NODE_BACKENDS)[number];

const requireHere = createRequire(`${process.cwd()}/package.json`);

/**
 * Loads a backend and makes it the current one.
 *
 * @throws Error when the backend cannot be loaded: a missing backend is never passed over in silence.
 */
export async function useBackend(name: NodeBackend): Promise<void> {
  if (name === 'wasm') requireHere('@tensorflow/tfjs-backend-wasm');
  if (name === 'tensorflow') requireHere('@tensorflow/tfjs-node');
  if (!(await tf.setBackend(name))) throw new Error(`useBackend: the backend '${name}' cannot be loaded`);
  await tf.ready();
}

/** Makes the fastest backend that loads the current one, and returns its name. */
export async function useFastestBackend(): Promise<NodeBackend> {
  for (const name of [...NODE_BACKENDS].reverse()) {
    try {
      await useBackend(name);
      return name;
    } catch {
      // Not on this machine: the next slower one.
    }
  }
  throw new Error('useFastestBackend: no backend can be loaded');
}
