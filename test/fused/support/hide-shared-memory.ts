import * as tf from '@tensorflow/tfjs';
import type { Build } from '../../../src/fused/wasm/module.js';
import { openSharedMemory } from '../../../src/fused/wasm/shared-heap.js';

/** Makes kernels copy on the wasm backend, as they do where its internals are not as expected. For a fresh backend. */
export function hideSharedMemory(build: Build): void {
  const backend = tf.backend();
  Object.defineProperty(backend, 'makeOutput', { value: undefined, configurable: true });
  expect(openSharedMemory(backend, build)).toBeNull();
  Reflect.deleteProperty(backend, 'makeOutput');
}
