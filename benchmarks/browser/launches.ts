import * as tf from '@tensorflow/tfjs';
import type { Place } from './contestants.js';

/** An object of which a method stands for a launch. */
type Launcher = Record<string, (...parameters: unknown[]) => unknown>;

/** How many programs a run launches on a graphics card, copies and uploads among them; null on the processor. */
export async function countLaunches(place: Place, run: () => unknown): Promise<number | null> {
  const launchers = launchersOf(place);
  if (launchers.length === 0) return null;
  let launches = 0;
  const undo = launchers.map(([launcher, method]) => {
    const own = Object.getOwnPropertyDescriptor(launcher, method);
    const launch = launcher[method] as (...parameters: unknown[]) => unknown;
    launcher[method] = function (this: unknown, ...parameters) {
      launches += 1;
      return launch.apply(this, parameters);
    };
    return () => {
      if (own === undefined) delete launcher[method];
      else Object.defineProperty(launcher, method, own);
    };
  });
  try {
    await run();
  } finally {
    for (const restore of undo) restore();
  }
  return launches;
}

function launchersOf(place: Place): [Launcher, string][] {
  if (place === 'wasm') return [];
  if (place === 'webgl') return [[(tf.backend() as unknown as { gpgpu: Launcher }).gpgpu, 'executeProgram']];
  const { GPUComputePassEncoder } = globalThis as unknown as { GPUComputePassEncoder: { prototype: Launcher } };
  return ['dispatchWorkgroups', 'dispatchWorkgroupsIndirect'].map((method) => [
    GPUComputePassEncoder.prototype,
    method,
  ]);
}
