import * as tf from '@tensorflow/tfjs';
import { openWasmMemory } from '../../../src/host/wasm-memory.js';

/** Makes kernels copy on the wasm backend, as they do where its internals are not as expected. For a fresh backend. */
export function hideSharedMemory(): void {
  const backend = tf.backend();
  Object.defineProperty(backend, 'makeOutput', { value: undefined, configurable: true });
  expect(openWasmMemory(backend)).toBeNull();
  Reflect.deleteProperty(backend, 'makeOutput');
}
