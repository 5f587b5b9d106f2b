import { existsSync, realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { findChromium } from '../../tools/find-chromium.js';

/** What is used of `navigator.gpu`. */
interface GPU {
  requestAdapter(): Promise<object | null>;
}

/** Of webgpu-environment.cjs: Dawn, with these variables of the environment. */
declare const openDawn: (variables: Record<string, string>) => GPU;

interface Device {
  destroy(): void;
  onuncapturederror: ((event: { error: Error }) => void) | null;
}

/**
 * Makes tfjs's webgpu backend the current one, in a test file with `@jest-environment ./test/support/webgpu-environment.cjs`, on
 * this machine's own device or else on Chromium's SwiftShader. Values can be read in time only: `dataSync` needs a browser.
 *
 * @throws Error when there is no device: one that is missing is never passed over in silence.
 */
export async function useWebGPU(): Promise<void> {
  Object.defineProperty(globalThis, 'navigator', { value: { gpu: await openDevice() }, configurable: true });
  // Only now: it asks for navigator.gpu when it is loaded.
  await import('@tensorflow/tfjs-backend-webgpu');
  if (!(await tf.setBackend('webgpu'))) throw new Error("useWebGPU: the backend 'webgpu' cannot be loaded");
  await tf.ready();
}

const device = () => (tf.backend() as tf.KernelBackend & { device?: Device }).device;

/** Has what invalid programs would hide made known: their messages end up in the list that is returned. */
export function deviceErrors(): string[] {
  const messages: string[] = [];
  (device() as Device).onuncapturederror = ({ error }) => messages.push(error.message);
  return messages;
}

/** So that nothing of it outlives the tests. */
export function destroyDevice(): void {
  device()?.destroy();
}

async function openDevice(): Promise<GPU> {
  const gpu = openDawn({});
  if ((await gpu.requestAdapter()) !== null) return gpu;
  const driver = softwareDriver();
  // Read when Dawn is opened; which of the two names counts depends on the loader's age.
  const onSoftware = driver === null ? gpu : openDawn({ VK_ICD_FILENAMES: driver, VK_DRIVER_FILES: driver });
  if ((await onSoftware.requestAdapter()) !== null) return onSoftware;
  throw new Error(
    'useWebGPU: there is no device for WebGPU; install the driver of a graphics card or, for Linux, the loader of Vulkan ' +
      '(Debian: libvulkan1) and Chromium (Debian: chromium), whose renderer in software does, or set CHROMIUM to one',
  );
}

/** The driver of SwiftShader, which lies beside Chromium: what is in the PATH may be a link to that, or a script of the system's. */
function softwareDriver(): string | null {
  try {
    const executable = findChromium();
    const folders = [dirname(realpathSync(executable)), join('/usr/lib', basename(executable))];
    return folders.map((folder) => join(folder, 'vk_swiftshader_icd.json')).find(existsSync) ?? null;
  } catch {
    return null;
  }
}
