import * as tf from '@tensorflow/tfjs';
import { CopyingHeap, canOpenOwnMemory } from './copying-heap.js';
import type { Heap } from './heap.js';
import type { Build } from './module.js';
import { openSharedMemory, SharedHeap } from './shared-heap.js';

/** Whether a build can be run here. */
export function canOpenHeap(build: Build): boolean {
  return sharedMemory(build) !== null || canOpenOwnMemory(build);
}

/** The memory that the current backend's tensors are in, or else one to copy them to. */
export function openHeap(build: Build): Heap {
  const shared = sharedMemory(build);
  return shared === null ? new CopyingHeap(build) : new SharedHeap(shared);
}

function sharedMemory(build: Build) {
  return tf.getBackend() === 'wasm' ? openSharedMemory(tf.backend(), build) : null;
}
