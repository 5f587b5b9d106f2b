import * as tf from '@tensorflow/tfjs';
import { invalidArgument } from '../core/errors.js';
import { checkOptions } from '../core/options.js';
import { useThreads } from './wasm/heap.js';
import { fastestBuild, withAdditions } from './wasm/module.js';
import type { WasmThreads } from './wasm/threads/threads.js';

const MOST_THREADS = 64;

export interface ThreadsOptions {
  /**
   * In a page whose content security policy forbids workers from `blob:`, the address at which it serves this package's
   * `dist/thread-worker.js`.
   */
  worker?: string | URL;
}

const OPTIONS = {
  worker: {
    must: 'a URL or a string',
    holds: (value: unknown) => typeof value === 'string' || value instanceof URL,
  },
};

let running: WasmThreads | null = null;
let queue: Promise<unknown> = Promise.resolve();

/**
 * Lets the WebAssembly kernels use several threads: this one, and `n - 1` workers. They divide the samples of a batch among
 * them or, where there are few, the units of a layer. Results stay the same, bit for bit. Small calls run on one thread as
 * before: waking another would take longer.
 *
 * In Node it always works; in a page only if it is cross-origin isolated, that is, if its server sends the headers
 * `Cross-Origin-Opener-Policy: same-origin` and `Cross-Origin-Embedder-Policy: require-corp`. Workers keep no process alive,
 * and if one dies, calls go on on one thread.
 *
 * ```ts
 * const threads = await setThreads(2);
 * ```
 *
 * @param n How many threads, from 1 to 64; more than there are cores gain nothing. 1 ends the workers.
 * @returns How many there are: 1, after a warning that says why, where there can be no more.
 * @throws RangeError if `n` is not such a number, or an option is not what it must be.
 * @category Speed
 */
export async function setThreads(n: number, options: ThreadsOptions = {}): Promise<number> {
  if (!Number.isSafeInteger(n) || n < 1 || n > MOST_THREADS) {
    throw invalidArgument('setThreads', `n must be an integer from 1 to ${MOST_THREADS}`, n);
  }
  checkOptions('setThreads', options, OPTIONS);
  const result = queue.then(() => change(n, options.worker ?? null));
  queue = result.catch(() => undefined);
  return result;
}

async function change(n: number, script: string | URL | null): Promise<number> {
  if (running !== null && running.count === n) return n;
  end();
  if (n === 1) return 1;
  const build = fastestBuild();
  if (build === null) return refuse('WebAssembly with SIMD is not available here');
  if (typeof SharedArrayBuffer === 'undefined') {
    return refuse('there is no SharedArrayBuffer here; a page must be cross-origin isolated to have one');
  }
  await tf.ready();
  let failure: string | null = null;
  let threads: WasmThreads | null = null;
  try {
    const { WasmThreads } = await import('./wasm/threads/threads.js');
    const onLost = (reason: string) => {
      failure = reason;
      if (running !== threads) return;
      end();
      console.warn(`explicit-lstm: a thread was lost (${reason}): calls go on on one thread`);
    };
    threads = new WasmThreads(n, onLost, script);
    for (const each of [build, withAdditions(build)]) if (each !== null) await threads.prepare(each);
    if (failure !== null) return refuse(failure);
    running = threads;
    useThreads(threads);
    return n;
  } catch (error) {
    threads?.end();
    return refuse(String(error));
  }
}

function end(): void {
  useThreads(null);
  running?.end();
  running = null;
}

function refuse(reason: string): number {
  console.warn(`explicit-lstm: setThreads: there is only one thread: ${reason}`);
  return 1;
}
