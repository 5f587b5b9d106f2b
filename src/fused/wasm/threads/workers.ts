import type { Message } from './control.js';
import { WORKER_SCRIPT } from './worker-script.js';

/** A thread of its own that runs `worker.ts`. */
export interface ThreadWorker {
  send(message: Message): void;
  end(): void;
}

/**
 * Starts a worker, which keeps no process alive.
 *
 * @param script In a page, the address of `dist/thread-worker.js`; null for what is here, by a blob.
 * @param onLost Called when it fails to start, or ends by itself.
 * @throws Error where there can be none.
 */
export function startWorker(onLost: (reason: string) => void, script: string | URL | null): ThreadWorker {
  const threads = globalThis.process?.getBuiltinModule?.('node:worker_threads');
  return threads === undefined ? startInPage(onLost, script) : startInNode(threads, onLost);
}

function startInNode({ Worker }: typeof import('node:worker_threads'), onLost: (reason: string) => void): ThreadWorker {
  // Nothing that was loaded into this process before its own program is needed there.
  const worker = new Worker(WORKER_SCRIPT, { eval: true, execArgv: [] });
  worker.unref();
  worker.on('error', (error) => onLost(String(error)));
  worker.on('exit', () => onLost('it ended'));
  return { send: (message) => worker.postMessage(message), end: () => void worker.terminate() };
}

function startInPage(onLost: (reason: string) => void, script: string | URL | null): ThreadWorker {
  const blob = script === null ? URL.createObjectURL(new Blob([WORKER_SCRIPT], { type: 'text/javascript' })) : null;
  const worker = new Worker(blob ?? (script as string | URL));
  worker.onerror = ({ message }) =>
    onLost(message || "it cannot be loaded; is that forbidden by the page's content security policy?");
  return {
    send: (message) => worker.postMessage(message),
    end: () => {
      worker.terminate();
      if (blob !== null) URL.revokeObjectURL(blob);
    },
  };
}
