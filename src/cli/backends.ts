import * as tf from '@tensorflow/tfjs';
import { messageOf, UserError } from './user-error.js';

/** The backends that run in Node, fastest first. */
export const BACKENDS = ['tensorflow', 'wasm', 'cpu'] as const;
export type Backend = (typeof BACKENDS)[number];
export const BACKEND_CHOICES = ['auto', ...BACKENDS] as const;
export type BackendChoice = (typeof BACKEND_CHOICES)[number];

const PACKAGES: Record<Exclude<Backend, 'cpu'>, string> = {
  tensorflow: '@tensorflow/tfjs-node',
  wasm: '@tensorflow/tfjs-backend-wasm',
};

async function start(backend: Backend): Promise<void> {
  // The names are not literals, so that bundlers and type checkers do not ask for packages that are optional.
  if (backend !== 'cpu') await import(PACKAGES[backend]);
  if (!(await tf.setBackend(backend))) throw new Error('it failed to start');
  await tf.ready();
}

/**
 * Makes a backend the current one and returns its name; for 'auto' the fastest that loads.
 *
 * @throws UserError where the backend asked for cannot be loaded.
 */
export async function startBackend(choice: BackendChoice): Promise<Backend> {
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '2';
  // Keeps tfjs from advertising tfjs-node on the other backends.
  tf.enableProdMode();
  for (const backend of choice === 'auto' ? BACKENDS : [choice]) {
    try {
      await start(backend);
      return backend;
    } catch (cause) {
      if (choice === 'auto' && backend !== 'cpu') continue;
      const missing = backend === 'cpu' ? '' : `: is ${PACKAGES[backend]} installed beside explicit-lstm?`;
      const [reason] = messageOf(cause).split('\n');
      throw new UserError(`the backend '${backend}' cannot be loaded${missing} (${reason})`, { cause });
    }
  }
  throw new UserError('no backend can be loaded');
}
