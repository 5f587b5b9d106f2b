import * as tf from '@tensorflow/tfjs';

/**
 * Makes a backend the current one that is tfjs's cpu backend, but for some fields.
 *
 * @returns What ends it.
 */
export async function pretendBackend(fields: object): Promise<() => Promise<void>> {
  const before = tf.getBackend();
  const changed = Object.create(tf.backend(), Object.getOwnPropertyDescriptors(fields)) as tf.KernelBackend;
  const name = 'pretended';
  tf.registerBackend(name, () => changed);
  for (const config of tf.getKernelsForBackend('cpu')) tf.registerKernel({ ...config, backendName: name });
  await tf.setBackend(name);
  return async () => {
    await tf.setBackend(before);
    for (const { kernelName } of tf.getKernelsForBackend(name)) tf.unregisterKernel(kernelName, name);
    // Not by tf.removeBackend, which would dispose what the cpu backend holds.
    delete (tf.engine() as unknown as { registry: Record<string, unknown> }).registry[name];
    delete (tf.engine() as unknown as { registryFactory: Record<string, unknown> }).registryFactory[name];
  };
}
